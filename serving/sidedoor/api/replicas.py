"""The API as a Ray Serve application: the same routes, in replicas of one thread each.

Ray Serve's HAProxy stands in front and gives a request to another replica where the one that
had it is gone: an analysis changes nothing, so it may be done again. Needs the extra `ray`.

    serve run sidedoor.api.replicas:build replicas=2
"""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Annotated, Any, Final

# Read by Ray Serve as it is imported, and by the processes that it starts. What was set already
# stays. Ray brings its HAProxy for Linux alone; elsewhere, its own proxy sends nothing again.
if sys.platform == "linux":
    os.environ.setdefault("RAY_SERVE_ENABLE_HA_PROXY", "1")
os.environ.setdefault("RAY_SERVE_HAPROXY_RETRY_ON", "conn-failure empty-response junk-response")
os.environ.setdefault("RAY_SERVE_HAPROXY_RETRIES", "3")
# A request can be sent again as long as it lies in one buffer, as most messages do.
os.environ.setdefault("RAY_SERVE_HAPROXY_TUNE_BUFSIZE", "65536")
# A replica that is to stop goes on answering until the proxy knows.
os.environ.setdefault("RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S", "5")
import ray
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ray import serve
from ray.serve.config import AutoscalingConfig, HTTPOptions

from sidedoor.analyzer import Analyzer
from sidedoor.api import logs
from sidedoor.api.app import create_app
from sidedoor.api.settings import Settings, check_exposure, load_settings
from sidedoor.cores import usable_cores
from sidedoor.errors import ConfigurationError
from sidedoor.policy import Policy
from sidedoor.ray_cluster import connect

NAME: Final = "sidedoor"
MAX_ONGOING: Final = 32
"""Most requests a replica has at a time; what other numbers do is in
`benchmarks/results/failover.json`.
"""

Count = Annotated[int, Field(ge=1)]


class Scale(BaseModel):
    """How many replicas there are; with `max_replicas`, as many as the queue asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    replicas: Count = 1
    max_replicas: Count | None = None
    target_ongoing_requests: Annotated[float, Field(gt=0)] = 8
    """Requests a replica that a replica more or less is to bring about."""
    max_ongoing_requests: Count = MAX_ONGOING


def build(arguments: dict[str, Any]) -> serve.Application:
    """The application for `serve run` and for Serve's configuration file.

    Raises:
        ConfigurationError: an argument or a setting is unknown or ill-typed.
    """
    return application(load_settings(), read_scale(arguments))


def read_scale(arguments: dict[str, Any]) -> Scale:
    """The scale that arguments describe.

    Raises:
        ConfigurationError: an argument is unknown or ill-typed.
    """
    try:
        return Scale.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def application(settings: Settings, scale: Scale) -> serve.Application:
    """The application of these settings; `host`, `port` and `threads` are not its own."""
    one_thread = settings.model_copy(update={"threads": 1})

    def app() -> FastAPI:
        writer = logs.install(one_thread)
        analyzer = Analyzer.load(
            one_thread.model, policy=Policy.load(one_thread.policy), cache=one_thread.cache
        )
        return create_app(analyzer, one_thread, lost_lines=lambda: writer.lost)

    as_deployment: Any = serve.deployment(
        name="Sidedoor",
        ray_actor_options={"num_cpus": 1},
        max_ongoing_requests=scale.max_ongoing_requests,
        graceful_shutdown_timeout_s=settings.stop_s,
        # By this alone Serve learns that a replica is gone; it asks every 10 s if not told.
        health_check_period_s=1,
        logging_config={"enable_access_log": False},
        **_replicas(scale),
    )
    bound: serve.Application = as_deployment(serve.ingress(app)(_Replica)).bind()
    return bound


class _Replica:
    """What Ray Serve makes an actor of; the application is all that it has."""


def run(settings: Settings, scale: Scale, *, address: str | None, no_auth: bool = False) -> None:
    """Serves until told to stop, on the cluster at the address or else on this machine.

    Raises:
        ConfigurationError: the settings contradict each other, or there is no such cluster.
        ModelFolderError: the model can't be loaded.
        PolicyError: the policy can't be used.
    """
    check_exposure(settings, no_auth=no_auth)
    Analyzer.load(settings.model, policy=Policy.load(settings.policy))
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    # Serve's controller and proxy take no core of their own
    connect(address, cores=max(usable_cores(), scale.max_replicas or scale.replicas))
    stop = threading.Event()

    def handle(_: int, __: FrameType | None) -> None:
        stop.set()

    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, handle)
    try:
        serve.start(http_options=HTTPOptions(host=settings.host, port=settings.port))
        serve.run(application(settings, scale), name=NAME, route_prefix="/")
        print(f"ready at http://{settings.host}:{settings.port}", flush=True)
        stop.wait()
        serve.delete(NAME)
    finally:
        if address is None:
            serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def _replicas(scale: Scale) -> dict[str, Any]:
    if scale.max_replicas is None:
        return {"num_replicas": scale.replicas}
    if scale.max_replicas < scale.replicas:
        raise ConfigurationError(
            f"max_replicas: {scale.max_replicas} is less than replicas: {scale.replicas}"
        )
    return {
        "autoscaling_config": AutoscalingConfig(
            min_replicas=scale.replicas,
            max_replicas=scale.max_replicas,
            target_ongoing_requests=scale.target_ongoing_requests,
        )
    }
