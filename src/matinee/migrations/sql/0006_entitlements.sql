-- Entitlements: packages, offers, grants, purchases, subscriptions, payments, streams.

ALTER TABLE users ADD COLUMN subscription_tier TEXT;
ALTER TABLE viewing_sessions ADD COLUMN access_via TEXT;
ALTER TABLE viewing_sessions ADD COLUMN grant_id UUID;
ALTER TABLE viewing_sessions ADD COLUMN entitled_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE viewing_sessions ADD COLUMN play_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE viewing_sessions ADD COLUMN idempotency_key TEXT;
ALTER TABLE viewing_sessions ADD COLUMN request_hash BYTEA;
CREATE UNIQUE INDEX viewing_sessions_key ON viewing_sessions (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
ALTER TABLE viewing_sessions DROP CONSTRAINT viewing_sessions_end_reason_check;
ALTER TABLE viewing_sessions ADD CONSTRAINT viewing_sessions_end_reason_check CHECK (end_reason IN ('stopped', 'stopped_remotely', 'taken_over', 'not_entitled', 'viewing_limit', 'gone', 'signed_out')) NOT VALID;
ALTER TABLE viewing_sessions VALIDATE CONSTRAINT viewing_sessions_end_reason_check;

CREATE TABLE account_holds (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    blocks_playback BOOLEAN NOT NULL,
    blocks_purchase BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    source_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    lifted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT account_holds_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT account_holds_blocks_check CHECK (blocks_playback OR blocks_purchase)
);
CREATE INDEX account_holds_live ON account_holds (user_id) WHERE lifted_at IS NULL;
CREATE UNIQUE INDEX account_holds_one_per_source ON account_holds (user_id, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE content_packages (
    id UUID DEFAULT uuidv7() NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    tier TEXT NOT NULL,
    kind TEXT DEFAULT 'base' NOT NULL,
    rank SMALLINT DEFAULT '0' NOT NULL,
    price_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    billing_period TEXT DEFAULT 'month' NOT NULL,
    trial_days SMALLINT DEFAULT '0' NOT NULL,
    grace_days SMALLINT DEFAULT '7' NOT NULL,
    max_streams SMALLINT DEFAULT '1' NOT NULL,
    max_profiles SMALLINT,
    max_quality TEXT DEFAULT 'hd' NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT content_packages_pkey PRIMARY KEY (id),
    CONSTRAINT content_packages_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT content_packages_kind_check CHECK (kind IN ('base', 'addon')),
    CONSTRAINT content_packages_price_cents_check CHECK (price_cents BETWEEN 0 AND 100000000),
    CONSTRAINT content_packages_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT content_packages_billing_period_check CHECK (billing_period IN ('month', 'year')),
    CONSTRAINT content_packages_trial_days_check CHECK (trial_days BETWEEN 0 AND 90),
    CONSTRAINT content_packages_grace_days_check CHECK (grace_days BETWEEN 0 AND 30),
    CONSTRAINT content_packages_max_streams_check CHECK (max_streams BETWEEN 1 AND 20),
    CONSTRAINT content_packages_max_profiles_check CHECK (max_profiles BETWEEN 1 AND 20),
    CONSTRAINT content_packages_max_quality_check CHECK (max_quality IN ('sd', 'hd', 'uhd')),
    CONSTRAINT content_packages_slug_key UNIQUE (slug)
);

CREATE TABLE ledger_entries (
    user_id UUID NOT NULL,
    movement TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    purchase_id UUID,
    subscription_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (user_id, movement, debit, credit),
    CONSTRAINT ledger_entries_amount_cents_check CHECK (amount_cents > 0),
    CONSTRAINT ledger_entries_accounts_check CHECK (debit <> credit),
    CONSTRAINT ledger_entries_cause_check CHECK (num_nonnulls(purchase_id, subscription_id) = 1)
);
CREATE INDEX ledger_entries_created_at_idx ON ledger_entries (created_at);
CREATE INDEX ledger_entries_user_id_purchase_id_idx ON ledger_entries (user_id, purchase_id);

CREATE TABLE payment_events (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    type TEXT NOT NULL,
    object_ref TEXT,
    user_id UUID,
    subject TEXT,
    subject_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    facts JSONB,
    payload JSONB NOT NULL,
    state TEXT DEFAULT 'parked' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_error TEXT,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT payment_events_pkey PRIMARY KEY (provider, event_id),
    CONSTRAINT payment_events_state_check CHECK (state IN ('applied', 'ignored', 'parked', 'dead')),
    CONSTRAINT payment_events_subject_check CHECK (subject IN ('purchase', 'subscription')),
    CONSTRAINT payment_events_reference_check CHECK (num_nonnulls(subject, subject_id) <> 1)
);
CREATE INDEX payment_events_due ON payment_events (next_attempt_at) WHERE state = 'parked';
CREATE INDEX payment_events_provider_object_ref_idx ON payment_events (provider, object_ref);
CREATE INDEX payment_events_seq_idx ON payment_events (seq);
CREATE INDEX payment_events_unapplied ON payment_events (received_at) WHERE state IN ('parked', 'dead');
CREATE INDEX payment_events_user_id_received_at_idx ON payment_events (user_id, received_at);

CREATE TABLE payment_objects (
    provider TEXT NOT NULL,
    ref TEXT NOT NULL,
    user_id UUID NOT NULL,
    subject TEXT NOT NULL,
    subject_id UUID NOT NULL,
    CONSTRAINT payment_objects_pkey PRIMARY KEY (provider, ref),
    CONSTRAINT payment_objects_subject_check CHECK (subject IN ('purchase', 'subscription'))
);

CREATE TABLE payment_reconciliations (
    provider TEXT NOT NULL,
    reconciled_until TIMESTAMP WITH TIME ZONE,
    tried_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT payment_reconciliations_pkey PRIMARY KEY (provider)
);

CREATE TABLE promo_redemptions (
    user_id UUID NOT NULL,
    promo_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT promo_redemptions_pkey PRIMARY KEY (user_id, promo_id)
);

CREATE TABLE sandbox_objects (
    ref TEXT NOT NULL,
    key TEXT,
    kind TEXT NOT NULL,
    state JSONB DEFAULT '{}'::jsonb NOT NULL,
    version BIGINT DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT sandbox_objects_pkey PRIMARY KEY (ref),
    CONSTRAINT sandbox_objects_kind_check CHECK (kind IN ('charge', 'subscription', 'invoice', 'event'))
);
CREATE UNIQUE INDEX sandbox_objects_key ON sandbox_objects (key);
CREATE INDEX sandbox_objects_kind_created_at_idx ON sandbox_objects (kind, created_at);

CREATE TABLE subscription_payments (
    user_id UUID NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    subscription_id UUID NOT NULL,
    amount_cents INTEGER NOT NULL,
    refunded_cents INTEGER DEFAULT '0' NOT NULL,
    currency TEXT NOT NULL,
    period_start TIMESTAMP WITH TIME ZONE,
    period_end TIMESTAMP WITH TIME ZONE,
    paid_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT subscription_payments_pkey PRIMARY KEY (user_id, provider, provider_ref),
    CONSTRAINT subscription_payments_amount_cents_check CHECK (amount_cents >= 0),
    CONSTRAINT subscription_payments_refunded_cents_check CHECK (refunded_cents BETWEEN 0 AND amount_cents)
);
CREATE INDEX subscription_payments_user_id_subscription_id_idx ON subscription_payments (user_id, subscription_id);

CREATE TABLE package_contents (
    id UUID DEFAULT uuidv7() NOT NULL,
    package_id UUID NOT NULL,
    title_id UUID NOT NULL,
    territory TEXT DEFAULT '**' NOT NULL,
    available_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    available_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    CONSTRAINT package_contents_pkey PRIMARY KEY (id),
    CONSTRAINT package_contents_window_check CHECK (available_from < available_until),
    CONSTRAINT package_contents_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT package_contents_no_overlap EXCLUDE USING gist (title_id WITH =, package_id WITH =, territory WITH =, tstzrange(available_from, available_until) WITH &&),
    CONSTRAINT package_contents_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id),
    CONSTRAINT package_contents_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE
);
CREATE INDEX package_contents_package ON package_contents (package_id, title_id);
CREATE INDEX package_contents_title ON package_contents (title_id) INCLUDE (package_id, territory, available_from, available_until);

CREATE TABLE package_rules (
    id UUID DEFAULT uuidv7() NOT NULL,
    package_id UUID NOT NULL,
    kind TEXT,
    genres TEXT[] DEFAULT '{}' NOT NULL,
    tags TEXT[] DEFAULT '{}' NOT NULL,
    year_from SMALLINT,
    year_to SMALLINT,
    territory TEXT DEFAULT '**' NOT NULL,
    available_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    available_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    CONSTRAINT package_rules_pkey PRIMARY KEY (id),
    CONSTRAINT package_rules_kind_check CHECK (kind IN ('movie', 'series')),
    CONSTRAINT package_rules_years_check CHECK (year_from <= year_to),
    CONSTRAINT package_rules_window_check CHECK (available_from < available_until),
    CONSTRAINT package_rules_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT package_rules_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id)
);
CREATE INDEX package_rules_package_id_idx ON package_rules (package_id);

