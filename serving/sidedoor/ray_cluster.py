"""The Ray cluster to work on: one that runs already, or this machine alone for as long as needed.

What Ray reads as it is imported, those set who import it first; this it reads as it starts.
"""

import logging
import os
from typing import Any, Final

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
import ray

from sidedoor.errors import ConfigurationError

LOCAL_STORE_BYTES: Final = 100 * 1024 * 1024
"""Ray's object store on this machine; little goes through it."""


def connect(address: str | None, cores: int) -> None:
    """Joins the cluster at the address, or starts one on this machine that counts `cores`.

    Raises:
        ConfigurationError: the cluster can't be reached or started.
    """
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        settings |= {
            "num_cpus": cores,
            "include_dashboard": False,
            "object_store_memory": LOCAL_STORE_BYTES,
        }
    try:
        ray.init(address or "local", **settings)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"Ray can't be reached at {address or 'this machine'} ({type(error).__name__}); "
            "check --ray-address, or leave it out to use this machine's cores"
        ) from None
