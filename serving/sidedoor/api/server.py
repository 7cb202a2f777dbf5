"""Runs the API under uvicorn."""

from pathlib import Path
from typing import Final

import uvicorn

from sidedoor.analyzer import Analyzer
from sidedoor.api.app import create_app
from sidedoor.policy import Policy

GRACE_S: Final = 10
"""Seconds that requests in flight are given at the end."""


def run(host: str, port: int, model: Path, policy: Path) -> None:
    """Serves until told to stop.

    Raises:
        ModelFolderError: the model can't be loaded.
        PolicyError: the policy can't be used.
    """
    analyzer = Analyzer.load(model, policy=Policy.load(policy))
    uvicorn.run(
        create_app(analyzer),
        host=host,
        port=port,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
