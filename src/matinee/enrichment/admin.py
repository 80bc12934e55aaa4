"""The operator's endpoints of making the catalogue richer."""

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import Forbidden, UnknownField, problems
from matinee.core.routing import api_router
from matinee.enrichment import embeddings
from matinee.enrichment.embeddings import EmbeddingsOff
from matinee.enrichment.schemas import EmbeddingJob, Embeddings, GenerateEmbeddings
from matinee.runtime import RuntimeDep

router = api_router("/admin", tag="enrichment")


@router.get("/embeddings", summary="Vectors of titles", responses=problems(*SIGNED_IN, Forbidden))
async def get_embeddings(_staff: CatalogReader, runtime: RuntimeDep) -> Embeddings:
    """The model, and how many vectors are fresh, stale, missing or orphaned."""
    return await embeddings.get_embeddings(runtime)


@router.post(
    "/embeddings/generate",
    summary="Make vectors of titles",
    status_code=202,
    responses=problems(*CHANGING, Forbidden, UnknownField, EmbeddingsOff),
)
async def generate_embeddings(
    staff: CatalogEditor, tx: AuditedWrite, runtime: RuntimeDep, wish: GenerateEmbeddings
) -> EmbeddingJob:
    """By a job that can be followed and canceled; titles that change are seen to without it."""
    return await embeddings.generate_embeddings(tx, runtime, Actor.of(staff), wish)
