-- Viewing: sessions, bookmarks, lists, signals, time, events.

ALTER TABLE profiles ADD COLUMN taste_reset_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE titles ADD COLUMN segments JSONB DEFAULT '[]'::jsonb NOT NULL;

CREATE TABLE play_events (
    user_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    profile_id UUID NOT NULL,
    session_id UUID NOT NULL,
    title_id UUID,
    episode_id UUID,
    channel_id UUID,
    kind TEXT NOT NULL,
    position_seconds INTEGER NOT NULL,
    watched_seconds INTEGER NOT NULL,
    startup_ms INTEGER,
    rebuffer_ms INTEGER,
    bitrate INTEGER,
    dropped_frames INTEGER,
    error_code TEXT,
    device_kind TEXT,
    territory TEXT NOT NULL,
    recommendation_id UUID,
    CONSTRAINT play_events_pkey PRIMARY KEY (user_id, at, id),
    CONSTRAINT play_events_kind_check CHECK (kind IN ('start', 'progress', 'stop', 'finish', 'error'))
)
 PARTITION BY RANGE (at);
CREATE TABLE play_events_default PARTITION OF play_events DEFAULT;

CREATE TABLE bookmarks (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    item_id UUID NOT NULL,
    episode_id UUID,
    position_seconds INTEGER NOT NULL,
    duration_seconds INTEGER,
    finished BOOLEAN DEFAULT false NOT NULL,
    starts SMALLINT DEFAULT '0' NOT NULL,
    watched_seconds INTEGER DEFAULT '0' NOT NULL,
    audio_language TEXT,
    subtitle_language TEXT,
    dismissed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT bookmarks_pkey PRIMARY KEY (user_id, profile_id, title_id, item_id),
    CONSTRAINT bookmarks_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT bookmarks_item_check CHECK (item_id = coalesce(episode_id, title_id)),
    CONSTRAINT bookmarks_position_seconds_check CHECK (position_seconds >= 0)
)
 WITH (fillfactor = 45);

CREATE TABLE profile_signals (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT profile_signals_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT profile_signals_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT profile_signals_kind_check CHECK (kind IN ('loved', 'liked', 'completed', 'watched', 'listed', 'neutral', 'abandoned', 'disliked', 'ignored'))
);

CREATE TABLE profile_suppressions (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT profile_suppressions_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT profile_suppressions_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);

CREATE TABLE ratings (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    value SMALLINT NOT NULL,
    rated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ratings_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT ratings_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT ratings_value_check CHECK (value IN (-1, 1, 2))
);

CREATE TABLE title_views (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    viewed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT title_views_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT title_views_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);

CREATE TABLE viewing_limits (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    weekday SMALLINT NOT NULL,
    minutes SMALLINT,
    from_minute SMALLINT DEFAULT '0' NOT NULL,
    until_minute SMALLINT DEFAULT '1440' NOT NULL,
    CONSTRAINT viewing_limits_pkey PRIMARY KEY (user_id, profile_id, weekday),
    CONSTRAINT viewing_limits_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT viewing_limits_weekday_check CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT viewing_limits_minutes_check CHECK (minutes BETWEEN 0 AND 1440),
    CONSTRAINT viewing_limits_hours_check CHECK (0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440)
);

CREATE TABLE viewing_sessions (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID,
    episode_id UUID,
    channel_id UUID,
    auth_session_id UUID,
    device_id TEXT NOT NULL,
    device_name TEXT NOT NULL,
    territory TEXT NOT NULL,
    incognito BOOLEAN DEFAULT false NOT NULL,
    recommendation_id UUID,
    state TEXT DEFAULT 'playing' NOT NULL,
    position_seconds INTEGER DEFAULT '0' NOT NULL,
    client_at TIMESTAMP WITH TIME ZONE,
    duration_seconds INTEGER,
    watched_seconds INTEGER DEFAULT '0' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    heartbeat_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    CONSTRAINT viewing_sessions_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT viewing_sessions_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE,
    CONSTRAINT viewing_sessions_subject_check CHECK (num_nonnulls(title_id, channel_id) = 1),
    CONSTRAINT viewing_sessions_state_check CHECK (state IN ('playing', 'paused', 'buffering')),
    CONSTRAINT viewing_sessions_end_reason_check CHECK (end_reason IN ('stopped', 'taken_over', 'not_entitled', 'viewing_limit', 'gone', 'signed_out')),
    CONSTRAINT viewing_sessions_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
)
 WITH (fillfactor = 45);
CREATE INDEX viewing_sessions_open ON viewing_sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX viewing_sessions_profile ON viewing_sessions (user_id, profile_id, started_at);

CREATE TABLE watch_time (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    half_hour TIMESTAMP WITH TIME ZONE NOT NULL,
    watched_id UUID NOT NULL,
    live BOOLEAN DEFAULT false NOT NULL,
    seconds INTEGER NOT NULL,
    CONSTRAINT watch_time_pkey PRIMARY KEY (user_id, profile_id, half_hour, watched_id),
    CONSTRAINT watch_time_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
)
 WITH (fillfactor = 45);

CREATE TABLE watchlist (
    user_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    title_id UUID NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT watchlist_pkey PRIMARY KEY (user_id, profile_id, title_id),
    CONSTRAINT watchlist_user_id_profile_id_fkey FOREIGN KEY(user_id, profile_id) REFERENCES profiles (user_id, id) ON DELETE CASCADE
);
