"""Vectors of programmes: one for each that comes soon, however often it is on."""

from matinee.core.jobs import JobRun
from matinee.enrichment.programme_embeddings import embed_programmes
from matinee.epg.events import guide_changed
from matinee.runtime import Runtime
from tests.enrichment.conftest import Notebook
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import execute, scalar

COUNT = "SELECT count(*) FROM programme_embeddings"


async def embed(runtime: Runtime) -> None:
    await embed_programmes(runtime, JobRun(0, 1, runtime.database))


async def test_a_programme_that_is_on_twice_is_embedded_once(
    runtime: Runtime, notebook: Notebook
) -> None:
    for name in ("One", "Two"):
        channel = await make_channel(runtime, name)
        await make_airing(
            runtime, channel, at(60), title="Owls", genres=["nature"], description="They hoot."
        )
    await embed(runtime)
    assert notebook.asked == ["Owls. nature. They hoot."]
    await embed(runtime)
    assert (len(notebook.asked), await scalar(runtime, COUNT)) == (1, 1)


async def test_only_what_comes_soon_on_channels_that_are_shown(
    runtime: Runtime, notebook: Notebook
) -> None:
    shown = await make_channel(runtime, "One")
    hidden = await make_channel(runtime, "Two", status="draft")
    await make_airing(runtime, shown, at(-30), title="On now")
    await make_airing(runtime, shown, at(-300), title="Over")
    await make_airing(runtime, shown, at(60 * 24 * 4), title="Far")
    await make_airing(runtime, hidden, at(60), title="Hidden")
    await embed(runtime)
    assert notebook.asked == ["On now"]


async def test_another_model_embeds_anew_and_the_old_vectors_go(
    runtime: Runtime, notebook: Notebook
) -> None:
    await make_airing(runtime, await make_channel(runtime), at(60), title="Owls")
    await embed(runtime)
    await execute(runtime, "UPDATE programme_embeddings SET model = 'older'")
    await embed(runtime)
    assert len(notebook.asked) == 2
    assert await scalar(runtime, "SELECT array_agg(model) FROM programme_embeddings") == [
        "notebook"
    ]


async def test_many_changes_of_the_guide_are_one_job(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        for rev in (1, 2, 3):
            await guide_changed(tx, {await make_channel(runtime, f"Channel {rev}")}, rev)
    name = embed_programmes.name
    waiting = f"SELECT count(*) FROM procrastinate_jobs WHERE task_name = '{name}'"
    assert await scalar(runtime, waiting) == 1


async def test_nothing_is_made_without_a_model(runtime: Runtime) -> None:
    await make_airing(runtime, await make_channel(runtime), at(60), title="Owls")
    await embed(runtime)
    assert await scalar(runtime, COUNT) == 0
