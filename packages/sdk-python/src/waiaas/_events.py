"""Server-sent events, as far as the daemon uses them; without listening to any."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import local_error

#: Seconds. The daemon shows every 15 s that it is there.
SILENCE = 45.0
#: Longest message that is read, characters: nobody can fill the memory of a listener.
LONGEST = 1_000_000


@dataclass(frozen=True)
class StreamEvent:
    """One event by its lines; what is none of the fields that are used is passed over."""

    name: str
    data: str


class EventReader:
    """Makes events of bytes, however the network cuts them."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """The events that are whole by now.

        :raises WAIaaSError: UNKNOWN_ERROR for a message that has no end
        """
        *messages, self._rest = (self._rest + self._decoder.decode(chunk)).split("\n\n")
        if len(self._rest) > LONGEST:
            raise local_error("UNKNOWN_ERROR", "A message of the stream has no end")
        return map(_read_event, messages)


def _read_event(message: str) -> StreamEvent:
    def of(field: str) -> list[str]:
        return [line.removeprefix(field) for line in message.split("\n") if line.startswith(field)]

    return StreamEvent(name=([""] + of("event: "))[-1], data="\n".join(of("data: ")))
