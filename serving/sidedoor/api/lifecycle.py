"""Where the process stands between its start and its end."""

from enum import Enum


class Phase(Enum):
    """The phases, in their order."""

    STARTING = "starting"
    SERVING = "ok"
    DRAINING = "stopping"
    """Not ready, but still admitting: what stands in front may not have noticed yet."""
    CLOSED = "closed"
    """Answering what is admitted, and nothing else."""


class Lifecycle:
    """The phase that readiness and admission go by."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING

    @property
    def ready(self) -> bool:
        return self.phase is Phase.SERVING

    @property
    def admits(self) -> bool:
        return self.phase in (Phase.SERVING, Phase.DRAINING)
