"""What the OpenAPI description says beside the routes: errors, keys, names of operations."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from sidedoor.api.schemas import ProblemOut
from sidedoor.api.settings import Settings

DESCRIPTION: Final = (
    "Tells side-door invitations in marketplace messages from talk about the rules and from "
    "work details, marks personal data, and says what to do. Every answer has an X-Request-ID."
)
_MEANING: Final = {
    400: "The body can't be read as JSON",
    401: "No valid API key",
    408: "The body came too slowly",
    413: "The body is over 1 MiB",
    415: "The body is not declared as JSON",
    422: "A field is missing, unknown, ill-typed or over its limit",
    503: "The queue is full, or the service is stopping",
    504: "No answer within the deadline",
}
Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int) -> Responses:
    """Declares errors, each as a problem."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    declared: dict[str, Any] = {
        "description": _MEANING[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status == 503:
        declared["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return declared


ANALYSIS_ERRORS: Final = errors(*_MEANING)


def application(
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]], settings: Settings
) -> FastAPI:
    """An application without routes, whose description holds what all of them share."""
    app = _Application(
        title="Sidedoor",
        version="1",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.guarded = bool(settings.api_keys)
    return app


class _Application(FastAPI):
    """FastAPI, its description completed."""

    guarded = False

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = super().openapi()
            parts = schema["components"]["schemas"]
            parts["ProblemOut"] = ProblemOut.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                parts.pop(unused, None)
            if self.guarded:
                schemes = {"key": {"type": "http", "scheme": "bearer"}}
                schema["components"]["securitySchemes"] = schemes
                for path in (path for path in schema["paths"] if path.startswith("/v1/")):
                    for operation in schema["paths"][path].values():
                        operation["security"] = [{"key": []}]
        return super().openapi()


def _operation_id(route: APIRoute) -> str:
    return route.name
