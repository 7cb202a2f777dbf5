"""What a measurement says of the machine it was made on; processes' memory and cores."""

import os
import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sidedoor.cores import usable_cores


def machine(*packages: str) -> dict[str, Any]:
    """Processor, cores, versions, commit and date."""
    processor, flags = platform.processor(), ""
    with suppress(OSError):
        rows = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
        fields = {name.strip(): value.strip() for name, _, value in rows}
        processor, flags = fields.get("model name", processor), fields.get("flags", "")
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "processor": processor,
        "cores": usable_cores(),
        "vnni": "vnni" in flags,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "commit": done.stdout.strip() or "unknown",
        "date": datetime.now(UTC).date().isoformat(),
    }


def stay_on(cores: int) -> None:
    """Keeps this process, and all that it will start, to so many cores, if the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def resident_mb(process: int, *, shared: bool = False) -> float:
    """A process's memory; 0 where it is gone. Pages that it shares count only if `shared`."""
    with suppress(OSError, IndexError):
        pages, common = map(int, Path(f"/proc/{process}/statm").read_text().split()[1:3])
        return round((pages if shared else pages - common) * 4096 / 2**20, 1)
    return 0.0


def processes(title: str, mark: str) -> list[int]:
    """Processes whose title begins so and whose environment holds the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(title.encode()) and (
                mark.encode() in (folder / "environ").read_bytes()
            ):
                found.append(int(folder.name))
    return sorted(found)
