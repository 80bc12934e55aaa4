"""Models of sentence-transformers, by name or from a folder.

Needs the package sentence-transformers (with torch): loaded by name, by `providers`.
"""

from collections.abc import Iterator, Sequence

from sentence_transformers import SentenceTransformer

from matinee.integrations.embeddings.embedder import Vector
from matinee.models.catalog import EMBEDDING_DIMS

BATCH_TEXTS = 16


class SentenceTransformerModel:
    """The loaded model."""

    def __init__(self, name: str, *, truncate: bool) -> None:
        """Load it; `truncate` cuts longer vectors.

        Raises:
            ValueError: its vectors have another length than ours.
        """
        self._model = SentenceTransformer(name, truncate_dim=EMBEDDING_DIMS if truncate else None)
        [probe] = self._vectors([name])
        if len(probe) != EMBEDDING_DIMS:
            raise ValueError(f"its vectors have {len(probe)} numbers, not {EMBEDDING_DIMS}")

    def encode(self, texts: Sequence[str]) -> Iterator[dict[int, Vector]]:
        """Vectors by the position of their text."""
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = texts[start : start + BATCH_TEXTS]
            yield dict(enumerate(self._vectors(batch), start))

    def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        found: list[Vector] = vectors.tolist()
        return found
