-- The first schema: accounts and profiles, catalogue, operations.

CREATE TABLE admin_audit_log (
    id UUID DEFAULT uuidv7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_label TEXT,
    role TEXT,
    action TEXT NOT NULL,
    targets JSONB DEFAULT '{}'::jsonb NOT NULL,
    changes JSONB DEFAULT '{}'::jsonb NOT NULL,
    reason TEXT,
    request_id TEXT,
    ip INET,
    CONSTRAINT admin_audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT admin_audit_log_actor_type_check CHECK (actor_type IN ('user', 'system', 'provider', 'cli')),
    CONSTRAINT admin_audit_log_action_check CHECK (action ~ '^[a-z_]+\.[a-z_]+$')
);
CREATE INDEX admin_audit_log_targets ON admin_audit_log USING gin (targets jsonb_path_ops);
CREATE INDEX admin_audit_log_time ON admin_audit_log (occurred_at, id);
CREATE INDEX admin_audit_log_xid ON admin_audit_log (xid);

CREATE TABLE audit_seals (
    n BIGINT GENERATED ALWAYS AS IDENTITY,
    upto_xid xid8 NOT NULL,
    rows INTEGER NOT NULL,
    previous BYTEA NOT NULL,
    seal BYTEA NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (n),
    CONSTRAINT audit_seals_upto_xid_key UNIQUE (upto_xid)
);

CREATE TABLE auth_sessions (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    profile_id UUID,
    secret_hash BYTEA,
    salt BYTEA NOT NULL,
    generation INTEGER DEFAULT '1' NOT NULL,
    rotated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    device_name TEXT,
    user_agent TEXT,
    last_ip INET,
    last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoke_reason TEXT,
    CONSTRAINT auth_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT auth_sessions_kind_check CHECK (kind IN ('web', 'app', 'tv'))
);
CREATE INDEX auth_sessions_live ON auth_sessions (user_id) WHERE revoked_at IS NULL;

CREATE TABLE collections (
    id UUID DEFAULT uuidv7() NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    kind TEXT DEFAULT 'manual' NOT NULL,
    filter JSONB,
    image_url TEXT,
    position INTEGER DEFAULT '0' NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    published_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    published_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT collections_pkey PRIMARY KEY (id),
    CONSTRAINT collections_kind_check CHECK (kind IN ('manual', 'smart')),
    CONSTRAINT collections_status_check CHECK (status IN ('draft', 'published')),
    CONSTRAINT collections_filter_check CHECK ((kind = 'smart') = (filter IS NOT NULL)),
    CONSTRAINT collections_window_check CHECK (published_from < published_until),
    CONSTRAINT collections_slug_key UNIQUE (slug)
);

CREATE TABLE device_codes (
    device_code_hash BYTEA NOT NULL,
    user_code TEXT NOT NULL,
    client_name TEXT NOT NULL,
    user_id UUID,
    state TEXT DEFAULT 'pending' NOT NULL,
    interval_seconds INTEGER DEFAULT '5' NOT NULL,
    last_poll_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT device_codes_pkey PRIMARY KEY (device_code_hash),
    CONSTRAINT device_codes_state_check CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    CONSTRAINT device_codes_user_code_key UNIQUE (user_code)
);

CREATE TABLE genres (
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    names JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT genres_pkey PRIMARY KEY (slug)
);

CREATE TABLE imports (
    id UUID DEFAULT uuidv7() NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash BYTEA,
    options JSONB DEFAULT '{}'::jsonb NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    job_id BIGINT,
    rows_done INTEGER DEFAULT '0' NOT NULL,
    report JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT imports_pkey PRIMARY KEY (id),
    CONSTRAINT imports_state_check CHECK (state IN ('uploading', 'queued', 'running', 'done', 'failed', 'canceled'))
);
CREATE UNIQUE INDEX imports_idempotency ON imports (actor_id, idempotency_key);

