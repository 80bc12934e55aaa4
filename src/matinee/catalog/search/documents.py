"""What is stored of titles so that they are found: the words of their texts, their other names."""

from collections.abc import Collection, Iterable
from uuid import UUID

from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.text import fold, searchable

LONGEST_NAME = 500
"""Characters of a name in an index; folding can make a name many times as long as it was."""

LONGEST_TEXT = 100_000
"""Characters of all texts of one kind; PostgreSQL holds a megabyte of words per title."""

_CONFIGURATIONS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

_READ = """
    SELECT t.id, t.version, t.name, t.folded_name, t.original_name,
           concat_ws(' ', t.tagline, t.synopsis, t.ai_description) AS story,
           concat_ws(' ', array_to_string(t.genres || t.mood_tags || t.theme_tags || t.tags, ' '),
                     array_to_string(t.studios, ' '), t.year) AS labels,
           ARRAY(
               SELECT l.name FROM title_localizations l
               WHERE l.title_id = t.id AND l.name IS NOT NULL ORDER BY l.language
           ) AS localized_names,
           ARRAY(
               SELECT concat_ws(' ', l.tagline, l.synopsis) FROM title_localizations l
               WHERE l.title_id = t.id ORDER BY l.language
           ) AS localized_stories,
           ARRAY(
               SELECT concat_ws(' ', p.name, c.character)
               FROM title_people c JOIN people p ON p.id = c.person_id
               WHERE c.title_id = t.id ORDER BY c.position
           ) AS people
    FROM titles t WHERE t.id = ANY (:title_ids::uuid[])
"""

# Titles deleted or changed since they were read are left out: whoever did that announced it.
_STORE_WORDS = """
    INSERT INTO search_documents (title_id, words)
    SELECT t.id,
           setweight(to_tsvector('simple', said.names), 'A')
           || setweight(to_tsvector('simple', said.people), 'B')
           || setweight(to_tsvector('simple', said.labels), 'C')
           || to_tsvector(:configuration::regconfig, said.story)
           || to_tsvector('simple', said.localized)
    FROM unnest(:title_ids::uuid[], :versions::int[], :names::text[], :people::text[],
                :labels::text[], :stories::text[], :localized::text[])
        AS said (title_id, version, names, people, labels, story, localized)
    JOIN titles t ON t.id = said.title_id AND t.version = said.version
    ORDER BY t.id
    FOR KEY SHARE OF t
    ON CONFLICT (title_id) DO UPDATE SET words = excluded.words
    WHERE search_documents.words IS DISTINCT FROM excluded.words
"""
_DROP_NAMES = """
    DELETE FROM search_names n
    USING unnest(:title_ids::uuid[], :versions::int[]) AS said (title_id, version), titles t
    WHERE n.title_id = said.title_id AND t.id = said.title_id AND t.version = said.version
      AND NOT EXISTS (
          SELECT FROM unnest(:named::uuid[], :folded::text[], :names::text[])
              AS kept (title_id, folded, name)
          WHERE kept.title_id = n.title_id AND kept.folded = n.folded_name AND kept.name = n.name
      )
"""
_STORE_NAMES = """
    INSERT INTO search_names (title_id, folded_name, name)
    SELECT t.id, said.folded, said.name
    FROM unnest(:named::uuid[], :versions::int[], :folded::text[], :names::text[])
        AS said (title_id, version, folded, name)
    JOIN titles t ON t.id = said.title_id AND t.version = said.version
    ORDER BY t.id, said.folded
    FOR KEY SHARE OF t
    ON CONFLICT (title_id, folded_name) DO NOTHING
"""


def configuration_of(language: str) -> str:
    """PostgreSQL's text search configuration for a language: stems where it knows them."""
    return _CONFIGURATIONS.get(language, "simple")


def dictionary_of(language: str) -> str:
    """The dictionary that makes the stems of `configuration_of`."""
    configuration = configuration_of(language)
    return configuration if configuration == "simple" else f"{configuration}_stem"


async def read_titles(tx: ReadTx, title_ids: Collection[UUID]) -> list[Row]:
    """What these titles say; those that are gone are left out."""
    return await tx.all(_READ, title_ids=list(title_ids))


async def store_documents(tx: WriteTx, titles: Collection[Row], language: str) -> None:
    """Replace what is stored of these titles, in three statements.

    Folded here, for PostgreSQL has no dictionary that takes accents and ligatures apart.
    """
    ids = [title["id"] for title in titles]
    versions = [title["version"] for title in titles]
    await tx.execute(
        _STORE_WORDS,
        configuration=configuration_of(language),
        title_ids=ids,
        versions=versions,
        names=[_folded([title["name"], *_other_names(title).values()]) for title in titles],
        people=[_folded(title["people"]) for title in titles],
        labels=[_folded([title["labels"]]) for title in titles],
        stories=[_folded([title["story"]]) for title in titles],
        localized=[_folded(title["localized_stories"]) for title in titles],
    )
    others = [
        (title, folded, name) for title in titles for folded, name in _other_names(title).items()
    ]
    named = [title["id"] for title, _, _ in others]
    folded = [folded for _, folded, _ in others]
    names = [name for _, _, name in others]
    await tx.execute(
        _DROP_NAMES, title_ids=ids, versions=versions, named=named, folded=folded, names=names
    )
    await tx.execute(
        _STORE_NAMES,
        named=named,
        versions=[title["version"] for title, _, _ in others],
        folded=folded,
        names=names,
    )


def _other_names(title: Row) -> dict[str, str]:
    """Names under which a title is known beside the one it has, by their folded form."""
    names = [title["original_name"] or "", *title["localized_names"]]
    folded = {searchable(name)[:LONGEST_NAME]: name for name in names}
    return {key: name for key, name in folded.items() if key and key != title["folded_name"]}


def _folded(texts: Iterable[str]) -> str:
    return fold(" ".join(texts)[:LONGEST_TEXT])[:LONGEST_TEXT]
