"""The API's documentation as a page to read and to try calls from."""

from functools import cache
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter
from starlette.responses import Response

from matinee.core.errors import NotFound
from matinee.core.routing import Route

router = APIRouter(route_class=Route, include_in_schema=False)

_HERE = Path(__file__).parent
_PACKAGED = Path(fastapi_offline.__file__).parent / "static"
FILES = {
    "swagger-ui.css": (_PACKAGED, "text/css"),
    "swagger-ui-bundle.js": (_PACKAGED, "text/javascript"),
    "api_docs.js": (_HERE, "text/javascript"),
}
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    # Swagger UI styles its own elements and draws its icons from data: addresses
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}


@router.get("/api/docs")
async def get_api_docs() -> Response:
    """The page itself."""
    return Response(_read(_HERE / "api_docs.html"), media_type="text/html", headers=HEADERS)


@router.get("/api/docs/{name}")
async def get_api_docs_file(name: str) -> Response:
    """Its scripts and styles."""
    folder, media_type = _known(name)
    return Response(_read(folder / name), media_type=media_type, headers=HEADERS)


def _known(name: str) -> tuple[Path, str]:
    if name not in FILES:
        raise NotFound()
    return FILES[name]


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
