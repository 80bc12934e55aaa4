"""How editors group titles: genres, people, collections."""
