"""Notices as a stranger sees them, drawn once for all who ask in the next minutes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from chassis.messaging import codec
from contracts.rpc.notices import Document, NoticeRequest
from contracts.rpc.practices import Practice

_FRESH_S: Final = 300.0
_MAX_DOCUMENTS: Final = 128


class PublicNotices:
    """Holds notices of practices that are shown masked: they are the same for everybody, and hold nothing personal.

    What the practice looks like is part of the key, so a change of it (paid, amended, annulled) is seen at once. Plans
    and penalties are not held: their other amounts change without this one. One per process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[tuple[bytes, str, str | None], tuple[float, Document]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, practice: Practice, request: NoticeRequest, draw: Callable[[], Document]) -> Document:
        """Return the notice of `practice`, which who asks has just been shown; `draw` asks for it."""
        if not practice.masked or request.whole_plan or request.full_amount_id:
            return draw()
        key = (codec.write(practice), request.language, request.second_language)
        with self._lock:
            held = self._held.get(key)
        if held and self._clock() - held[0] < _FRESH_S:
            return held[1]
        document = draw()
        with self._lock:
            self._held[key] = (self._clock(), document)
            while len(self._held) > _MAX_DOCUMENTS:
                self._held.popitem(last=False)
        return document