CREATE TABLE promo_codes (
    id UUID DEFAULT uuidv7() NOT NULL,
    code_hash BYTEA NOT NULL,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    package_id UUID,
    days INTEGER,
    title_id UUID,
    max_redemptions INTEGER NOT NULL,
    redeemed INTEGER DEFAULT '0' NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT promo_codes_pkey PRIMARY KEY (id),
    CONSTRAINT promo_codes_kind_check CHECK (kind IN ('promo', 'gift')),
    CONSTRAINT promo_codes_gives_check CHECK (num_nonnulls(package_id, title_id) = 1),
    CONSTRAINT promo_codes_days_check CHECK ((package_id IS NULL) = (days IS NULL)),
    CONSTRAINT promo_codes_length_check CHECK (days BETWEEN 1 AND 3660),
    CONSTRAINT promo_codes_max_redemptions_check CHECK (max_redemptions > 0),
    CONSTRAINT promo_codes_redeemed_check CHECK (redeemed BETWEEN 0 AND max_redemptions),
    CONSTRAINT promo_codes_window_check CHECK (valid_from < valid_until),
    CONSTRAINT promo_codes_code_hash_key UNIQUE (code_hash),
    CONSTRAINT promo_codes_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id)
);

CREATE TABLE subscription_changes (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    subscription_id UUID NOT NULL,
    package_id UUID NOT NULL,
    prorated_cents INTEGER,
    status TEXT DEFAULT 'open' NOT NULL,
    failure_code TEXT,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT subscription_changes_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT subscription_changes_status_check CHECK (status IN ('open', 'done', 'failed')),
    CONSTRAINT subscription_changes_prorated_cents_check CHECK (prorated_cents >= 0),
    CONSTRAINT subscription_changes_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT subscription_changes_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id)
);
CREATE UNIQUE INDEX subscription_changes_key ON subscription_changes (user_id, idempotency_key);
CREATE UNIQUE INDEX subscription_changes_one_open ON subscription_changes (user_id, subscription_id) WHERE status = 'open';
CREATE INDEX subscription_changes_unsettled ON subscription_changes (created_at) WHERE status = 'open';

