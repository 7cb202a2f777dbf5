"""Errors as `application/problem+json` (RFC 9457) that never repeat a message's text."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sidedoor.api import request_id
from sidedoor.errors import InputError

CLIENT_GONE: Final = 499
"""The status that stands in metrics and logs for a request that nobody waits for any more."""

MAX_ERRORS: Final = 20
"""Most errors of one request that are named."""


class ApiError(Exception):
    """An error with its HTTP status."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class ClientGoneError(Exception):
    """The client has closed the connection before the answer."""


def problem_response(
    status: HTTPStatus,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem as a response."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": request_id.current.get(),
    }
    if errors is not None:
        content["errors"] = errors
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Makes the application answer every error as a problem."""
    app.add_exception_handler(ApiError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(ClientGoneError, _gone)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)  # noqa: S101  (registered for it alone)
    return problem_response(error.status, error.detail, headers=error.headers)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    return problem_response(status, status.description or status.phrase, headers=headers)


async def _input(_: Request, error: Exception) -> JSONResponse:
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Field and reason of each error; the input and its values are left out."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [_entry(entry) for entry in error.errors()[:MAX_ERRORS]]
    detail = "; ".join(f"{entry['field']}: {entry['reason']}" for entry in errors[:3])
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors)


def _entry(error: dict[str, Any]) -> dict[str, Any]:
    entry = {"field": _field(error["loc"]), "reason": _reason(error)}
    limit = error.get("ctx", {}).get("max_length")
    return entry if limit is None else {**entry, "limit": limit}


def _field(location: tuple[Any, ...]) -> str:
    """Where the error is; names that the sender made up are not repeated."""
    parts = [part for part in location if part not in ("body", "query")]
    known = {"text", "surface", "sender", "context", "id", "messages", "offsets"}
    shown = [str(part) if isinstance(part, int) or part in known else "?" for part in parts]
    return ".".join(shown) or "body"


def _reason(entry: dict[str, Any]) -> str:
    kind = entry["type"]
    if kind == "json_invalid":
        return "the body is no valid JSON"
    if kind == "extra_forbidden":
        return "an unknown field stands here"
    return str(entry["msg"])
