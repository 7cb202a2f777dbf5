"""Counts and times for Prometheus; labels are names of the model and the policy, never text."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sidedoor.analysis import Analysis


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sidedoor_requests", "HTTP requests.", ["path", "status"], registry=self._registry
        )
        self.latency = Histogram(
            "sidedoor_request_seconds",
            "Seconds from request to answer.",
            ["path"],
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=self._registry,
        )
        self.waiting = Gauge(
            "sidedoor_waiting_messages", "Messages admitted, not yet answered.",
            registry=self._registry,
        )  # fmt: skip
        self._messages = Counter(
            "sidedoor_messages", "Messages analysed.", ["action", "rule"], registry=self._registry
        )
        self._spans = Counter("sidedoor_spans", "Spans found.", ["type"], registry=self._registry)

    def count(self, analyses: Iterable[Analysis]) -> None:
        """Counts what was found and decided."""
        for analysis in analyses:
            self._messages.labels(analysis.decision.action, analysis.decision.rule).inc()
            for span in analysis.pii:
                self._spans.labels(span.type).inc()

    def text(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self._registry)
