"""Tables of search: what can be found, the words of the catalogue, what was asked."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import DISTRIBUTED, LOCAL, REFERENCE, Base, moment
from matinee.models.catalog import title_key
from matinee.models.viewing import of_profile


class SearchDocument(Base):
    """The words of a title's texts, for full-text search."""

    __tablename__ = "search_documents"
    __table_args__ = (
        Index("search_documents_words", "words", postgresql_using="gin"),
        {"info": REFERENCE},
    )

    title_id: Mapped[UUID] = title_key(primary_key=True)
    words: Mapped[Any] = mapped_column(TSVECTOR)


class SearchName(Base):
    """Another name of a title: original or localised, folded."""

    __tablename__ = "search_names"
    __table_args__ = (
        Index(
            "search_names_folded",
            "folded_name",
            postgresql_using="gin",
            postgresql_ops={"folded_name": "gin_trgm_ops"},
        ),
        {"info": REFERENCE},
    )

    title_id: Mapped[UUID] = title_key(primary_key=True)
    folded_name: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class SearchWord(Base):
    """A word of the catalogue and how rare it is (inverse document frequency).

    `in_names` tells words as people write them, of names of titles and people, from word stems.
    """

    __tablename__ = "search_words"
    __table_args__ = (
        Index(
            "search_words_word",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
            postgresql_where=text("in_names"),
        ),
        {"info": REFERENCE},
    )

    word: Mapped[str] = mapped_column(primary_key=True)
    documents: Mapped[int]
    idf: Mapped[float] = mapped_column(REAL)
    in_names: Mapped[bool]


class SearchHistory(Base):
    """What a profile searched for, latest time of each query."""

    __tablename__ = "search_history"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    folded_query: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[str]
    searched_at: Mapped[datetime] = moment()


class SearchQuery(Base):
    """How often a query was asked on a day, and how often it found nothing; names nobody."""

    __tablename__ = "search_queries"
    __table_args__ = ({"info": LOCAL},)

    day: Mapped[date] = mapped_column(primary_key=True)
    folded_query: Mapped[str] = mapped_column(primary_key=True)
    searches: Mapped[int]
    without_hits: Mapped[int]


class SearchPin(Base):
    """A title that editors put at the top of the answer to a query."""

    __tablename__ = "search_pins"
    __table_args__ = ({"info": REFERENCE},)

    folded_query: Mapped[str] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = title_key(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
