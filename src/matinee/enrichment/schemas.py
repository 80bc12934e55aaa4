"""Shapes of making the catalogue richer."""

from typing import Literal

from pydantic import Field

from matinee.core.schema import Input, Output

Scope = Literal["missing", "stale", "all"]


class GenerateEmbeddings(Input):
    """Which vectors to make."""

    scope: Scope = Field(
        "missing",
        description="`missing`: of titles that have none; `stale`: made by another model or of"
        " another text than the title's is now; `all`: every one, also where nothing changed.",
    )


class EmbeddingJob(Output):
    """The job that makes vectors; `/admin/jobs` shows its progress and can cancel it."""

    job_id: int = Field(examples=[4711])
    scope: Scope


class EmbeddingCounts(Output):
    """How many vectors of one purpose are as they should be."""

    purpose: Literal["search", "taste"]
    fresh: int = Field(description="Made by the current model of the text as it is.")
    stale: int = Field(description="Made by another model, or of an older text; still in use.")
    missing: int = Field(description="Titles without one.")
    orphan: int = Field(description="Vectors whose title is gone.")


class Embeddings(Output):
    """The model, and how far its vectors are."""

    available: bool = Field(description="Whether there is a model at all.")
    model: str = Field(examples=["all-MiniLM-L6-v2"])
    dims: int = Field(examples=[384])
    purposes: list[EmbeddingCounts]
