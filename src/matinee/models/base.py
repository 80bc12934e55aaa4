"""What all tables share: naming, column makers and the placement each one declares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

EMPTY_ARRAY = text("'{}'")
EMPTY_OBJECT = text("'{}'::jsonb")
CLOCK = text("clock_timestamp()")
NEW_ID = text("uuidv7()")
FALSE = text("false")


@dataclass(frozen=True)
class Placement:
    """Where a table lives when the database is spread over several nodes (Citus).

    reference: a copy on every node; distributed: split by `user_id`; lookup: small, keyed by a
    globally unique value; local: only on the coordinator.
    """

    kind: Literal["reference", "distributed", "lookup", "local"]

    @property
    def info(self) -> dict[str, Any]:
        """The `info` a table carries in the metadata."""
        return {"placement": self}


REFERENCE = Placement("reference").info
DISTRIBUTED = Placement("distributed").info
LOOKUP = Placement("lookup").info
LOCAL = Placement("local").info


class Base(DeclarativeBase):
    """The declarative base: text for str, timestamptz for datetime, uuid for UUID."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        list[str]: ARRAY(Text()),
    }


def key() -> Mapped[Any]:
    """A primary key made by the database: time-ordered, safe to show."""
    return mapped_column(Uuid, primary_key=True, server_default=NEW_ID)


def moment() -> Mapped[Any]:
    """When the row was made, by the database's clock."""
    return mapped_column(DateTime(timezone=True), server_default=CLOCK)


def labels() -> Mapped[Any]:
    """A list of labels, empty at first."""
    return mapped_column(ARRAY(Text()), server_default=EMPTY_ARRAY)


def one_of(column: str, *values: str) -> str:
    """The SQL of a CHECK that allows only these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
