"""OpenTelemetry spans of requests, where its SDK is installed and an exporter is named.

The SDK's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_EXPORTER`, …) decide.
"""

import os
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidedoor.api import request_id
from sidedoor.errors import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

KINDS = ("none", "console", "otlp")


class Trace:
    """One span a request; it holds route, status and request id, never a body or a query."""

    def __init__(self, app: ASGIApp, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._tracer = provider.get_tracer("sidedoor")
        self._kind = SpanKind.SERVER
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        with self._tracer.start_as_current_span(
            "other",
            self._propagator.extract({"traceparent": parent.get("traceparent", "")}),
            self._kind,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            async def watch(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self._app(scope, receive, watch)
            if route := getattr(scope.get("route"), "path", None):
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("sidedoor.request_id", request_id.current.get() or "")


def provider_from_environment() -> "TracerProvider | None":
    """The provider that the environment asks for, or None where it asks for none.

    Raises:
        ConfigurationError: it asks for an exporter that is unknown or not installed.
    """
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    kind = os.environ.get("OTEL_TRACES_EXPORTER", "otlp" if endpoint else "none")
    if kind == "none":
        return None
    if kind not in KINDS:
        raise ConfigurationError(
            f"OTEL_TRACES_EXPORTER is {kind!r}; the service knows {', '.join(KINDS)}"
        )
    try:
        return _provider(kind)
    except ImportError as error:
        raise ConfigurationError(
            f"OTEL_TRACES_EXPORTER asks for {kind}, but {error.name} is not installed; install "
            "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http"
        ) from None


def _provider(kind: str) -> "TracerProvider":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "sidedoor")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_exporter(kind)))
    return provider


def _exporter(kind: str) -> "SpanExporter":
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
