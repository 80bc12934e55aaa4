"""What matching announces: another channel of a source fills one of ours."""

from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.jobs import announce

MAP_CHANGED = "epg.map_changed"
"""Staff chose what of a source fills which channels. Carries `source_id`: it is to be imported
anew, whether or not its feed has changed."""

_CAN_BE_FETCHED = "SELECT kind = 'url' AND active FROM epg_sources WHERE id = :source_id"


async def map_changed(tx: WriteTx, source_id: UUID) -> None:
    """Announce that the choice of a source's channels changed, as part of this transaction.

    Nobody hears of uploaded sources: their guide has to be sent again.
    """
    if await tx.scalar(_CAN_BE_FETCHED, source_id=source_id):
        await announce(tx, MAP_CHANGED, source_id=str(source_id))
