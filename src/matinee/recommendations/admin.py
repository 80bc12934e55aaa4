"""The operator's endpoints: the home screen's layout, explanations, quality."""

from uuid import UUID

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import AnalyticsReader, CatalogEditor, CatalogReader, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    UnknownField,
    problems,
)
from matinee.core.routing import api_router
from matinee.recommendations import explain, hero, layout, quality
from matinee.recommendations.admin_schemas import Explanation, Quality
from matinee.recommendations.schemas import HeroPins, Layout, Layouts, PutHeroPins, PutLayout
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/recommendations", tag="recommendations")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField, InvalidValue, Conflict)


@router.get("/layout", summary="Layout of the home screen", responses=problems(*READ))
async def list_home_layouts(_staff: CatalogReader, tx: Read) -> Layouts:
    """Which rails each audience sees, in order."""
    return await layout.list_layouts(tx)


@router.put("/layout", summary="Change the layout", responses=problems(*WRITE))
async def put_home_layout(staff: CatalogEditor, tx: AuditedWrite, wish: PutLayout) -> Layout:
    """Replaces the rails of one audience; collections and genres can be placed one by one."""
    return await layout.put_layout(tx, staff, wish)


@router.get("/hero", summary="Titles pinned in the hero", responses=problems(*READ))
async def get_hero_pins(_staff: CatalogReader, tx: Read) -> HeroPins:
    """In the order in which they come first."""
    return await hero.read_pins(tx)


@router.put("/hero", summary="Pin titles in the hero", responses=problems(*WRITE))
async def put_hero_pins(staff: CatalogEditor, tx: AuditedWrite, wish: PutHeroPins) -> HeroPins:
    """Replaces the titles that come before all other featured ones; none unpins all."""
    return await hero.put_pins(tx, staff, wish)


@router.get("/explain", summary="Why a title is recommended", responses=problems(*READ, NotFound))
async def explain_recommendation(
    _staff: UsersReader, runtime: RuntimeDep, tx: Read, profile_id: UUID, title_id: UUID
) -> Explanation:
    """What speaks for a title to a profile, and which rules keep it away."""
    return await explain.explain(tx, profile_id, title_id, runtime.settings.signal_weights)


@router.get("/quality", summary="Quality of recommendations", responses=problems(*READ))
async def get_recommendation_quality(_staff: AnalyticsReader, runtime: RuntimeDep) -> Quality:
    """What the last models' guard measured, and how often people play from which rail."""
    return await quality.get_quality(runtime)