CREATE TABLE subscriptions (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    package_id UUID NOT NULL,
    is_base BOOLEAN NOT NULL,
    price_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    payment_method TEXT NOT NULL,
    trial_days SMALLINT,
    status TEXT DEFAULT 'incomplete' NOT NULL,
    current_period_start TIMESTAMP WITH TIME ZONE,
    current_period_end TIMESTAMP WITH TIME ZONE,
    trial_end TIMESTAMP WITH TIME ZONE,
    cancel_at_period_end BOOLEAN DEFAULT false NOT NULL,
    past_due_since TIMESTAMP WITH TIME ZONE,
    pending_package_id UUID,
    facts_at TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    facts_rank BIGINT DEFAULT '0' NOT NULL,
    action_url TEXT,
    failure_code TEXT,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    canceled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT subscriptions_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT subscriptions_status_check CHECK (status IN ('incomplete', 'trialing', 'active', 'past_due', 'paused', 'canceled')),
    CONSTRAINT subscriptions_trial_days_check CHECK (trial_days BETWEEN 0 AND 90),
    CONSTRAINT subscriptions_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT subscriptions_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id),
    CONSTRAINT subscriptions_pending_package_id_fkey FOREIGN KEY(pending_package_id) REFERENCES content_packages (id)
);
CREATE INDEX subscriptions_due ON subscriptions (current_period_end) WHERE status <> 'canceled';
CREATE UNIQUE INDEX subscriptions_key ON subscriptions (user_id, idempotency_key);
CREATE UNIQUE INDEX subscriptions_one_live_base ON subscriptions (user_id) WHERE is_base AND status IN ('trialing', 'active', 'past_due', 'paused');
CREATE UNIQUE INDEX subscriptions_one_live_per_package ON subscriptions (user_id, package_id) WHERE status IN ('trialing', 'active', 'past_due', 'paused');
CREATE UNIQUE INDEX subscriptions_one_open_base ON subscriptions (user_id) WHERE is_base AND status = 'incomplete';
CREATE UNIQUE INDEX subscriptions_one_open_per_package ON subscriptions (user_id, package_id) WHERE status = 'incomplete';
CREATE UNIQUE INDEX subscriptions_provider_ref ON subscriptions (user_id, provider, provider_ref);

CREATE TABLE trial_redemptions (
    package_id UUID NOT NULL,
    fingerprint BYTEA NOT NULL,
    user_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT trial_redemptions_pkey PRIMARY KEY (package_id, fingerprint),
    CONSTRAINT trial_redemptions_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id)
);