CREATE TABLE job_progress (
    job_id BIGINT NOT NULL,
    done BIGINT DEFAULT '0' NOT NULL,
    total BIGINT,
    note TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT job_progress_pkey PRIMARY KEY (job_id)
);

CREATE TABLE login_identities (
    identity TEXT NOT NULL,
    user_id UUID NOT NULL,
    CONSTRAINT login_identities_pkey PRIMARY KEY (identity)
);
CREATE INDEX login_identities_user_id_idx ON login_identities (user_id);

CREATE TABLE maturity_ratings (
    system TEXT NOT NULL,
    label TEXT NOT NULL,
    country TEXT NOT NULL,
    score SMALLINT NOT NULL,
    description TEXT NOT NULL,
    CONSTRAINT maturity_ratings_pkey PRIMARY KEY (system, label),
    CONSTRAINT maturity_ratings_score_check CHECK (score BETWEEN 0 AND 21)
);

CREATE TABLE password_resets (
    token_hash BYTEA NOT NULL,
    user_id UUID NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT password_resets_pkey PRIMARY KEY (token_hash)
);
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);

CREATE TABLE people (
    id UUID DEFAULT uuidv7() NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    external_ids JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT people_pkey PRIMARY KEY (id),
    CONSTRAINT people_name_key_key UNIQUE (name_key)
);
CREATE INDEX people_name_key_trgm ON people USING gin (name_key gin_trgm_ops);

CREATE TABLE setup_tokens (
    token_hash BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT setup_tokens_pkey PRIMARY KEY (token_hash)
);

CREATE TABLE staff (
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT staff_pkey PRIMARY KEY (user_id),
    CONSTRAINT staff_role_check CHECK (role IN ('admin', 'editor', 'support', 'analyst'))
);

CREATE TABLE titles (
    id UUID DEFAULT uuidv7() NOT NULL,
    external_id TEXT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    original_name TEXT,
    sort_name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    tagline TEXT,
    synopsis TEXT,
    year SMALLINT,
    runtime_minutes INTEGER,
    language TEXT,
    audio_languages TEXT[] DEFAULT '{}' NOT NULL,
    subtitle_languages TEXT[] DEFAULT '{}' NOT NULL,
    genres TEXT[] DEFAULT '{}' NOT NULL,
    countries TEXT[] DEFAULT '{}' NOT NULL,
    studios TEXT[] DEFAULT '{}' NOT NULL,
    tags TEXT[] DEFAULT '{}' NOT NULL,
    mood_tags TEXT[] DEFAULT '{}' NOT NULL,
    theme_tags TEXT[] DEFAULT '{}' NOT NULL,
    ai_description TEXT,
    maturity_system TEXT,
    maturity_label TEXT,
    maturity_score SMALLINT,
    is_featured BOOLEAN DEFAULT false NOT NULL,
    external_ids JSONB DEFAULT '{}'::jsonb NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    rights_managed BOOLEAN DEFAULT false NOT NULL,
    import_hash BYTEA,
    version INTEGER DEFAULT '1' NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT titles_pkey PRIMARY KEY (id),
    CONSTRAINT titles_kind_check CHECK (kind IN ('movie', 'series')),
    CONSTRAINT titles_status_check CHECK (status IN ('draft', 'published', 'takedown')),
    CONSTRAINT titles_maturity_score_check CHECK (maturity_score BETWEEN 0 AND 21),
    CONSTRAINT titles_external_id_key UNIQUE (external_id)
);
CREATE INDEX titles_browse_name ON titles (sort_name, id) WHERE status = 'published';
CREATE INDEX titles_browse_newest ON titles (added_at, id) WHERE status = 'published';
CREATE INDEX titles_browse_oldest ON titles (coalesce(year, 32767), id) WHERE status = 'published';
CREATE INDEX titles_browse_year ON titles (coalesce(year, 0), id) WHERE status = 'published';
CREATE INDEX titles_featured ON titles (id) WHERE is_featured;
CREATE INDEX titles_folded_name ON titles USING gin (folded_name gin_trgm_ops);
CREATE INDEX titles_genres ON titles USING gin (genres);
CREATE INDEX titles_language ON titles (language);
CREATE INDEX titles_mood_tags ON titles USING gin (mood_tags);
CREATE INDEX titles_theme_tags ON titles USING gin (theme_tags);

