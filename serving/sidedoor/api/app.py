"""The application: routes over one engine."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.middleware.cors import CORSMiddleware

from sidedoor.analyzer import Analyzer
from sidedoor.api import openapi, pages, problems
from sidedoor.api.engine import Engine
from sidedoor.api.intake import Intake
from sidedoor.api.keys import Keys
from sidedoor.api.lifecycle import Lifecycle, Phase
from sidedoor.api.metrics import Metrics
from sidedoor.api.observer import Observer
from sidedoor.api.offsets import in_utf16
from sidedoor.api.problems import ApiError
from sidedoor.api.schemas import (
    AnalysisOut,
    BatchIn,
    BatchOut,
    MessageIn,
    ModelOut,
    Offsets,
    StatusOut,
)
from sidedoor.api.settings import Settings
from sidedoor.api.tracing import Trace
from sidedoor.model_folder import MODEL_FILE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def create_app(
    analyzer: Analyzer,
    settings: Settings,
    lifecycle: Lifecycle | None = None,
    *,
    provider: "TracerProvider | None" = None,
    lost_lines: Callable[[], float] = lambda: 0,
) -> FastAPI:
    """The API over an analyzer.

    `lifecycle` tells whether it is ready and admits, `provider` makes trace spans where there
    is one, `lost_lines` counts the log lines that could not be written.
    """
    lifecycle = lifecycle or Lifecycle()
    metrics = Metrics(analyzer.config)
    metrics.lost_log_lines.set_function(lost_lines)
    engine = Engine(analyzer, settings, lifecycle, metrics)
    metrics.waiting.set_function(lambda: engine.waiting)
    if analyzer.cache is not None:
        metrics.watch(analyzer.cache)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        analyzer.analyze("warm-up")
        lifecycle.phase = Phase.SERVING
        yield
        lifecycle.phase = Phase.CLOSED
        engine.close(timeout_s=5)

    app = openapi.application(lifespan, settings)
    _add_analysis(app, engine, metrics)
    _add_status(app, engine, metrics, lifecycle)
    pages.add(app, settings)
    problems.install(app)
    _add_middleware(app, settings, engine, metrics, provider)
    return app


def _add_analysis(app: FastAPI, engine: Engine, metrics: Metrics) -> None:
    @app.post("/v1/analyze", response_model=AnalysisOut, responses=openapi.ANALYSIS_ERRORS)
    async def analyze(
        request: Request, message: MessageIn, offsets: Offsets = "codepoints"
    ) -> Response:
        """Analyses one message."""
        analyses = await engine.analyze([message.message()], request.receive)
        metrics.count(analyses)
        body = analyses[0].to_dict()
        return _json(in_utf16(message.text, body) if offsets == "utf16" else body)

    @app.post("/v1/analyze/batch", response_model=BatchOut, responses=openapi.ANALYSIS_ERRORS)
    async def analyze_batch(
        request: Request, batch: BatchIn, offsets: Offsets = "codepoints"
    ) -> Response:
        """Analyses up to 256 messages, independently of each other."""
        messages = [message.message() for message in batch.messages]
        analyses = await engine.analyze(messages, request.receive)
        metrics.count(analyses)
        bodies = [analysis.to_dict() for analysis in analyses]
        if offsets == "utf16":
            texts = [message.text for message in messages]
            bodies = [in_utf16(text, body) for text, body in zip(texts, bodies, strict=True)]
        return _json({"results": bodies})


def _add_status(app: FastAPI, engine: Engine, metrics: Metrics, lifecycle: Lifecycle) -> None:
    config = engine.analyzer.config

    @app.get("/v1/model", response_model=ModelOut, responses=openapi.errors(401))
    async def model() -> Any:
        """The model that answers, with its thresholds."""
        return {
            **config.model_dump(
                include={"name", "pii_types", "base_model", "corpus_sha256", "versions"}
            ),
            "intents": [{"name": i.name, "threshold": i.threshold} for i in config.intents],
            "model_sha256": config.files[MODEL_FILE],
        }

    @app.get("/healthz")
    async def health() -> StatusOut:
        """Whether the process is alive."""
        return StatusOut(status="ok")

    @app.get("/readyz", responses=openapi.errors(503))
    async def ready() -> StatusOut:
        """Whether the model is loaded and the service is not about to stop."""
        if not lifecycle.ready:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE, f"The service is {lifecycle.phase.value}."
            )
        return StatusOut(status="ok")

    @app.get("/metrics", include_in_schema=False)
    async def prometheus() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_middleware(
    app: FastAPI,
    settings: Settings,
    engine: Engine,
    metrics: Metrics,
    provider: "TracerProvider | None",
) -> None:
    """The last added is the outermost."""
    app.add_middleware(
        Intake, receive_s=settings.receive_s, metrics=metrics, refusal=engine.refusal
    )
    if settings.api_keys:
        app.add_middleware(Keys, keys=settings.api_keys, metrics=metrics)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Server-Timing", "Retry-After"],
        )
    paths = [route.path for route in app.routes if isinstance(route, APIRoute)]
    app.add_middleware(Observer, metrics=metrics, paths=paths)
    if provider:
        app.add_middleware(Trace, provider=provider)


def _json(content: Any) -> Response:
    """Written by pydantic's encoder, unchecked: the analysis is our own, its form is tested."""
    return Response(to_json(content), media_type="application/json")