CREATE TABLE user_entitlements (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    source_type TEXT NOT NULL,
    source_id UUID,
    kind TEXT NOT NULL,
    package_id UUID,
    title_id UUID,
    season_id UUID,
    quality TEXT,
    starts_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    rental_window_hours INTEGER,
    first_played_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoke_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT user_entitlements_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT user_entitlements_source_type_check CHECK (source_type IN ('svod', 'tvod', 'promo', 'trial', 'gift', 'admin')),
    CONSTRAINT user_entitlements_kind_check CHECK (kind IN ('package', 'rent', 'buy')),
    CONSTRAINT user_entitlements_package_check CHECK ((kind = 'package') = (package_id IS NOT NULL)),
    CONSTRAINT user_entitlements_title_check CHECK ((kind <> 'package') = (title_id IS NOT NULL)),
    CONSTRAINT user_entitlements_season_check CHECK (season_id IS NULL OR title_id IS NOT NULL),
    CONSTRAINT user_entitlements_rent_check CHECK (kind <> 'rent' OR (expires_at IS NOT NULL AND rental_window_hours IS NOT NULL)),
    CONSTRAINT user_entitlements_buy_check CHECK (kind <> 'buy' OR expires_at IS NULL),
    CONSTRAINT user_entitlements_window_check CHECK (expires_at >= starts_at),
    CONSTRAINT user_entitlements_revoked_check CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL)),
    CONSTRAINT user_entitlements_one_live_rent EXCLUDE USING gist (user_id WITH =, title_id WITH =, coalesce(season_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =, tstzrange(starts_at, expires_at) WITH &&) WHERE (kind = 'rent' AND revoked_at IS NULL),
    CONSTRAINT user_entitlements_package_id_fkey FOREIGN KEY(package_id) REFERENCES content_packages (id)
);
CREATE INDEX user_entitlements_live ON user_entitlements (user_id, title_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX user_entitlements_one_live_buy ON user_entitlements (user_id, title_id, season_id) NULLS NOT DISTINCT WHERE kind = 'buy' AND revoked_at IS NULL;
CREATE UNIQUE INDEX user_entitlements_one_per_source ON user_entitlements (user_id, source_type, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE title_offers (
    id UUID DEFAULT uuidv7() NOT NULL,
    title_id UUID NOT NULL,
    season_id UUID,
    offer_type TEXT NOT NULL,
    price_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    rental_window_hours INTEGER,
    start_within_hours INTEGER DEFAULT '720' NOT NULL,
    quality TEXT DEFAULT 'hd' NOT NULL,
    territory TEXT DEFAULT '**' NOT NULL,
    available_from TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
    available_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT title_offers_pkey PRIMARY KEY (id),
    CONSTRAINT title_offers_offer_type_check CHECK (offer_type IN ('rent', 'buy', 'free')),
    CONSTRAINT title_offers_price_cents_check CHECK (price_cents BETWEEN 0 AND 100000000),
    CONSTRAINT title_offers_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT title_offers_free_check CHECK ((offer_type = 'free') = (price_cents = 0)),
    CONSTRAINT title_offers_rent_check CHECK ((offer_type = 'rent') = (rental_window_hours IS NOT NULL)),
    CONSTRAINT title_offers_rental_window_hours_check CHECK (rental_window_hours BETWEEN 1 AND 8760),
    CONSTRAINT title_offers_start_within_hours_check CHECK (start_within_hours BETWEEN 0 AND 8760),
    CONSTRAINT title_offers_quality_check CHECK (quality IN ('sd', 'hd', 'uhd')),
    CONSTRAINT title_offers_window_check CHECK (available_from < available_until),
    CONSTRAINT title_offers_territory_check CHECK (territory = '**' OR territory ~ '^[A-Z]{2}$'),
    CONSTRAINT title_offers_no_overlap EXCLUDE USING gist (title_id WITH =, coalesce(season_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =, offer_type WITH =, quality WITH =, territory WITH =, currency WITH =, tstzrange(available_from, available_until) WITH &&) WHERE (active),
    CONSTRAINT title_offers_title_id_fkey FOREIGN KEY(title_id) REFERENCES titles (id) ON DELETE CASCADE,
    CONSTRAINT title_offers_season_id_fkey FOREIGN KEY(season_id) REFERENCES seasons (id) ON DELETE CASCADE
);
CREATE INDEX title_offers_free ON title_offers (title_id) WHERE offer_type = 'free' AND active;
CREATE INDEX title_offers_title ON title_offers (title_id);

CREATE TABLE purchase_refunds (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    purchase_id UUID NOT NULL,
    amount_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    requested_by TEXT NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    failure_code TEXT,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT purchase_refunds_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT purchase_refunds_amount_cents_check CHECK (amount_cents > 0),
    CONSTRAINT purchase_refunds_total_cents_check CHECK (total_cents >= amount_cents),
    CONSTRAINT purchase_refunds_requested_by_check CHECK (requested_by IN ('household', 'staff', 'system')),
    CONSTRAINT purchase_refunds_status_check CHECK (status IN ('open', 'done', 'refused')),
    CONSTRAINT purchase_refunds_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255)
);
CREATE UNIQUE INDEX purchase_refunds_key ON purchase_refunds (user_id, idempotency_key);
CREATE UNIQUE INDEX purchase_refunds_one_open ON purchase_refunds (user_id, purchase_id) WHERE status = 'open';
CREATE INDEX purchase_refunds_purchase ON purchase_refunds (user_id, purchase_id);
CREATE INDEX purchase_refunds_unsettled ON purchase_refunds (created_at) WHERE status = 'open';

CREATE TABLE purchases (
    user_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    profile_id UUID,
    offer_id UUID NOT NULL,
    title_id UUID NOT NULL,
    season_id UUID,
    kind TEXT NOT NULL,
    quality TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    tax_cents INTEGER DEFAULT '0' NOT NULL,
    currency TEXT NOT NULL,
    territory TEXT NOT NULL,
    rental_window_hours INTEGER,
    start_within_hours INTEGER,
    status TEXT DEFAULT 'pending' NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    payment_method TEXT NOT NULL,
    action_url TEXT,
    failure_code TEXT,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    captured_cents INTEGER DEFAULT '0' NOT NULL,
    refunded_cents INTEGER DEFAULT '0' NOT NULL,
    dispute TEXT,
    refund_requested_at TIMESTAMP WITH TIME ZONE,
    checked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT purchases_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT purchases_kind_check CHECK (kind IN ('rent', 'buy')),
    CONSTRAINT purchases_quality_check CHECK (quality IN ('sd', 'hd', 'uhd')),
    CONSTRAINT purchases_status_check CHECK (status IN ('pending', 'requires_action', 'paid', 'failed', 'canceled', 'refunded', 'disputed', 'charged_back')),
    CONSTRAINT purchases_amount_cents_check CHECK (amount_cents >= 0),
    CONSTRAINT purchases_tax_cents_check CHECK (tax_cents BETWEEN 0 AND amount_cents),
    CONSTRAINT purchases_captured_cents_check CHECK (captured_cents >= 0),
    CONSTRAINT purchases_refunded_cents_check CHECK (refunded_cents BETWEEN 0 AND captured_cents),
    CONSTRAINT purchases_dispute_check CHECK (dispute IN ('open', 'won', 'lost')),
    CONSTRAINT purchases_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT purchases_offer_id_fkey FOREIGN KEY(offer_id) REFERENCES title_offers (id)
);
CREATE UNIQUE INDEX purchases_key ON purchases (user_id, idempotency_key);
CREATE UNIQUE INDEX purchases_one_open ON purchases (user_id, title_id, season_id, kind) NULLS NOT DISTINCT WHERE status IN ('pending', 'requires_action');
CREATE UNIQUE INDEX purchases_provider_ref ON purchases (user_id, provider, provider_ref);
CREATE INDEX purchases_unsettled ON purchases (created_at) WHERE status IN ('pending', 'requires_action') OR status IN ('failed', 'canceled') AND captured_cents > 0 OR refund_requested_at IS NOT NULL;

CREATE TABLE stream_slots (
    user_id UUID NOT NULL,
    slot SMALLINT NOT NULL,
    stream_limit SMALLINT NOT NULL,
    session_id UUID NOT NULL,
    device_id TEXT NOT NULL,
    grant_id UUID,
    taken_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT stream_slots_pkey PRIMARY KEY (user_id, slot),
    CONSTRAINT stream_slots_slot_check CHECK (slot BETWEEN 1 AND 20),
    CONSTRAINT stream_slots_stream_limit_check CHECK (slot <= stream_limit),
    CONSTRAINT stream_slots_user_id_session_id_fkey FOREIGN KEY(user_id, session_id) REFERENCES viewing_sessions (user_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX stream_slots_device ON stream_slots (user_id, device_id);
CREATE UNIQUE INDEX stream_slots_rental ON stream_slots (user_id, grant_id) WHERE grant_id IS NOT NULL;
CREATE UNIQUE INDEX stream_slots_session ON stream_slots (user_id, session_id);
