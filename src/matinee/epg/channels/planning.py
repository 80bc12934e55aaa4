"""What an import of a channel list would do: which entry is which channel, and what it changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from matinee.core.database import Row
from matinee.epg.channels.list_schemas import Refusal
from matinee.epg.channels.service import OWNED_BY_IMPORTS
from matinee.epg.feeds.m3u import PlaylistEntry
from matinee.epg.genres import genres_of
from matinee.epg.matching.names import country_of_id, spelled

MOST_CATCH_UP_DAYS = 30


@dataclass(frozen=True, slots=True)
class KnownChannel:
    """A channel as it is before the import; `said` holds what imports may say of it."""

    id: UUID
    kind: str
    status: str
    tvg_id: str | None
    country: str | None
    edited_fields: frozenset[str]
    said: dict[str, Any]


class Step(NamedTuple):
    """A channel that is created (`known` is None) or changed, and how it is then."""

    entry: PlaylistEntry
    known: KnownChannel | None
    columns: dict[str, Any]
    changed: dict[str, list[Any]]


@dataclass
class Plan:
    """What becomes of every entry of a list, and of channels that it does not hold."""

    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0
    refused: list[tuple[PlaylistEntry, Refusal]] = field(default_factory=list)
    missing: list[KnownChannel] = field(default_factory=list)


class _Channels:
    """Known channels by identifier and by name; takes each for one entry only."""

    def __init__(self, known: Iterable[KnownChannel]) -> None:
        self.all = list(known)
        self.taken: set[UUID] = set()
        self._by_id: dict[str, KnownChannel] = {}
        self._by_name: defaultdict[str, list[KnownChannel]] = defaultdict(list)
        for channel in self.all:
            if channel.tvg_id:
                self._by_id.setdefault(channel.tvg_id.casefold(), channel)
            if channel.kind == "external":
                self._by_name[spelled(channel.said["name"])].append(channel)

    def find(self, entry: PlaylistEntry) -> KnownChannel | Refusal | None:
        """The channel of an entry; None where it is a new one."""
        if entry.tvg_id and (known := self._by_id.get(entry.tvg_id.casefold())):
            return known if known.kind == "external" else "own_channel"
        same = [each for each in self._by_name[spelled(entry.name)] if each.id not in self.taken]
        nameless = [each for each in same if each.tvg_id is None]
        if entry.tvg_id or len(nameless) == 1:
            same = nameless
        if len(same) > 1:
            return "ambiguous_name"
        return same[0] if same else None


def plan_import(
    entries: Iterable[PlaylistEntry], known: Iterable[KnownChannel], *, publish: bool
) -> Plan:
    """Compare a list with the channels that are there.

    A channel is found by its tvg-id, else by its name. The first of several entries of one channel
    counts. What staff edited, and what the list does not say, stays.
    """
    plan, channels = Plan(), _Channels(known)
    ids: set[str] = set()
    names: set[str] = set()
    for entry in entries:
        reason = _refusal(entry, ids, names)
        found = reason or channels.find(entry)
        if isinstance(found, str):
            plan.refused.append((entry, found))
            continue
        names.add(spelled(entry.name))
        if entry.tvg_id:
            ids.add(entry.tvg_id.casefold())
        if found is not None:
            channels.taken.add(found.id)
        _add_step(plan, entry, found, publish)
    plan.missing = [
        each for each in channels.all if each.kind == "external" and each.id not in channels.taken
    ]
    return plan


def _refusal(entry: PlaylistEntry, ids: set[str], names: set[str]) -> Refusal | None:
    if not entry.playable:
        return "not_playable"
    if entry.tvg_id:
        return "duplicate_id" if entry.tvg_id.casefold() in ids else None
    return "duplicate_name" if spelled(entry.name) in names else None


def _add_step(plan: Plan, entry: PlaylistEntry, known: KnownChannel | None, publish: bool) -> None:
    columns = said_by(entry)
    if known is None:
        columns = columns | {"tvg_id": entry.tvg_id, "country": country_of_id(entry.tvg_id or "")}
        columns["status"] = "published" if publish else "draft"
        changed = {name: [None, value] for name, value in columns.items() if value}
    else:
        columns = {
            name: value for name, value in columns.items() if name not in known.edited_fields
        }
        columns |= _first_known(entry, known, publish)
        changed = _differences(known, columns)
    if changed:
        plan.steps.append(Step(entry, known, columns, changed))
    else:
        plan.unchanged += 1


def said_by(entry: PlaylistEntry) -> dict[str, Any]:
    """The columns that an entry sets. What belongs to the stream is set in any case."""
    catch_up = entry.catch_up
    always = {
        "name": entry.name[:200],
        "hls_live_url": entry.url,
        "radio": entry.radio,
        "catch_up": {"mode": catch_up.mode, "source": catch_up.source} if catch_up else {},
        "catch_up_days": min(catch_up.days, MOST_CATCH_UP_DAYS) if catch_up else 0,
        "stream_headers": entry.headers,
        "guide_shift_minutes": entry.shift_minutes,
    }
    where_said = {
        "logo_url": entry.logo_url,
        "group_title": entry.groups[0] if entry.groups else None,
        "genres": list(genres_of(entry.groups)),
        "number": entry.number,
    }
    return always | {name: value for name, value in where_said.items() if value}


def _first_known(entry: PlaylistEntry, known: KnownChannel, publish: bool) -> dict[str, Any]:
    """What a list says first and never changes."""
    first: dict[str, Any] = {}
    if known.tvg_id is None and entry.tvg_id:
        first["tvg_id"] = entry.tvg_id
    if known.country is None and (country := country_of_id(entry.tvg_id or "")):
        first["country"] = country
    if publish and known.status == "draft":
        first["status"] = "published"
    return first


def _differences(known: KnownChannel, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    before = {
        "tvg_id": known.tvg_id, "country": known.country, "status": known.status, **known.said,
    }  # fmt: skip
    return {name: [before[name], value] for name, value in columns.items() if before[name] != value}


def known_channel(row: Row) -> KnownChannel:
    """A channel from its row."""
    return KnownChannel(
        id=row["id"],
        kind=row["kind"],
        status=row["status"],
        tvg_id=row["tvg_id"],
        country=row["country"],
        edited_fields=frozenset(row["edited_fields"]),
        said={name: row[name] for name in OWNED_BY_IMPORTS},
    )
