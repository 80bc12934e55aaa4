-- Live television: channels, guide, playout, reminders.

ALTER TABLE viewing_sessions ADD COLUMN unlocked_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE viewing_sessions ADD COLUMN airing_id BIGINT;
ALTER TABLE viewing_sessions DROP CONSTRAINT viewing_sessions_end_reason_check;
ALTER TABLE viewing_sessions ADD CONSTRAINT viewing_sessions_end_reason_check CHECK (end_reason IN ('stopped', 'stopped_remotely', 'taken_over', 'not_entitled', 'viewing_limit', 'gone', 'signed_out', 'blackout', 'parental_blocked')) NOT VALID;
ALTER TABLE viewing_sessions VALIDATE CONSTRAINT viewing_sessions_end_reason_check;

CREATE SEQUENCE channel_stream_numbers;

CREATE TABLE channels (
    id UUID DEFAULT uuidv7() NOT NULL,
    stream_number BIGINT DEFAULT nextval('channel_stream_numbers') NOT NULL,
    slug TEXT NOT NULL,
    tvg_id TEXT,
    number INTEGER,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    description TEXT,
    kind TEXT DEFAULT 'external' NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    group_title TEXT,
    genres TEXT[] DEFAULT '{}' NOT NULL,
    tags TEXT[] DEFAULT '{}' NOT NULL,
    language TEXT,
    country TEXT,
    logo_url TEXT,
    radio BOOLEAN DEFAULT false NOT NULL,
    maturity_score SMALLINT,
    hls_live_url TEXT,
    delivery TEXT DEFAULT 'proxy' NOT NULL,
    signer TEXT,
    stream_headers JSONB DEFAULT '{}'::jsonb NOT NULL,
    catch_up JSONB DEFAULT '{}'::jsonb NOT NULL,
    catch_up_days SMALLINT DEFAULT '0' NOT NULL,
    start_over BOOLEAN DEFAULT false NOT NULL,
    dvr_minutes SMALLINT DEFAULT '10' NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    guide_shift_minutes SMALLINT DEFAULT '0' NOT NULL,
    edited_fields TEXT[] DEFAULT '{}' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT channels_pkey PRIMARY KEY (id),
    CONSTRAINT channels_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT channels_kind_check CHECK (kind IN ('external', 'linear')),
    CONSTRAINT channels_status_check CHECK (status IN ('draft', 'published', 'hidden')),
    CONSTRAINT channels_delivery_check CHECK (delivery IN ('proxy', 'direct')),
    CONSTRAINT channels_number_check CHECK (number BETWEEN 1 AND 99999),
    CONSTRAINT channels_maturity_score_check CHECK (maturity_score BETWEEN 0 AND 21),
    CONSTRAINT channels_catch_up_days_check CHECK (catch_up_days BETWEEN 0 AND 30),
    CONSTRAINT channels_dvr_minutes_check CHECK (dvr_minutes BETWEEN 1 AND 360),
    CONSTRAINT channels_guide_shift_minutes_check CHECK (guide_shift_minutes BETWEEN -1440 AND 1440),
    CONSTRAINT channels_stream_number_key UNIQUE (stream_number),
    CONSTRAINT channels_slug_key UNIQUE (slug),
    CONSTRAINT channels_tvg_id_key UNIQUE (tvg_id)
);
CREATE INDEX channels_folded_name ON channels (folded_name);
CREATE INDEX channels_order ON channels (coalesce(number, 2147483647), name, id);

CREATE TABLE epg_imports (
    id UUID DEFAULT uuidv7() NOT NULL,
    source_id UUID NOT NULL,
    state TEXT DEFAULT 'running' NOT NULL,
    started_by UUID,
    report JSONB DEFAULT '{}'::jsonb NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT epg_imports_pkey PRIMARY KEY (id),
    CONSTRAINT epg_imports_state_check CHECK (state IN ('running', 'done', 'refused', 'failed'))
);
CREATE INDEX epg_imports_source ON epg_imports (source_id, started_at);

CREATE TABLE epg_sources (
    id UUID DEFAULT uuidv7() NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT,
    priority SMALLINT DEFAULT '0' NOT NULL,
    country TEXT,
    default_offset_minutes SMALLINT DEFAULT '0' NOT NULL,
    refresh_minutes INTEGER DEFAULT '720' NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    http_etag TEXT,
    http_last_modified TEXT,
    programmes INTEGER,
    last_run_at TIMESTAMP WITH TIME ZONE,
    last_success_at TIMESTAMP WITH TIME ZONE,
    lease_until TIMESTAMP WITH TIME ZONE,
    lease_id UUID,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT epg_sources_pkey PRIMARY KEY (id),
    CONSTRAINT epg_sources_kind_check CHECK (kind IN ('url', 'upload')),
    CONSTRAINT epg_sources_url_check CHECK ((kind = 'url') = (url IS NOT NULL)),
    CONSTRAINT epg_sources_default_offset_minutes_check CHECK (default_offset_minutes BETWEEN -840 AND 840),
    CONSTRAINT epg_sources_refresh_minutes_check CHECK (refresh_minutes BETWEEN 15 AND 10080),
    CONSTRAINT epg_sources_name_key UNIQUE (name)
);

