"""The pages: the playground and the reference, with all that they load."""

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response

from sidedoor.api.reference import reference
from sidedoor.api.settings import Settings

FOLDER: Final = Path(__file__).parent / "playground"
FILES: Final = {
    "/": ("index.html", "text/html"),
    "/playground.js": ("playground.js", "text/javascript"),
    "/style.css": ("style.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add(app: FastAPI, settings: Settings) -> None:
    """Adds the pages' routes; without the playground, the reference and its style remain."""
    for path, (name, media_type) in FILES.items():
        if settings.playground or name in ("style.css", "icon.svg"):
            _add_file(app, path, name, media_type)

    @cache
    def html() -> str:
        return reference(app.openapi())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(html(), headers=HEADERS, media_type="text/html")


def _add_file(app: FastAPI, path: str, name: str, media_type: str) -> None:
    content = (FOLDER / name).read_bytes()

    @app.get(path, include_in_schema=False, name=name)
    async def file() -> Response:
        return Response(content, headers=HEADERS, media_type=media_type)
