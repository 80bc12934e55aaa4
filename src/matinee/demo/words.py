"""Words and shares from which catalogues of any size are made up."""

ADJECTIVES = """
    Silent Crimson Hidden Last Broken Golden Distant Burning Frozen Gentle Hollow Electric Paper
    Midnight Stolen Northern Borrowed Invisible Restless Secret Wild Quiet Second Endless Lost
    Velvet Bitter Bright Salted Wandering Narrow Forgotten Patient Reckless Silver Sunken Tender
    Unfinished Violet Wooden Seventh Ordinary Fearless Clockwork Lonely Painted Perfect Foreign
""".split()

NOUNS = """
    River Lighthouse Orchard Station Harbor Letter Garden Winter Summer Bridge Mirror Kingdom Road
    Island Promise Shadow Engine Theatre Window Forest Comet Ballroom Witness Stranger Voyage Inn
    Lantern Desert Carnival Signal Tower Daughter Brother Captain Thief Dancer Physician Archive
    Avalanche Compass Echo Fountain Glacier Horizon Jury Kitchen Labyrinth Museum Notebook Opera
    Parade Quarry Reef Sanctuary Tunnel Umbrella Valley Waltz Yard Zenith Bakery Cathedral Ferry
""".split()

PLACES = """
    Lisbon Odessa Kyoto Marrakesh Bergen Valparaíso Trieste Dakar Halifax Jaipur Naples Prague
    Reykjavík Salzburg Tangier Utrecht Veracruz Warsaw Yerevan Zanzibar Antwerp Bilbao Córdoba
    Dublin Genoa Havana İzmir Kraków Lyon Malmö Nairobi Oslo Porto Quito Riga Seville Tallinn
""".split()

GIVEN = """
    Ada Bruno Clara Dmitri Elena Farid Greta Hugo Ines Jonas Kaito Leila Marco Nadia Oskar Petra
    Quentin Rosa Stefan Tomasz Ulla Viktor Wanda Ximena Yusuf Zoë Amara Bastien Chiara Dolores
    Emeka Freya Giulia Hamid Ingrid João Katya Liam Mei Nils Olga Pablo Rania Søren Tariq Una Vera
""".split()

FAMILY = """
    Almeida Bergström Castellano Dubois Eriksen Fontaine García Haddad Ivanova Jansen Kowalski
    Lindqvist Moreau Nakamura Okafor Petrov Quispe Rossi Schneider Takahashi Usman Vermeer Weiss
    Xu Yilmaz Zhang Abramov Bianchi Costa Delgado Eze Fischer Greco Horváth Iyer Joshi Khan Larsen
    Mendes Novak Olsen Park Ramos Silva Torres Ueda Vogel Walsh Yamada Zidane
""".split()

OPENINGS = (
    "A {job} returns to {place} and finds the {noun} changed beyond recognition.",
    "When the {noun} of {place} falls silent, a {job} has three days to learn why.",
    "Two strangers share a {adjective} {noun} and a secret neither of them started.",
    "Nobody in {place} remembers the {job} who built the {adjective} {noun}.",
    "A {job} bets everything on a {noun} that may not exist.",
)
TURNS = (
    "The search leads from {place} to a {adjective} {noun} at the edge of the map.",
    "Old debts come due, and the {noun} is the smallest of them.",
    "What begins as a favour for a {job} soon divides the whole of {place}.",
    "Every answer costs a friend, and the {adjective} {noun} keeps its own accounts.",
    "Between the {noun} and the sea there is room for one more mistake.",
)
JOBS = """
    cartographer nurse lighthouse-keeper pianist judge smuggler botanist projectionist widow
    telegraphist boxer translator baker astronomer detective ferryman teacher forger diver
""".split()

GENRES = {
    "Drama": 0.24, "Comedy": 0.18, "Thriller": 0.09, "Romance": 0.08, "Action": 0.08,
    "Documentary": 0.07, "Horror": 0.06, "Crime": 0.05, "Adventure": 0.04, "Science Fiction": 0.04,
    "Family": 0.03, "Animation": 0.03, "Fantasy": 0.03, "Mystery": 0.02, "Western": 0.02,
    "War": 0.02, "Historical": 0.01, "Musical": 0.01,
}  # fmt: skip
"""Share of titles by first genre."""

COMPANIONS = {
    "Drama": ("Romance", "Crime", "War", "Historical", "Family"),
    "Comedy": ("Romance", "Family", "Crime", "Musical"),
    "Thriller": ("Crime", "Mystery", "Action", "Horror"),
    "Action": ("Adventure", "Thriller", "Science Fiction", "Crime"),
    "Horror": ("Thriller", "Mystery", "Science Fiction"),
    "Science Fiction": ("Adventure", "Action", "Thriller"),
    "Family": ("Animation", "Adventure", "Fantasy", "Comedy"),
    "Animation": ("Family", "Comedy", "Fantasy"),
}
"""Genres that often stand second."""

MOODS = {
    "Drama": ("thought-provoking", "sad", "heartwarming"),
    "Comedy": ("funny", "feel-good", "quirky", "light"),
    "Thriller": ("suspenseful", "dark", "gritty"),
    "Romance": ("romantic", "heartwarming", "nostalgic"),
    "Action": ("action-packed", "epic"),
    "Documentary": ("thought-provoking", "inspiring"),
    "Horror": ("scary", "dark", "atmospheric"),
    "Crime": ("gritty", "suspenseful"),
    "Adventure": ("epic", "action-packed"),
    "Family": ("whimsical-family", "feel-good", "cozy"),
    "Animation": ("whimsical-family", "quirky"),
    "Fantasy": ("surreal", "epic", "atmospheric"),
    "Mystery": ("mysterious", "suspenseful"),
    "Western": ("gritty", "epic"),
}

LANGUAGES = {
    "en": 0.44, "es": 0.09, "fr": 0.08, "ja": 0.07, "de": 0.06, "hi": 0.05, "ko": 0.05, "it": 0.04,
    "zh": 0.04, "pt": 0.03, "tr": 0.02, "sv": 0.01, "da": 0.01, "ar": 0.01,
}  # fmt: skip

RATINGS = {
    "Horror": ("R", "R", "PG-13"),
    "Thriller": ("PG-13", "R"),
    "Crime": ("PG-13", "R"),
    "Action": ("PG-13", "PG-13", "R"),
    "War": ("PG-13", "R"),
    "Family": ("G", "PG"),
    "Animation": ("G", "PG"),
}
"""US-MPAA labels by first genre; PG and PG-13 for the rest."""

COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "BR", "MX", "CA", "AU", "SE", "JP")