CREATE TABLE export_credentials (
    username TEXT NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    name TEXT NOT NULL,
    password_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT export_credentials_pkey PRIMARY KEY (username)
);
CREATE INDEX export_credentials_household ON export_credentials (user_id);

CREATE TABLE guide_revision (
    id SMALLINT NOT NULL,
    rev BIGINT NOT NULL,
    CONSTRAINT guide_revision_pkey PRIMARY KEY (id),
    CONSTRAINT guide_revision_single_check CHECK (id = 1)
);

CREATE TABLE media_files (
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    segment_count INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    details JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT media_files_pkey PRIMARY KEY (slug),
    CONSTRAINT media_files_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT media_files_segment_count_check CHECK (segment_count > 0)
);

CREATE TABLE blackouts (
    id UUID DEFAULT uuidv7() NOT NULL,
    channel_id UUID NOT NULL,
    territory TEXT DEFAULT '**' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT blackouts_pkey PRIMARY KEY (id),
    CONSTRAINT blackouts_window_check CHECK (starts_at < ends_at),
    CONSTRAINT blackouts_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT blackouts_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX blackouts_channel ON blackouts (channel_id, ends_at);

CREATE TABLE channel_aliases (
    channel_id UUID NOT NULL,
    folded_name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT channel_aliases_pkey PRIMARY KEY (channel_id, folded_name),
    CONSTRAINT channel_aliases_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX channel_aliases_name ON channel_aliases (folded_name);

CREATE TABLE epg_source_channels (
    source_id UUID NOT NULL,
    xmltv_id TEXT NOT NULL,
    names TEXT[] DEFAULT '{}' NOT NULL,
    number TEXT,
    icon_url TEXT,
    programmes INTEGER DEFAULT '0' NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT epg_source_channels_pkey PRIMARY KEY (source_id, xmltv_id),
    CONSTRAINT epg_source_channels_source_id_fkey FOREIGN KEY(source_id) REFERENCES epg_sources (id) ON DELETE CASCADE
);

CREATE TABLE guide_days (
    channel_id UUID NOT NULL,
    day DATE NOT NULL,
    rev BIGINT NOT NULL,
    CONSTRAINT guide_days_pkey PRIMARY KEY (channel_id, day),
    CONSTRAINT guide_days_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);

CREATE TABLE linear_plans (
    channel_id UUID NOT NULL,
    kind TEXT NOT NULL,
    plan JSONB DEFAULT '{}'::jsonb NOT NULL,
    filler TEXT NOT NULL,
    slot_minutes SMALLINT DEFAULT '30' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT linear_plans_pkey PRIMARY KEY (channel_id),
    CONSTRAINT linear_plans_kind_check CHECK (kind IN ('loop', 'shuffle', 'blocks', 'day_parts')),
    CONSTRAINT linear_plans_slot_minutes_check CHECK (slot_minutes IN (5, 10, 15, 30, 60)),
    CONSTRAINT linear_plans_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    CONSTRAINT linear_plans_filler_fkey FOREIGN KEY(filler) REFERENCES media_files (slug)
);

CREATE TABLE package_channels (
    id UUID DEFAULT uuidv7() NOT NULL,
    package_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    territory TEXT DEFAULT '**' NOT NULL,
    available_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    available_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    CONSTRAINT package_channels_pkey PRIMARY KEY (id),
    CONSTRAINT package_channels_window_check CHECK (available_from < available_until),
    CONSTRAINT package_channels_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT package_channels_no_overlap EXCLUDE USING gist (channel_id WITH =, package_id WITH =, territory WITH =, tstzrange(available_from, available_until) WITH &&),
    CONSTRAINT package_channels_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id),
    CONSTRAINT package_channels_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX package_channels_channel ON package_channels (channel_id);
CREATE INDEX package_channels_package ON package_channels (package_id, channel_id);

CREATE TABLE playout_runs (
    channel_id UUID NOT NULL,
    first_sequence BIGINT NOT NULL,
    segment_count INTEGER NOT NULL,
    media TEXT[] NOT NULL,
    media_segments INTEGER[] NOT NULL,
    first_discontinuity BIGINT NOT NULL,
    CONSTRAINT playout_runs_pkey PRIMARY KEY (channel_id, first_sequence),
    CONSTRAINT playout_runs_segment_count_check CHECK (segment_count > 0),
    CONSTRAINT playout_runs_media_segments_check CHECK (cardinality(media) = cardinality(media_segments)),
    CONSTRAINT playout_runs_media_check CHECK (cardinality(media) > 0),
    CONSTRAINT playout_runs_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX playout_runs_end ON playout_runs (channel_id, (first_sequence + segment_count));

CREATE TABLE channel_recordings (
    id UUID DEFAULT uuidv7() NOT NULL,
    channel_id UUID NOT NULL,
    name TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT channel_recordings_pkey PRIMARY KEY (id),
    CONSTRAINT channel_recordings_window_check CHECK (starts_at < ends_at),
    CONSTRAINT channel_recordings_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX channel_recordings_channel ON channel_recordings (channel_id, starts_at);

CREATE TABLE channel_epg_map (
    source_id UUID NOT NULL,
    xmltv_id TEXT NOT NULL,
    channel_id UUID NOT NULL,
    shift_minutes SMALLINT DEFAULT '0' NOT NULL,
    method TEXT NOT NULL,
    state TEXT DEFAULT 'applied' NOT NULL,
    score DOUBLE PRECISION DEFAULT '1' NOT NULL,
    locked BOOLEAN DEFAULT false NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT channel_epg_map_pkey PRIMARY KEY (source_id, xmltv_id, channel_id),
    CONSTRAINT channel_epg_map_source_id_xmltv_id_fkey FOREIGN KEY(source_id, xmltv_id) REFERENCES epg_source_channels (source_id, xmltv_id) ON DELETE CASCADE,
    CONSTRAINT channel_epg_map_method_check CHECK (method IN ('tvg_id', 'name', 'squashed', 'fuzzy', 'alias', 'manual')),
    CONSTRAINT channel_epg_map_state_check CHECK (state IN ('applied', 'suggested', 'rejected')),
    CONSTRAINT channel_epg_map_shift_minutes_check CHECK (shift_minutes BETWEEN -1440 AND 1440),
    CONSTRAINT channel_epg_map_score_check CHECK (score BETWEEN 0 AND 1),
    CONSTRAINT channel_epg_map_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);
CREATE INDEX channel_epg_map_channel ON channel_epg_map (channel_id);

CREATE TABLE channel_favourites (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    position INTEGER NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT channel_favourites_pkey PRIMARY KEY (user_id, profile_id, channel_id),
    CONSTRAINT channel_favourites_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);

CREATE TABLE channel_views (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    day DATE NOT NULL,
    seconds INTEGER NOT NULL,
    CONSTRAINT channel_views_pkey PRIMARY KEY (user_id, profile_id, channel_id, day),
    CONSTRAINT channel_views_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
)
 WITH (fillfactor = 45);

CREATE TABLE reminder_series (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    profile_id UUID NOT NULL,
    series_key TEXT NOT NULL,
    title TEXT NOT NULL,
    channel_id UUID,
    lead_minutes SMALLINT DEFAULT '10' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT reminder_series_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT reminder_series_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT reminder_series_lead_minutes_check CHECK (lead_minutes BETWEEN 0 AND 1440)
);
CREATE INDEX reminder_series_key ON reminder_series (series_key);
CREATE INDEX reminder_series_profile ON reminder_series (user_id, profile_id);

CREATE TABLE schedule_reminders (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    profile_id UUID NOT NULL,
    airing_id BIGINT NOT NULL,
    kind TEXT DEFAULT 'airing' NOT NULL,
    series_id UUID,
    channel_id UUID NOT NULL,
    title TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lead_minutes SMALLINT DEFAULT '10' NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT schedule_reminders_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT schedule_reminders_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT schedule_reminders_kind_check CHECK (kind IN ('airing', 'series')),
    CONSTRAINT schedule_reminders_lead_minutes_check CHECK (lead_minutes BETWEEN 0 AND 1440)
);
CREATE UNIQUE INDEX schedule_reminders_airing ON schedule_reminders (user_id, profile_id, airing_id);
CREATE INDEX schedule_reminders_due ON schedule_reminders (airing_id) WHERE deleted_at IS NULL;

CREATE TABLE programmes (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    content_key BYTEA NOT NULL,
    title TEXT NOT NULL,
    folded_title TEXT NOT NULL,
    sub_title TEXT,
    description TEXT,
    season SMALLINT,
    episode INTEGER,
    series_key TEXT,
    language TEXT,
    categories TEXT[] DEFAULT '{}' NOT NULL,
    genres TEXT[] DEFAULT '{}' NOT NULL,
    maturity_label TEXT,
    maturity_score SMALLINT,
    year SMALLINT,
    original_air_date DATE,
    image_url TEXT,
    credits JSONB DEFAULT '[]'::jsonb NOT NULL,
    external_ids JSONB DEFAULT '{}'::jsonb NOT NULL,
    title_id UUID,
    episode_id UUID,
    link_method TEXT,
    linked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT programmes_pkey PRIMARY KEY (id),
    CONSTRAINT programmes_maturity_score_check CHECK (maturity_score BETWEEN 0 AND 21),
    CONSTRAINT programmes_link_method_check CHECK (link_method IN ('external_id', 'title_year', 'episode', 'manual')),
    CONSTRAINT programmes_link_check CHECK (title_id IS NULL OR link_method IS NOT NULL),
    CONSTRAINT programmes_content_key_key UNIQUE (content_key),
    CONSTRAINT programmes_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE SET NULL,
    CONSTRAINT programmes_episode_id_fkey FOREIGN KEY(episode_id) REFERENCES episodes (id) ON DELETE SET NULL
);
CREATE INDEX programmes_folded_title ON programmes USING gin (folded_title gin_trgm_ops);
CREATE INDEX programmes_not_linked ON programmes (id) WHERE linked_at IS NULL;
CREATE INDEX programmes_series_key ON programmes (series_key);
CREATE INDEX programmes_title_id ON programmes (title_id) WHERE title_id IS NOT NULL;

CREATE TABLE linear_slots (
    channel_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    programme_id BIGINT NOT NULL,
    media TEXT[] NOT NULL,
    content_segments INTEGER NOT NULL,
    asset_id UUID,
    plan_version INTEGER NOT NULL,
    locked BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT linear_slots_pkey PRIMARY KEY (channel_id, starts_at),
    CONSTRAINT linear_slots_duration_check CHECK (starts_at < ends_at),
    CONSTRAINT linear_slots_content_segments_check CHECK (content_segments >= 0),
    CONSTRAINT linear_slots_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    CONSTRAINT linear_slots_programme_id_fkey FOREIGN KEY(programme_id) REFERENCES programmes (id)
);

CREATE TABLE programme_embeddings (
    programme_id BIGINT NOT NULL,
    model TEXT NOT NULL,
    embedding VECTOR(384) NOT NULL,
    CONSTRAINT programme_embeddings_pkey PRIMARY KEY (programme_id, model),
    CONSTRAINT programme_embeddings_programme_id_fkey FOREIGN KEY(programme_id) REFERENCES programmes (id) ON DELETE CASCADE
);

CREATE TABLE programme_suggestions (
    programme_id BIGINT NOT NULL,
    title_id UUID NOT NULL,
    episode_id UUID,
    state TEXT DEFAULT 'suggested' NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT programme_suggestions_pkey PRIMARY KEY (programme_id, title_id),
    CONSTRAINT programme_suggestions_state_check CHECK (state IN ('suggested', 'rejected')),
    CONSTRAINT programme_suggestions_score_check CHECK (score BETWEEN 0 AND 1),
    CONSTRAINT programme_suggestions_programme_id_fkey FOREIGN KEY(programme_id) REFERENCES programmes (id) ON DELETE CASCADE,
    CONSTRAINT programme_suggestions_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE,
    CONSTRAINT programme_suggestions_episode_id_fkey FOREIGN KEY(episode_id) REFERENCES episodes (id) ON DELETE SET NULL
);
CREATE INDEX programme_suggestions_title ON programme_suggestions (title_id);

CREATE TABLE schedule_entries (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    channel_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    programme_id BIGINT NOT NULL,
    flags SMALLINT DEFAULT '0' NOT NULL,
    source_id UUID,
    start_over BOOLEAN DEFAULT true NOT NULL,
    catch_up BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT schedule_entries_pkey PRIMARY KEY (id),
    CONSTRAINT schedule_entries_duration_check CHECK (starts_at < ends_at),
    CONSTRAINT schedule_entries_no_overlap EXCLUDE USING gist (channel_id WITH =, tstzrange(starts_at, ends_at) WITH &&) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT schedule_entries_channel_id_fkey FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    CONSTRAINT schedule_entries_programme_id_fkey FOREIGN KEY(programme_id) REFERENCES programmes (id),
    CONSTRAINT schedule_entries_source_id_fkey FOREIGN KEY(source_id) REFERENCES epg_sources (id) ON DELETE SET NULL
);
CREATE INDEX schedule_entries_channel ON schedule_entries (channel_id, starts_at);
CREATE INDEX schedule_entries_programme ON schedule_entries (programme_id, starts_at);
CREATE INDEX schedule_entries_start ON schedule_entries (starts_at);

INSERT INTO guide_revision (id, rev) VALUES (1, 1);
