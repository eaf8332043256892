"""Group commit: many writers share a transaction."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_logger = logging.getLogger("snapshelf.events")


class GroupCommit(Generic[T, R]):
    """A thread that writes jobs in order, all waiting jobs in the same transaction.

    A commit waits for the disk. Jobs that arrive meanwhile share the next commit. So the disk does not bound the jobs
    per second, and a single job is written at once.

    Parameters
    ----------
    write : callable
        Jobs → result of each. It writes all jobs, or raises and writes none.
    size : callable
        Size of a job.
    most : int
        Total size above which further jobs wait for the next transaction.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R]], size: Callable[[T], int], most: int
    ) -> None:
        self._write = write
        self._size = size
        self._most = most
        self._waiting: deque[tuple[T, Future[R]]] = deque()
        self._last: Future[R] | None = None
        self._changed = Condition()
        self._closed = False
        self._thread: Thread | None = None

    def submit(self, job: T) -> Future[R]:
        """Queue a job; the future is done when the job is on disk.

        Raises
        ------
        RuntimeError
            The writer is closed.
        """
        future: Future[R] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("closed")
            self._waiting.append((job, future))
            self._last = future
            if self._thread is None:
                # A daemon, so that a program that forgets to close ends all the same.
                self._thread = Thread(target=self._run, name="snapshelf-journal", daemon=True)
                self._thread.start()
            self._changed.notify()
        return future

    def wait(self) -> None:
        """Wait until all submitted jobs are written or have failed."""
        with self._changed:
            last = self._last
        if last is not None:
            last.exception()

    def close(self) -> None:
        """Write the waiting jobs and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            try:
                results = self._write([job for job, _ in group])
            except BaseException as error:
                _logger.warning("events or impressions could not be written: %s", error)
                for _, future in group:
                    future.set_exception(error)
            else:
                for (_, future), result in zip(group, results, strict=True):
                    future.set_result(result)

    def _next(self) -> list[tuple[T, Future[R]]]:
        """Return the waiting jobs; an empty list after `close`."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            group: list[tuple[T, Future[R]]] = []
            size = 0
            while self._waiting and (not group or size < self._most):
                group.append(self._waiting.popleft())
                size += self._size(group[-1][0])
            return group
