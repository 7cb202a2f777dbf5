"""A contestant in a process of its own, and the handle by which it is asked.

Requests and answers are lines of JSON. What a library prints goes to standard error.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import resident_mb, stay_on
from benchmarks.peers import PEERS, Place

FIRST: Final = "Hello, is this still available?"
ROOT: Final = Path(__file__).parents[2]


class ContestantError(Exception):
    """A contestant that can't run here, and why."""


class Running:
    """A contestant that has given its first answer; `start_s` says how long that took.

    Raises:
        ContestantError: from any method, if it can't be loaded, fails or dies.
    """

    def __init__(self, name: str, place: Place, texts: Path) -> None:
        started = time.perf_counter()
        arguments = [name, str(place.work), str(place.model), str(place.threads), str(texts)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.process", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "OMP_NUM_THREADS": str(place.threads),
                "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",
                "HF_HUB_OFFLINE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._requests: Any = self._process.stdin
        self._answers: Any = self._process.stdout
        self._read()
        self.start_s = time.perf_counter() - started

    def many(self, texts: str) -> float:
        """Seconds for all texts of this name, with all threads."""
        seconds: float = self._ask("many", texts)
        return seconds

    def one(self, texts: str) -> list[float]:
        """Milliseconds for each of the texts of this name, one after the other."""
        times: list[float] = self._ask("one", texts)
        return times

    def resident_mb(self) -> float:
        """Its memory, the pages of its libraries among it."""
        return resident_mb(self._process.pid, shared=True)

    def close(self) -> None:
        """Ends the process; may be called again."""
        with suppress(OSError):  # it may have gone with a request unread
            self._requests.close()
        self._answers.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, what: str, texts: str) -> Any:
        with suppress(OSError):  # a process that is gone gives no answer either
            self._requests.write(json.dumps([what, texts]) + "\n")
            self._requests.flush()
        return self._read()

    def _read(self) -> Any:
        line = self._answers.readline()
        answer = json.loads(line) if line else {}
        if "value" not in answer:
            self.close()
            code = self._process.returncode
            raise ContestantError(answer.get("error", f"its process ended with {code}"))
        return answer["value"]


def main() -> None:
    name, work, model, threads, texts = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    stay_on(int(threads))
    try:
        contestant = PEERS[name].load(Place(Path(work), Path(model), int(threads)))
        contestant.one(FIRST)
        contents: Mapping[str, list[str]] = json.loads(Path(texts).read_text(encoding="utf-8"))
        _say(answers, value=None)
        for line in sys.stdin:
            what, key = json.loads(line)
            measure = _many if what == "many" else _one
            _say(answers, value=measure(contestant, contents[key]))
    except Exception as error:
        # whatever it is, the others run on, and the result says what it was
        _say(answers, error=_reason(error))


def _many(contestant: Any, texts: Sequence[str]) -> float:
    start = time.perf_counter()
    contestant.many(texts)
    return time.perf_counter() - start


def _one(contestant: Any, texts: Sequence[str]) -> list[float]:
    times = []
    for text in texts:
        start = time.perf_counter()
        contestant.one(text)
        times.append(1000 * (time.perf_counter() - start))
    return times


def _reason(error: Exception) -> str:
    """What the result says; a library's words, which may hold a text or a path, are only shown."""
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return str(error) if isinstance(error, ImportError) else type(error).__name__


def _say(answers: Any, **content: Any) -> None:
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
