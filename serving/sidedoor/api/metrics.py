"""Counts and times for Prometheus; labels are names of the model and the policy, never text."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

from sidedoor.analysis import Analysis
from sidedoor.cache import Cache
from sidedoor.model_folder import MODEL_FILE, ModelConfig

SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self, model: ModelConfig) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._registry = registry
        self.requests = Counter(
            "sidedoor_requests", "HTTP requests.", ["path", "status"], registry=registry
        )
        self.latency = Histogram(
            "sidedoor_request_seconds",
            "Seconds from request to answer.",
            ["path"],
            buckets=SECONDS,
            registry=registry,
        )
        self.waiting = Gauge(
            "sidedoor_waiting_messages", "Messages admitted, not yet answered.", registry=registry
        )
        self.wait = Histogram(
            "sidedoor_queue_seconds",
            "Seconds from admission to the first message's start.",
            buckets=SECONDS,
            registry=registry,
        )
        self.rejections = Counter(
            "sidedoor_rejections", "Requests refused.", ["reason"], registry=registry
        )
        self.lost_log_lines = Gauge(
            "sidedoor_lost_log_lines",
            "Log lines that could not be written.",
            registry=registry,
        )
        self._messages = Counter(
            "sidedoor_messages", "Messages analysed.", ["action", "rule"], registry=registry
        )
        self._spans = Counter("sidedoor_spans", "Spans found.", ["type"], registry=registry)
        Gauge(
            "sidedoor_model",
            "The model that answers; always 1.",
            ["name", "sha256", "version"],
            registry=registry,
        ).labels(model.name, model.files[MODEL_FILE], version("sidedoor")).set(1)

    def count(self, analyses: Iterable[Analysis]) -> None:
        """Counts what was found and decided."""
        for analysis in analyses:
            self._messages.labels(analysis.decision.action, analysis.decision.rule).inc()
            for span in analysis.pii:
                self._spans.labels(span.type).inc()

    def watch(self, cache: Cache) -> None:
        """Takes up the cache's counts of hits and misses."""
        self._registry.register(_CacheCounts(cache))

    def text(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self._registry)


class _CacheCounts(Collector):
    """Reads the counts as they are asked for: nothing is counted twice on a message's way."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(
            "sidedoor_cache_lookups", "Messages looked up in the cache.", labels=["result"]
        )
        family.add_metric(["hit"], self._cache.hits)
        family.add_metric(["miss"], self._cache.misses)
        yield family
