"""How many cores the process may use: affinity, and the quota of its container."""

import math
import os
from pathlib import Path
from typing import Final

CGROUP: Final = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """The cores that this process may use, at least 1.

    Inside a container that is the container's quota, rounded up, where it is smaller than the
    number of cores that the scheduler allows: more threads than that only wait for each other.
    """
    return max(1, min(_allowed(), _quota(cgroup)))


def _allowed() -> int:
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(cgroup: Path) -> int:
    """The quota of control groups, version 2 or 1, in whole cores; a large number where none is.

    The files are described in the kernel's documentation of `cpu.max` and `cpu.cfs_quota_us`.
    """
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return os.cpu_count() or 1
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return os.cpu_count() or 1
    return math.ceil(int(quota) / int(period))
