-- Search: documents, names, words, history, pins.

CREATE TABLE search_queries (
    day DATE NOT NULL,
    folded_query TEXT NOT NULL,
    searches INTEGER NOT NULL,
    without_hits INTEGER NOT NULL,
    CONSTRAINT search_queries_pkey PRIMARY KEY (day, folded_query)
);

CREATE TABLE search_words (
    word TEXT NOT NULL,
    documents INTEGER NOT NULL,
    idf REAL NOT NULL,
    in_names BOOLEAN NOT NULL,
    CONSTRAINT search_words_pkey PRIMARY KEY (word)
);
CREATE INDEX search_words_word ON search_words USING gin (word gin_trgm_ops) WHERE in_names;

CREATE TABLE search_documents (
    title_id UUID NOT NULL,
    words TSVECTOR NOT NULL,
    CONSTRAINT search_documents_pkey PRIMARY KEY (title_id),
    CONSTRAINT search_documents_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX search_documents_words ON search_documents USING gin (words);

CREATE TABLE search_names (
    title_id UUID NOT NULL,
    folded_name TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT search_names_pkey PRIMARY KEY (title_id, folded_name),
    CONSTRAINT search_names_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX search_names_folded ON search_names USING gin (folded_name gin_trgm_ops);

CREATE TABLE search_pins (
    folded_query TEXT NOT NULL,
    title_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    CONSTRAINT search_pins_pkey PRIMARY KEY (folded_query, title_id),
    CONSTRAINT search_pins_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);

CREATE TABLE search_history (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    folded_query TEXT NOT NULL,
    query TEXT NOT NULL,
    searched_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT search_history_pkey PRIMARY KEY (user_id, profile_id, folded_query),
    CONSTRAINT search_history_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);

CREATE INDEX titles_name_prefix ON titles (substr(folded_name, 1, 64) text_pattern_ops, id) WHERE status = 'published';
