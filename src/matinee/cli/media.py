"""Commands for the media that our own origin sends."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from matinee.accounts.audit import COMMAND_LINE
from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, data_folder, with_runtime
from matinee.core.settings import Settings
from matinee.core.text import slugify
from matinee.playback.media.checking import check_library
from matinee.playback.media.encoding import Quality
from matinee.playback.media.ingest import ingest as ingest_file
from matinee.playback.media.library import library_at
from matinee.playback.media.probing import IngestFailed
from matinee.playback.media.registry import list_media, register_media, registered_slugs
from matinee.playback.media.schemas import Media
from matinee.runtime import Runtime

LONGEST_SLUG = 63
HEIGHTS = [rung.height for rung in Quality().ladder]
PAGE = 100

app = typer.Typer(no_args_is_help=True, help="Films and clips that our own origin sends.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="Anything that ffmpeg reads and has a picture.")],
    slug: Annotated[str | None, typer.Option(help="Its name in addresses.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name for staff.")] = None,
    rendition: Annotated[
        list[int] | None,
        typer.Option(help=f"A height to make, of {HEIGHTS}; may be repeated. All without it."),
    ] = None,
) -> None:
    """Encode a file for titles and linear channels; never larger than it is.

    Needs ffmpeg and ffprobe on the PATH. Every language of sound is kept.
    """
    settings = _settings()
    slug = slug or slugify(file.stem)[:LONGEST_SLUG].strip("-")
    quality = _quality(rendition or HEIGHTS)
    try:
        with typer.progressbar(length=100, label=slug) as bar:

            def show(share: float) -> None:
                bar.update(round(share * 100) - bar.pos)

            ingest_file(file, settings.media_dir, slug, name or file.stem, quality, show)
    except IngestFailed as failure:
        raise CommandFailed(str(failure)) from failure
    media = with_runtime(settings, partial(_register, slug=slug))
    typer.echo(_line(media))


@app.command()
def register(slug: Annotated[str, typer.Argument(help="The name of its folder.")]) -> None:
    """Let the service play a folder of media that came from another machine."""
    typer.echo(_line(with_runtime(_settings(), partial(_register, slug=slug))))


@app.command("list")
def list_all() -> None:
    """What is registered, one a line: slug, length, size, renditions."""
    for media in with_runtime(_settings(), _all_media):
        typer.echo(_line(media))


@app.command()
def check(
    deep: Annotated[bool, typer.Option("--deep", help="Read every segment as well.")] = False,
) -> None:
    """Look whether all media are there and whole; the exit status is 1 when not."""
    settings = _settings()
    registered = with_runtime(settings, _registered)
    faults = list(check_library(library_at(settings.media_dir), registered, deep=deep))
    for fault in faults:
        typer.echo(f"{fault.slug}: {fault.text}")
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{len(registered)} media are whole.")


def _settings() -> Settings:
    """The settings of a command; without a named server the media are the demo's as well."""
    settings = command_settings()
    if settings.database_url is None and "media_dir" not in settings.model_fields_set:
        return settings.model_copy(update={"media_dir": data_folder(settings) / "media"})
    return settings


def _quality(heights: list[int]) -> Quality:
    ladder = [rung for rung in Quality().ladder if rung.height in heights]
    if unknown := set(heights).difference(HEIGHTS):
        raise CommandFailed(f"--rendition is one of {HEIGHTS}, not {min(unknown)}.")
    return Quality(ladder=ladder)


async def _register(runtime: Runtime, slug: str) -> Media:
    async with runtime.database.write() as tx:
        library = library_at(runtime.settings.media_dir)
        return await register_media(tx, COMMAND_LINE, library, slug)


async def _all_media(runtime: Runtime) -> list[Media]:
    async with runtime.database.read() as tx:
        page = await list_media(tx, None, PAGE)
        found = page.items
        while page.next_cursor:
            page = await list_media(tx, page.next_cursor, PAGE)
            found += page.items
    return found


async def _registered(runtime: Runtime) -> set[str]:
    async with runtime.database.read() as tx:
        return await registered_slugs(tx)


def _line(media: Media) -> str:
    minutes, seconds = divmod(round(media.duration_seconds), 60)
    names = " ".join(rendition.name for rendition in media.renditions)
    megabytes = media.size_bytes / 1e6
    return f"{media.slug:<32} {minutes:>4}:{seconds:02} {megabytes:>9.1f} MB  {names}"
