"""The application: routes over one engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from sidedoor.analyzer import Analyzer
from sidedoor.api import problems
from sidedoor.api.engine import Engine
from sidedoor.api.metrics import Metrics
from sidedoor.api.middleware import BodyLimit, Measure
from sidedoor.api.schemas import (
    AnalysisOut,
    BatchIn,
    BatchOut,
    MessageIn,
    ModelOut,
    ProblemOut,
    StatusOut,
)
from sidedoor.model_folder import MODEL_FILE

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemOut, "content": {"application/problem+json": {}}}
    for status in (413, 422, 503, 504)
}


def create_app(analyzer: Analyzer, *, capacity: int = 512, deadline_s: float = 10.0) -> FastAPI:
    """The API over an analyzer.

    `capacity` is the number of messages admitted at once, `deadline_s` the seconds within
    which each request is answered.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = Engine(analyzer, capacity=capacity, deadline_s=deadline_s)
        metrics.waiting.set_function(lambda: engine.waiting)
        analyzer.analyze("warm-up")
        app.state.engine = engine
        yield
        engine.close()

    app = FastAPI(title="Sidedoor", version="1", lifespan=lifespan)
    app.state.metrics = metrics
    app.add_middleware(BodyLimit)
    app.add_middleware(Measure, metrics=metrics)
    problems.install(app)
    _add_routes(app)
    return app


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


EngineDependency = Annotated[Engine, Depends(_engine)]
MetricsDependency = Annotated[Metrics, Depends(_metrics)]


def _add_routes(app: FastAPI) -> None:
    @app.post("/v1/analyze", response_model=AnalysisOut, responses=_ERRORS)
    async def analyze(body: MessageIn, engine: EngineDependency, metrics: MetricsDependency) -> Any:
        """Analyses one message."""
        analyses = await engine.analyze([body.message()])
        metrics.count(analyses)
        return analyses[0].to_dict()

    @app.post("/v1/analyze/batch", response_model=BatchOut, responses=_ERRORS)
    async def analyze_batch(
        body: BatchIn, engine: EngineDependency, metrics: MetricsDependency
    ) -> Any:
        """Analyses up to 256 messages, independently of each other."""
        analyses = await engine.analyze([message.message() for message in body.messages])
        metrics.count(analyses)
        return {"results": [analysis.to_dict() for analysis in analyses]}

    @app.get("/v1/model", response_model=ModelOut)
    async def model(engine: EngineDependency) -> Any:
        """The model that answers, with its thresholds."""
        config = engine.analyzer.config
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

    @app.get("/readyz", responses={503: _ERRORS[503]})
    async def ready(engine: EngineDependency) -> StatusOut:
        """Whether the model is loaded and messages are admitted."""
        return StatusOut(status="ok")

    @app.get("/metrics", include_in_schema=False)
    async def prometheus(metrics: MetricsDependency) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
