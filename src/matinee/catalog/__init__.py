"""What there is: titles, people, genres, collections; who may see them; how they come in."""
