"""Vectors of titles by the product's own model, kept in the temporary folder between runs."""

import asyncio
import hashlib
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.integrations.embeddings.providers import make_embedder

AT_ONCE = 256


def vectors_of(texts: list[str]) -> NDArray[np.float32]:
    """One vector of length 1 per text; made once (minutes for thousands), then remembered."""
    name = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    kept = Path(tempfile.gettempdir()) / f"matinee-benchmark-vectors-{name}.npy"
    if not kept.exists():
        made = asyncio.run(_embed(texts))
        partial = kept.with_suffix(".partial.npy")
        np.save(partial, made)
        partial.replace(kept)
    vectors: NDArray[np.float32] = np.load(kept)
    return vectors


async def _embed(texts: list[str]) -> NDArray[np.float32]:
    nowhere = SecretStr("postgresql://localhost/none")
    embedder = make_embedder(Settings(environment="test", database_url=nowhere))
    if not embedder.available:
        raise SystemExit("The benchmark needs the extra local-embeddings.")
    try:
        made: list[list[float]] = []
        for start in range(0, len(texts), AT_ONCE):
            made += await embedder.embed(texts[start : start + AT_ONCE])
        return np.array(made, np.float32)
    finally:
        await embedder.aclose()
