"""One bounded queue in front of one analysing thread a core."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from queue import SimpleQueue

from starlette.types import Receive

from sidedoor.analysis import Analysis
from sidedoor.analyzer import Analyzer
from sidedoor.api.lifecycle import Lifecycle
from sidedoor.api.metrics import Metrics
from sidedoor.api.problems import ApiError, ClientGoneError
from sidedoor.api.settings import Settings
from sidedoor.message import Message


class _Job:
    """The messages of one request and what has come of them."""

    def __init__(self, messages: Sequence[Message], deadline: float) -> None:
        self.messages = messages
        self.deadline = deadline
        self.admitted = time.monotonic()
        self.next = 0
        """The message that is next to run; touched by whoever took the job off the queue."""
        self.results: dict[int, Analysis] = {}
        self.done: asyncio.Future[list[Analysis]] = asyncio.get_running_loop().create_future()

    def settle(self, error: Exception | None = None) -> None:
        """Answers the request, from any thread; the first answer counts."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.done.get_loop().call_soon_threadsafe(self._settle, error)

    def _settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result([self.results[k] for k in range(len(self.messages))])
        else:
            self.done.set_exception(error)


class Engine:
    """Analyses messages for the API: admits while fewer than `queue` wait, each answer in time.

    A batch may overfill the queue by its own messages: admission then needs no count, and single
    messages never keep a large batch out for good.
    Requests take turns, message by message, so that a batch does not hold up a single message.
    Work whose client has gone or whose deadline is over is dropped before it runs.
    """

    def __init__(
        self, analyzer: Analyzer, settings: Settings, lifecycle: Lifecycle, metrics: Metrics
    ) -> None:
        self.analyzer = analyzer
        self.waiting = 0
        """Messages that are admitted and not yet answered."""
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._capacity = settings.queue
        self._deadline_s = settings.deadline_s
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"sidedoor-{k}", daemon=True)
            for k in range(settings.threads)
        ]
        for thread in self._threads:
            thread.start()

    async def analyze(self, messages: Sequence[Message], receive: Receive) -> list[Analysis]:
        """Analyses a request's messages; `receive` tells when its client has gone.

        Raises:
            ApiError: 503 at once where nothing is admitted, 504 where the deadline passes.
            ClientGoneError: the client has closed the connection.
        """
        if refusal := self.refusal():
            raise refusal
        job = _Job(messages, time.monotonic() + self._deadline_s)
        self.waiting += len(messages)
        watcher = asyncio.create_task(_watch(receive, job))
        self._queue.put(job)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await job.done
        except TimeoutError:
            self._metrics.rejections.labels("deadline").inc()
            raise ApiError(
                HTTPStatus.GATEWAY_TIMEOUT,
                f"No answer within {self._deadline_s:g} seconds; send fewer messages at once.",
            ) from None
        finally:
            self.waiting -= len(messages)
            job.done.cancel()
            watcher.cancel()

    def refusal(self) -> ApiError | None:
        """Why nothing is admitted now, if so; counted as a rejection."""
        if not self._lifecycle.admits:
            reason, detail = "stopping", "The service is stopping; ask another instance."
        elif self.waiting >= self._capacity:
            reason, detail = "queue", "The queue is full; try again in a second."
        else:
            return None
        self._metrics.rejections.labels(reason).inc()
        return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "1"})

    def close(self, timeout_s: float) -> None:
        """Ends the threads, and waits for what they run."""
        for _ in self._threads:
            self._queue.put(None)
        end = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if job.done.done() or time.monotonic() > job.deadline:
                continue
            index = job.next
            job.next += 1
            if index == 0:
                self._metrics.wait.observe(time.monotonic() - job.admitted)
            if job.next < len(job.messages):
                self._queue.put(job)
            self._run(job, index)

    def _run(self, job: _Job, index: int) -> None:
        try:
            job.results[index] = self.analyzer.analyze(job.messages[index])
        except Exception as error:
            job.settle(error)
            return
        if len(job.results) == len(job.messages):
            job.settle()


async def _watch(receive: Receive, job: _Job) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    job.settle(ClientGoneError())
