"""How calls wait for each other: one class for threads, one for tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import anyio

T = TypeVar("T")


class Monitor:
    """For threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()

    def when(self, step: Callable[[], T | None]) -> T:
        """Takes a step as soon as it can be taken: until then it gives None and changes nothing."""
        with self._condition:
            while (made := step()) is None:
                self._condition.wait()
            return made

    def change(self, step: Callable[[], None]) -> None:
        """Takes a step that can always be taken; those that wait look again."""
        with self._condition:
            step()
            self._condition.notify_all()

    def to_its_end(self) -> AbstractContextManager[object]:
        """Around what must not be cut off half-way: nobody can cancel a thread."""
        return nullcontext()


class AsyncMonitor:
    """For tasks of one event loop. Steps are not interrupted, so no lock is needed."""

    def __init__(self) -> None:
        self._changed: anyio.Event | None = None

    async def when(self, step: Callable[[], T | None]) -> T:
        while (made := step()) is None:
            if self._changed is None:
                self._changed = anyio.Event()
            await self._changed.wait()
        return made

    def change(self, step: Callable[[], None]) -> None:
        step()
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()

    def to_its_end(self) -> AbstractContextManager[object]:
        return anyio.CancelScope(shield=True)
