"""One bounded queue in front of one analysing thread a core."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus

from sidedoor.analysis import Analysis
from sidedoor.analyzer import Analyzer, usable_cores
from sidedoor.api.problems import ApiError
from sidedoor.message import Message


class Engine:
    """Analyses messages for the API: admits as much as `capacity`, answers within `deadline_s`.

    Work whose caller has gone or whose deadline is over is dropped before it runs.
    """

    def __init__(self, analyzer: Analyzer, *, capacity: int, deadline_s: float) -> None:
        self.analyzer = analyzer
        self.waiting = 0
        """Messages that are admitted and not yet answered."""
        self._capacity = capacity
        self._deadline_s = deadline_s
        self._pool = ThreadPoolExecutor(usable_cores(), thread_name_prefix="sidedoor")

    async def analyze(self, messages: Sequence[Message]) -> list[Analysis]:
        """Analyses messages, spread over the threads.

        Raises:
            ApiError: 503 at once where the queue is full, 504 where the deadline passes.
        """
        if self.waiting and self.waiting + len(messages) > self._capacity:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The queue is full; try again in a second.",
                {"Retry-After": "1"},
            )
        self.waiting += len(messages)
        futures: list[Future[Analysis]] = []
        try:
            futures = [self._pool.submit(self.analyzer.analyze, message) for message in messages]
            gathered = asyncio.gather(*(asyncio.wrap_future(future) for future in futures))
            return await asyncio.wait_for(gathered, self._deadline_s)
        except TimeoutError:
            raise ApiError(
                HTTPStatus.GATEWAY_TIMEOUT,
                f"No answer within {self._deadline_s:g} seconds; send fewer messages at once.",
            ) from None
        finally:
            self.waiting -= len(messages)
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """Finishes what runs; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
