"""A cache of computed results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_Result = TypeVar("_Result")


class LeastRecentlyUsed(Generic[_Result]):
    """A cache of a fixed size, which drops the result that was not used for the longest time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: dict[Hashable, _Result] = {}

    def get(self, key: Hashable, compute: Callable[[], _Result]) -> _Result:
        """Return the cached result, or compute it."""
        # The result that was used last is at the end.
        result = self._results.pop(key) if key in self._results else compute()
        self._results[key] = result
        if len(self._results) > self._size:
            del self._results[next(iter(self._results))]
        return result

    def clear(self) -> None:
        """Drop all results."""
        self._results.clear()