CREATE TABLE users (
    user_id UUID DEFAULT uuidv7() NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT,
    country TEXT NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    purchase_pin_hash TEXT,
    deletion_requested_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (user_id),
    CONSTRAINT users_status_check CHECK (status IN ('active', 'disabled', 'deleted'))
);

CREATE TABLE collection_items (
    collection_id UUID NOT NULL,
    title_id UUID NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT collection_items_pkey PRIMARY KEY (collection_id, title_id),
    CONSTRAINT collection_items_collection_id_fkey FOREIGN KEY(collection_id) REFERENCES collections (id) ON DELETE CASCADE,
    CONSTRAINT collection_items_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX collection_items_title_id_idx ON collection_items (title_id);

CREATE TABLE content_embeddings (
    title_id UUID NOT NULL,
    purpose TEXT DEFAULT 'search' NOT NULL,
    model TEXT NOT NULL,
    dims SMALLINT NOT NULL,
    embedding VECTOR(384) NOT NULL,
    content_hash BYTEA NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT content_embeddings_pkey PRIMARY KEY (title_id, purpose),
    CONSTRAINT content_embeddings_purpose_check CHECK (purpose IN ('search', 'taste')),
    CONSTRAINT content_embeddings_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);

CREATE TABLE import_chunks (
    import_id UUID NOT NULL,
    number INTEGER NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT import_chunks_pkey PRIMARY KEY (import_id, number),
    CONSTRAINT import_chunks_import_id_fkey FOREIGN KEY(import_id) REFERENCES imports (id) ON DELETE CASCADE
);

CREATE TABLE profiles (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    name TEXT NOT NULL,
    avatar_id TEXT NOT NULL,
    kind TEXT DEFAULT 'standard' NOT NULL,
    max_maturity SMALLINT DEFAULT '21' NOT NULL,
    block_unrated BOOLEAN DEFAULT false NOT NULL,
    allow_list_only BOOLEAN DEFAULT false NOT NULL,
    blocked_tags TEXT[] DEFAULT '{}' NOT NULL,
    ui_language TEXT DEFAULT 'en' NOT NULL,
    audio_languages TEXT[] DEFAULT '{}' NOT NULL,
    subtitle_languages TEXT[] DEFAULT '{}' NOT NULL,
    preferred_language TEXT,
    autoplay BOOLEAN DEFAULT true NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    pin_hash TEXT,
    pin_failures SMALLINT DEFAULT '0' NOT NULL,
    pin_failed_at TIMESTAMP WITH TIME ZONE,
    pin_locked_until TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT profiles_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT profiles_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (user_id) ON DELETE CASCADE,
    CONSTRAINT profiles_kind_check CHECK (kind IN ('standard', 'kids')),
    CONSTRAINT profiles_max_maturity_check CHECK (max_maturity BETWEEN 0 AND 21),
    CONSTRAINT profiles_blocked_tags_check CHECK (cardinality(blocked_tags) <= 100)
);

CREATE TABLE seasons (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name TEXT,
    synopsis TEXT,
    year SMALLINT,
    version INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT seasons_pkey PRIMARY KEY (id),
    CONSTRAINT seasons_number_check CHECK (number BETWEEN 0 AND 10000),
    CONSTRAINT seasons_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX seasons_title_number ON seasons (title_id, number);

CREATE TABLE title_images (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    language TEXT,
    width INTEGER,
    height INTEGER,
    position SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT title_images_pkey PRIMARY KEY (id),
    CONSTRAINT title_images_kind_check CHECK (kind IN ('poster', 'backdrop', 'thumb', 'logo')),
    CONSTRAINT title_images_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX title_images_title_id_kind_position_idx ON title_images (title_id, kind, position);

CREATE TABLE title_localizations (
    title_id UUID NOT NULL,
    language TEXT NOT NULL,
    name TEXT,
    tagline TEXT,
    synopsis TEXT,
    CONSTRAINT title_localizations_pkey PRIMARY KEY (title_id, language),
    CONSTRAINT title_localizations_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);

CREATE TABLE title_people (
    title_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    person_id UUID NOT NULL,
    role TEXT NOT NULL,
    character TEXT,
    CONSTRAINT title_people_pkey PRIMARY KEY (title_id, position),
    CONSTRAINT title_people_role_check CHECK (role IN ('director', 'writer', 'actor', 'composer', 'producer', 'cinematographer', 'editor')),
    CONSTRAINT title_people_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE,
    CONSTRAINT title_people_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX title_people_person_id_title_id_idx ON title_people (person_id, title_id);

CREATE TABLE title_rights (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    territory TEXT DEFAULT '**' NOT NULL,
    available_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    available_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    announced BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT title_rights_pkey PRIMARY KEY (id),
    CONSTRAINT title_rights_window_check CHECK (available_from < available_until),
    CONSTRAINT title_rights_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT title_rights_no_overlap EXCLUDE USING gist (title_id WITH =, territory WITH =, tstzrange(available_from, available_until) WITH &&),
    CONSTRAINT title_rights_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX title_rights_announced ON title_rights (available_from) WHERE announced;
CREATE INDEX title_rights_available_until_idx ON title_rights (available_until);

CREATE TABLE episodes (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    season_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    synopsis TEXT,
    air_date DATE,
    runtime_minutes INTEGER,
    segments JSONB DEFAULT '[]'::jsonb NOT NULL,
    status TEXT DEFAULT 'published' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT episodes_pkey PRIMARY KEY (id),
    CONSTRAINT episodes_number_check CHECK (number BETWEEN 0 AND 100000),
    CONSTRAINT episodes_status_check CHECK (status IN ('draft', 'published', 'takedown')),
    CONSTRAINT episodes_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE,
    CONSTRAINT episodes_season_id_fkey FOREIGN KEY(season_id) REFERENCES seasons (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX episodes_season_number ON episodes (season_id, number);
CREATE INDEX episodes_title_id_idx ON episodes (title_id);

CREATE TABLE profile_allowed_titles (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT profile_allowed_titles_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT profile_allowed_titles_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);

CREATE TABLE profile_preferences (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    liked BOOLEAN NOT NULL,
    CONSTRAINT profile_preferences_pkey PRIMARY KEY (user_id, profile_id, kind, label),
    CONSTRAINT profile_preferences_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT profile_preferences_kind_check CHECK (kind IN ('genre', 'mood', 'theme'))
);

CREATE TABLE media_assets (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    episode_id UUID,
    kind TEXT DEFAULT 'main' NOT NULL,
    name TEXT,
    protocol TEXT NOT NULL,
    url TEXT NOT NULL,
    quality TEXT,
    duration_seconds INTEGER,
    trickplay_url TEXT,
    position SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT media_assets_pkey PRIMARY KEY (id),
    CONSTRAINT media_assets_kind_check CHECK (kind IN ('main', 'trailer', 'extra')),
    CONSTRAINT media_assets_protocol_check CHECK (protocol IN ('hls', 'dash', 'file', 'builtin')),
    CONSTRAINT media_assets_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE,
    CONSTRAINT media_assets_episode_id_fkey FOREIGN KEY(episode_id) REFERENCES episodes (id) ON DELETE CASCADE
);
CREATE INDEX media_assets_episode ON media_assets (episode_id) WHERE episode_id IS NOT NULL;
CREATE INDEX media_assets_title_id_kind_idx ON media_assets (title_id, kind);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER admin_audit_log_append_only BEFORE UPDATE OR DELETE ON admin_audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER admin_audit_log_no_truncate BEFORE TRUNCATE ON admin_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
