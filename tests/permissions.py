"""Who may call what: every route of the API stands in this table.

Think of who may call a route before you add it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.makers import PASSWORD
from tests.world import GUIDE_SOURCE, ROLES

EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {"anonymous"}
GROWN_UPS = SIGNED_IN - {"kids"}
STAFF = frozenset({"support", "analyst", "editor", "admin"})
SUPPORT = frozenset({"support", "admin"})
EDITORS = frozenset({"editor", "admin"})
ADMINS = frozenset({"admin"})

Ids = dict[str, UUID | str]

WHY = "Because of the test"
LINEAR_PLAN = {
    "plan": {"kind": "loop", "items": [{"title": "Film", "media": ["slate"], "minutes": 30}]},
    "filler": "slate",
}
DEVICE = {"device_id": "tv", "device_name": "TV"}


def blackout_of(ids: Ids) -> dict[str, Any]:
    """Somewhere, some time ago."""
    times = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}
    return {"channel_id": str(ids["channel_id"]), "territory": "AQ", "reason": WHY} | times


@dataclass(frozen=True)
class Rule:
    """Who may call an operation, and a query and body with which it does something."""

    roles: frozenset[str]
    body: dict[str, Any] | Callable[[Ids], dict[str, Any]] | None = None
    query: str = ""

    def said(self, ids: Ids) -> dict[str, Any]:
        """What httpx is to send."""
        if self.body is None:
            return {}
        return {"json": self.body(ids) if callable(self.body) else self.body}


RULES = {
    "register": Rule(EVERYBODY),
    "login": Rule(EVERYBODY),
    "refresh_tokens": Rule(EVERYBODY),
    "logout": Rule(EVERYBODY),
    "forgot_password": Rule(EVERYBODY),
    "reset_password": Rule(EVERYBODY),
    "request_device_code": Rule(EVERYBODY),
    "poll_device_token": Rule(EVERYBODY),
    "set_up": Rule(EVERYBODY),
    "list_sessions": Rule(SIGNED_IN),
    "end_session": Rule(GROWN_UPS),
    "change_password": Rule(
        GROWN_UPS, {"current_password": PASSWORD, "new_password": "another good password"}
    ),
    "approve_device": Rule(GROWN_UPS, {"user_code": "BCDF-GHJK"}),
    "get_me": Rule(SIGNED_IN),
    "update_me": Rule(GROWN_UPS, {"country": "FR"}),
    "delete_me": Rule(GROWN_UPS, {"password": PASSWORD}),
    "export_me": Rule(GROWN_UPS),
    "list_profiles": Rule(SIGNED_IN),
    "create_profile": Rule(SIGNED_IN, {"name": "Zoe"}),
    "get_profile": Rule(SIGNED_IN),
    "update_profile": Rule(SIGNED_IN, {"name": "Zoe"}),
    "delete_profile": Rule(SIGNED_IN),
    "select_profile": Rule(SIGNED_IN, {}),
    "set_profile_pin": Rule(SIGNED_IN, {"pin": "4711"}),
    "delete_profile_pin": Rule(SIGNED_IN, {"password": PASSWORD}),
    "get_preferences": Rule(SIGNED_IN),
    "put_preferences": Rule(SIGNED_IN, {"liked_genres": ["comedy"]}),
    "get_allowed_titles": Rule(SIGNED_IN),
    "put_allowed_titles": Rule(GROWN_UPS, {"title_ids": []}),
    "start_session": Rule(
        SIGNED_IN,
        lambda ids: {"title_id": str(ids["title_id"]), "device_id": "tv", "device_name": "TV"},
    ),
    "watch_channel": Rule(SIGNED_IN, DEVICE),
    "get_playback_token": Rule(SIGNED_IN),
    "watch_airing": Rule(SIGNED_IN, DEVICE),
    "send_heartbeat": Rule(SIGNED_IN, {"position_seconds": 60, "state": "playing"}),
    "stop_session": Rule(SIGNED_IN, {"position_seconds": 60}),
    "list_streams": Rule(SIGNED_IN),
    "stop_stream": Rule(SIGNED_IN),
    "list_household_streams": Rule(SUPPORT),
    "stop_household_stream": Rule(SUPPORT, query=f"?reason={WHY}"),
    "get_limits": Rule(SIGNED_IN),
    "put_limits": Rule(GROWN_UPS, {"days": [{"weekday": "monday", "minutes": 60}]}),
    "list_avatars": Rule(EVERYBODY),
    "get_avatar": Rule(EVERYBODY),
    "list_watchlist": Rule(SIGNED_IN),
    "add_to_watchlist": Rule(SIGNED_IN),
    "remove_from_watchlist": Rule(SIGNED_IN),
    "list_rated_titles": Rule(SIGNED_IN),
    "rate_title": Rule(SIGNED_IN, {"value": 1}),
    "clear_rating": Rule(SIGNED_IN),
    "list_not_interested": Rule(SIGNED_IN),
    "add_not_interested": Rule(SIGNED_IN),
    "remove_not_interested": Rule(SIGNED_IN),
    "list_signals": Rule(SIGNED_IN),
    "reset_taste": Rule(SIGNED_IN),
    "ignore_signal": Rule(SIGNED_IN),
    "heed_signal": Rule(SIGNED_IN),
    "list_recently_browsed": Rule(SIGNED_IN),
    "clear_recently_browsed": Rule(SIGNED_IN),
    "get_profile_stats": Rule(GROWN_UPS),
    "get_child_stats": Rule(GROWN_UPS),
    "get_child_history": Rule(GROWN_UPS),
    "list_titles": Rule(EVERYBODY),
    "get_title": Rule(EVERYBODY),
    "list_seasons": Rule(EVERYBODY),
    "list_episodes": Rule(EVERYBODY),
    "list_extras": Rule(EVERYBODY),
    "list_coming_soon": Rule(EVERYBODY),
    "list_genres": Rule(EVERYBODY),
    "list_moods": Rule(EVERYBODY),
    "list_themes": Rule(EVERYBODY),
    "get_person": Rule(EVERYBODY),
    "list_collections": Rule(EVERYBODY),
    "get_collection": Rule(EVERYBODY),
    "list_ratings": Rule(EVERYBODY),
    "list_channels": Rule(EVERYBODY),
    "list_channel_labels": Rule(EVERYBODY),
    "get_channel": Rule(EVERYBODY),
    "get_now": Rule(EVERYBODY),
    "get_schedule": Rule(EVERYBODY),
    "get_schedules": Rule(EVERYBODY),
    "read_schedules": Rule(EVERYBODY),
    "search_guide": Rule(EVERYBODY, query="?q=news"),
    "get_personal_guide": Rule(SIGNED_IN),
    "list_favourites": Rule(SIGNED_IN),
    "reorder_favourites": Rule(SIGNED_IN, {"channel_ids": []}),
    "add_favourite": Rule(SIGNED_IN),
    "remove_favourite": Rule(SIGNED_IN),
    "list_reminders": Rule(SIGNED_IN),
    "create_reminder": Rule(SIGNED_IN, lambda ids: {"airing_id": int(ids["next_airing_id"])}),
    "delete_reminder": Rule(SIGNED_IN),
    "list_reminder_series": Rule(SIGNED_IN),
    "forget_reminder_series": Rule(SIGNED_IN),
    "get_airing": Rule(EVERYBODY),
    "create_export": Rule(SIGNED_IN, {"name": "Kodi"}),
    "list_exports": Rule(GROWN_UPS),
    "delete_export": Rule(GROWN_UPS),
    "get_guide_export": Rule(EVERYBODY),
    "get_playlist_export": Rule(EVERYBODY),
    "search_catalog": Rule(EVERYBODY, query="?q=fantomas"),
    "suggest": Rule(EVERYBODY, query="?q=fan"),
    "search_by_meaning": Rule(EVERYBODY, query="?q=a+thief+in+a+mask"),
    "list_search_history": Rule(SIGNED_IN),
    "forget_searches": Rule(SIGNED_IN),
    "rebuild_search": Rule(EDITORS, {}),
    "list_search_queries": Rule(STAFF),
    "list_search_pins": Rule(STAFF),
    "put_search_pin": Rule(
        EDITORS, lambda ids: {"query": "masks", "title_ids": [str(ids["title_id"])]}
    ),
    "delete_search_pin": Rule(EDITORS, query="?q=masks"),
    "find_users": Rule(SUPPORT),
    "get_user": Rule(SUPPORT),
    "update_user": Rule(SUPPORT, {"status": "disabled", "reason": WHY}),
    "list_staff": Rule(ADMINS),
    "appoint_staff": Rule(ADMINS, {"role": "editor", "reason": WHY}),
    "dismiss_staff": Rule(ADMINS, query=f"?reason={WHY}"),
    "list_audit": Rule(ADMINS),
    "export_audit": Rule(ADMINS),
    "verify_audit": Rule(ADMINS),
    "list_jobs": Rule(EDITORS),
    "get_job": Rule(EDITORS),
    "cancel_job": Rule(EDITORS),
    "retry_job": Rule(EDITORS),
    "get_status": Rule(EDITORS),
    "list_invariants": Rule(EDITORS),
    "get_embeddings": Rule(STAFF),
    "generate_embeddings": Rule(EDITORS, {}),
    "list_admin_titles": Rule(STAFF),
    "get_completeness": Rule(STAFF),
    "export_completeness": Rule(STAFF),
    "get_admin_title": Rule(STAFF),
    "list_admin_seasons": Rule(STAFF),
    "list_admin_episodes": Rule(STAFF),
    "list_admin_genres": Rule(STAFF),
    "list_admin_people": Rule(STAFF),
    "list_admin_collections": Rule(STAFF),
    "get_admin_collection": Rule(STAFF),
    "list_imports": Rule(STAFF),
    "get_import": Rule(STAFF),
    "create_title": Rule(EDITORS, {"kind": "movie", "name": "Cops"}),
    "update_title": Rule(EDITORS, {"name": "The Goat"}),
    "change_title_status": Rule(EDITORS, {"status": "draft", "reason": WHY}),
    "create_season": Rule(EDITORS, {"number": 2}),
    "update_season": Rule(EDITORS, {"name": "The first"}),
    "create_episode": Rule(EDITORS, {"number": 2, "name": "Juve contre Fantômas"}),
    "update_episode": Rule(EDITORS, {"name": "Fantômas"}),
    "order_episodes": Rule(EDITORS, lambda ids: {"episode_ids": [str(ids["episode_id"])]}),
    "delete_episode": Rule(EDITORS),
    "delete_season": Rule(EDITORS),
    "delete_title": Rule(EDITORS),
    "import_titles": Rule(EDITORS),
    "cancel_import": Rule(EDITORS),
    "list_admin_channels": Rule(STAFF),
    "get_admin_channel": Rule(STAFF),
    "create_channel": Rule(EDITORS, {"name": "Two"}),
    "update_channel": Rule(EDITORS, {"name": "First"}),
    "number_channels": Rule(
        EDITORS, lambda ids: {"channels": [{"channel_id": str(ids["channel_id"]), "number": 7}]}
    ),
    "change_channel_status": Rule(
        EDITORS, lambda ids: {"channel_ids": [str(ids["channel_id"])], "status": "hidden"}
    ),
    "import_channels": Rule(EDITORS),
    "delete_channel": Rule(EDITORS),
    "list_epg_map": Rule(STAFF),
    "put_epg_map": Rule(
        EDITORS, lambda ids: {"channels": [{"channel_id": str(ids["channel_id"])}]}
    ),
    "confirm_epg_match": Rule(EDITORS, lambda ids: {"channel_id": str(ids["channel_id"])}),
    "reject_epg_match": Rule(EDITORS, lambda ids: {"channel_id": str(ids["channel_id"])}),
    "delete_epg_map": Rule(EDITORS),
    "list_programme_links": Rule(STAFF),
    "put_programme_link": Rule(EDITORS, {"title_id": None}),
    "import_guide": Rule(EDITORS, query=f"?source_id={GUIDE_SOURCE}"),
    "list_guide_imports": Rule(STAFF),
    "list_guide_sources": Rule(STAFF),
    "create_guide_source": Rule(EDITORS, {"name": "Village", "kind": "upload"}),
    "get_guide_source": Rule(STAFF),
    "update_guide_source": Rule(EDITORS, {"priority": 5}),
    "delete_guide_source": Rule(EDITORS),
    "create_genre": Rule(EDITORS, {"name": "Western"}),
    "update_genre": Rule(EDITORS, {"name": "Comedies"}),
    "merge_genre": Rule(EDITORS, {"into": "drama"}),
    "delete_genre": Rule(EDITORS),
    "update_person": Rule(EDITORS, {"name": "Navarre"}),
    "merge_person": Rule(EDITORS, lambda ids: {"into": str(ids["namesake_id"])}),
    "create_collection": Rule(EDITORS, {"slug": "westerns", "name": "Westerns"}),
    "update_collection": Rule(EDITORS, {"name": "Laughs"}),
    "put_collection_items": Rule(EDITORS, {"title_ids": []}),
    "delete_collection": Rule(EDITORS),
    "list_media": Rule(STAFF),
    "register_media": Rule(EDITORS, {"slug": "spare"}),
    "delete_media": Rule(EDITORS),
    "get_linear_plan": Rule(STAFF),
    "put_linear_plan": Rule(EDITORS, LINEAR_PLAN),
    "preview_linear_plan": Rule(EDITORS, LINEAR_PLAN),
    "rebuild_linear_channel": Rule(EDITORS),
    "list_linear_slots": Rule(STAFF),
    "list_recordings": Rule(STAFF),
    "create_recording": Rule(
        EDITORS,
        {"name": "Gala", "starts_at": "2126-01-01T20:00:00Z", "ends_at": "2126-01-01T22:00:00Z"},
    ),
    "delete_recording": Rule(EDITORS),
    "get_home": Rule(SIGNED_IN),
    "get_rail": Rule(SIGNED_IN),
    "get_trending": Rule(SIGNED_IN),
    "get_top_rated": Rule(SIGNED_IN),
    "get_new_episodes": Rule(SIGNED_IN),
    "get_post_play": Rule(SIGNED_IN),
    "get_for_you": Rule(SIGNED_IN),
    "get_similar": Rule(SIGNED_IN),
    "get_mood_answer": Rule(SIGNED_IN),
    "get_continue_watching": Rule(SIGNED_IN),
    "dismiss_continue_watching": Rule(SIGNED_IN),
    "get_next_episode": Rule(SIGNED_IN),
    "get_history": Rule(SIGNED_IN),
    "clear_history": Rule(SIGNED_IN),
    "delete_from_history": Rule(SIGNED_IN),
    "upload_bookmarks": Rule(
        SIGNED_IN,
        lambda ids: {
            "bookmarks": [
                {
                    "title_id": str(ids["title_id"]),
                    "episode_id": str(ids["episode_id"]),
                    "position_seconds": 600,
                    "at": "2026-01-01T00:00:00Z",
                }
            ]
        },
    ),
    "list_home_layouts": Rule(STAFF),
    "put_home_layout": Rule(EDITORS, {"audience": "kids", "rails": [{"rail": "for-you"}]}),
    "get_hero_pins": Rule(STAFF),
    "train_recommendations": Rule(EDITORS),
    "roll_back_recommendations": Rule(EDITORS),
    "list_recommendation_models": Rule(frozenset({"analyst", "editor", "admin"})),
    "explain_recommendation": Rule(SUPPORT, query=f"?profile_id={uuid4()}&title_id={uuid4()}"),
    "get_recommendation_quality": Rule(frozenset({"analyst", "editor", "admin"})),
    "record_impressions": Rule(
        SIGNED_IN,
        lambda ids: {
            "recommendation_id": str(uuid4()),
            "rail": "for-you",
            "title_ids": [str(ids["title_id"])],
        },
    ),
    "put_hero_pins": Rule(EDITORS, lambda ids: {"title_ids": [str(ids["title_id"])]}),
    "explain_access": Rule(GROWN_UPS, query=f"?title_id={uuid4()}"),
    "take_payment_event": Rule(EVERYBODY),
    "list_payment_events": Rule(SUPPORT),
    "get_payment_event": Rule(SUPPORT),
    "replay_payment_event": Rule(SUPPORT, {"reason": WHY}),
    "ignore_payment_event": Rule(SUPPORT, {"reason": WHY}),
    "reconcile_payments": Rule(SUPPORT, {"reason": WHY}),
    "list_packages": Rule(EVERYBODY - {"kids"}),
    "get_package": Rule(EVERYBODY - {"kids"}),
    "list_admin_packages": Rule(STAFF),
    "get_admin_package": Rule(STAFF),
    "create_package": Rule(
        ADMINS, {"slug": "gold", "name": "Gold", "price_cents": 1999, "currency": "USD"}
    ),
    "update_package": Rule(ADMINS, {"price_cents": 2499}),
    "delete_package": Rule(ADMINS),
    "list_package_titles": Rule(STAFF),
    "assign_package_titles": Rule(EDITORS, lambda ids: {"title_ids": [str(ids["title_id"])]}),
    "remove_package_titles": Rule(EDITORS, lambda ids: {"title_ids": [str(ids["title_id"])]}),
    "put_package_title": Rule(EDITORS, {"windows": [{}]}),
    "delete_package_title": Rule(EDITORS),
    "list_package_channels": Rule(STAFF),
    "assign_package_channels": Rule(EDITORS, lambda ids: {"channel_ids": [str(ids["channel_id"])]}),
    "remove_package_channels": Rule(EDITORS, lambda ids: {"channel_ids": [str(ids["channel_id"])]}),
    "put_package_channel": Rule(EDITORS, {"windows": [{}]}),
    "list_blackouts": Rule(STAFF),
    "create_blackout": Rule(EDITORS, blackout_of),
    "put_blackout": Rule(EDITORS, blackout_of),
    "delete_blackout": Rule(EDITORS),
    "preview_rule": Rule(STAFF),
    "list_package_rules": Rule(STAFF),
    "create_package_rule": Rule(EDITORS, {"kind": "movie"}),
    "put_package_rule": Rule(EDITORS, {"kind": "series"}),
    "delete_package_rule": Rule(EDITORS),
    "list_title_offers": Rule(STAFF),
    "get_offer": Rule(STAFF),
    "create_offer": Rule(ADMINS, {"offer_type": "buy", "price_cents": 999, "currency": "USD"}),
    "update_offer": Rule(ADMINS, {"price_cents": 299}),
    "delete_offer": Rule(ADMINS),
    "list_codes": Rule(STAFF),
    "create_codes": Rule(ADMINS, {"label": "Winter", "package": "basic", "days": 30}),
    "disable_codes": Rule(ADMINS, {"label": "Winter"}),
    "confirm_practice_payment": Rule(EVERYBODY, {"outcome": "ok"}),
    "dispute_practice_payment": Rule(EVERYBODY, {"outcome": "open"}),
    "advance_practice_subscription": Rule(EVERYBODY),
    "list_subscriptions": Rule(GROWN_UPS),
    "get_subscription": Rule(GROWN_UPS),
    "create_subscription": Rule(GROWN_UPS, {"package": "basic", "payment_method": "tok_ok"}),
    "quote_change": Rule(GROWN_UPS, query="?package=basic"),
    "change_subscription": Rule(GROWN_UPS, {"package": "basic"}),
    "cancel_subscription": Rule(GROWN_UPS),
    "resume_subscription": Rule(GROWN_UPS, {}),
    "pause_subscription": Rule(GROWN_UPS),
    "redeem_code": Rule(GROWN_UPS, {"code": "WINTER-2027"}),
    "purchase_title": Rule(GROWN_UPS, {"offer_type": "rent", "payment_method": "tok_ok"}),
    "list_purchases": Rule(GROWN_UPS),
    "get_purchase": Rule(GROWN_UPS),
    "refund_purchase": Rule(GROWN_UPS),
    "list_household_purchases": Rule(SUPPORT),
    "get_household_purchase": Rule(SUPPORT),
    "refund_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "confirm_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "cancel_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "list_holds": Rule(SUPPORT),
    "place_hold": Rule(SUPPORT, {"blocks_playback": True, "reason": WHY}),
    "lift_hold": Rule(SUPPORT, query=f"?reason={WHY}"),
    "list_household_timeline": Rule(SUPPORT),
    "list_household_subscriptions": Rule(SUPPORT),
    "grant_subscription": Rule(SUPPORT, {"package": "basic", "reason": WHY}),
    "withdraw_subscription": Rule(SUPPORT, query=f"?reason={WHY}"),
    "cancel_household_subscription": Rule(SUPPORT, {"reason": WHY}),
    "confirm_subscription_payment": Rule(
        SUPPORT, {"paid_until": "2099-01-01T00:00:00Z", "reason": WHY}
    ),
}
