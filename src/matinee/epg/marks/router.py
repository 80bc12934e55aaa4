"""The viewer's endpoints of favourites and reminders."""

from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.errors import BadCursor, InvalidValue, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.epg.marks import favourites, reminder_series, reminders
from matinee.epg.marks.favourites import FavouritesFull
from matinee.epg.marks.reminder_series import SeriesFull
from matinee.epg.marks.reminders import RemindersFull
from matinee.epg.marks.schemas import (
    CreateReminder,
    FavouriteChannels,
    OrderFavourites,
    ReminderOut,
    ReminderPage,
    ReminderSeriesList,
)
from matinee.runtime import Read, Write

router = api_router("/epg", tag="guide")

READS = problems(*SIGNED_IN, ProfileRequired)
CHANGES = (*CHANGING, ProfileRequired, NotFound)


@router.get("/favourites", summary="Favourite channels", responses=READS)
async def list_favourites(viewer: CurrentViewer, tx: Read) -> FavouriteChannels:
    """In the profile's order; those that are hidden come back when they do."""
    return await favourites.list_favourites(tx, viewer)


@router.put(
    "/favourites",
    summary="Put favourite channels in order",
    status_code=204,
    responses=problems(*CHANGING, ProfileRequired, InvalidValue),
)
async def reorder_favourites(viewer: CurrentViewer, tx: Write, wish: OrderFavourites) -> None:
    """Those that are not named follow in the order they had."""
    await favourites.reorder_favourites(tx, viewer, wish.channel_ids)


@router.put(
    "/favourites/{channel_id}",
    summary="Make a channel a favourite",
    status_code=204,
    responses=problems(*CHANGES, FavouritesFull),
)
async def add_favourite(viewer: CurrentViewer, tx: Write, channel_id: PathId) -> None:
    """It comes last; one that is there keeps its place."""
    await favourites.add_favourite(tx, viewer, channel_id)


@router.delete(
    "/favourites/{channel_id}",
    summary="Take a channel off the favourites",
    status_code=204,
    responses=problems(*CHANGING, ProfileRequired),
)
async def remove_favourite(viewer: CurrentViewer, tx: Write, channel_id: PathId) -> None:
    """Works for any channel, there or not."""
    await favourites.remove_favourite(tx, viewer, channel_id)


@router.get(
    "/reminders",
    summary="Reminders",
    responses=problems(*SIGNED_IN, ProfileRequired, BadCursor),
)
async def list_reminders(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> ReminderPage:
    """Of what is still to come, soonest first, at the times that the guide has now."""
    return await reminders.list_reminders(tx, viewer, cursor, page_size)


@router.post(
    "/reminders",
    summary="Be reminded",
    status_code=201,
    responses=problems(*CHANGES, InvalidValue, RemindersFull, SeriesFull),
)
async def create_reminder(viewer: CurrentViewer, tx: Write, wish: CreateReminder) -> ReminderOut:
    """Of one airing, or of all that come of its series (L-08)."""
    return await reminders.create_reminder(tx, viewer, wish)


@router.delete(
    "/reminders/{reminder_id}",
    summary="Delete a reminder",
    status_code=204,
    responses=problems(*CHANGES),
)
async def delete_reminder(viewer: CurrentViewer, tx: Write, reminder_id: PathId) -> None:
    """Of a series only this airing is left out."""
    await reminders.delete_reminder(tx, viewer, reminder_id)


@router.get("/reminder-series", summary="Series to be reminded of", responses=READS)
async def list_reminder_series(viewer: CurrentViewer, tx: Read) -> ReminderSeriesList:
    """What the profile follows, newest first."""
    return await reminder_series.list_series(tx, viewer)


@router.delete(
    "/reminder-series/{series_id}",
    summary="Follow a series no more",
    status_code=204,
    responses=problems(*CHANGES),
)
async def forget_reminder_series(viewer: CurrentViewer, tx: Write, series_id: PathId) -> None:
    """Its reminders go, but for those that were asked for one by one."""
    await reminder_series.forget_series(tx, viewer, series_id)
