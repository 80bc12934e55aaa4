"""The kinds of files that may be uploaded, for clients and for the API document."""

from fastapi import Request

from matinee.core.errors import UnsupportedMediaType

ROW = {"external_id": "film:1", "name": "Metropolis", "year": 1927, "genres": ["Drama"]}
EXAMPLES = {
    "application/json": [ROW],
    "application/x-ndjson": '{"external_id": "film:1", "name": "Metropolis"}\n',
    "text/csv": "external_id,name,year,genres,directors\nfilm:1,Metropolis,1927,Drama,Fritz Lang\n",
    "application/xml": "<movie><title>Metropolis</title><year>1927</year></movie>",
}
PACKED = ("application/gzip", "application/x-gzip", "application/octet-stream")
ACCEPTED = frozenset({*EXAMPLES, *PACKED, "application/jsonl", "application/ndjson", "text/xml"})
BODY = {
    "required": True,
    "description": "The file as it is; what is in it is found out by looking, not by its type.",
    "content": {
        **{
            media: {"schema": {"type": "string", "format": "binary"}, "example": example}
            for media, example in EXAMPLES.items()
        },
        "application/gzip": {"schema": {"type": "string", "format": "binary"}},
    },
}


async def known_file_type(request: Request) -> None:
    """Refuse what is no file, such as a form.

    Raises:
        UnsupportedMediaType: it is declared as something else.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in ACCEPTED:
        raise UnsupportedMediaType(
            message="Send JSON, NDJSON, CSV, NFO or gzip as it is.", accepted=sorted(ACCEPTED)
        )
