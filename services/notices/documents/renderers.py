"""Rendering processes beside the service: drawing a page takes all of a core and must not hold up the event loop.

The sockets are ordinary ones: in a process made green they let other greenlets run, in a plain one they block.
"""

import os
import queue
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from chassis import deadline, logs
from contracts.errors import Broken, ErrorCode, Unavailable
from services.notices.documents.domain.content import Artwork, Content, LogoFile, UnusableLogo
from services.notices.documents.pdf.protocol import FAILED, read_artwork, receive_frame, send_frame, write_content

log = logs.get_logger(__name__)

_ROOT: Final = Path(__file__).parents[3]
_ATTEMPTS: Final = 2
_STARTS_WITHIN_S: Final = 30.0


class _Gone(Exception):
    """The rendering process ended before it answered."""


class _Renderer:
    """One rendering process and the socket to it."""

    def __init__(self, fonts_dir: Path) -> None:
        self._is_ready = False
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, our own interpreter
                [sys.executable, "-m", "services.notices.documents.pdf.worker", str(theirs.fileno())],
                cwd=_ROOT,
                env={**os.environ, "FONTS_DIR": str(fonts_dir)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, request: bytes, timeout_s: float) -> bytes:
        """Return the reply frame. Raises _Gone, or TimeoutError; after either the renderer must be ended.

        The time a new process takes to load its fonts does not count.
        """
        try:
            if not self._is_ready:
                self._connection.settimeout(deadline.remaining_s(_STARTS_WITHIN_S))
                self._receive()
                self._is_ready = True
            self._connection.settimeout(timeout_s)
            send_frame(self._connection, request)
            return self._receive()
        except TimeoutError:
            raise
        except OSError as error:
            raise _Gone from error

    def _receive(self) -> bytes:
        frame = receive_frame(self._connection)
        if frame is None:
            raise _Gone
        return frame

    def end(self) -> None:
        """Close the socket and see the process off."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


class Renderers:
    """A fixed number of rendering processes. One that dies is replaced; one that is too slow is killed."""

    def __init__(self, *, count: int, timeout_s: float, fonts_dir: Path) -> None:
        self._fonts_dir = fonts_dir
        self._timeout_s = timeout_s
        self._idle: queue.LifoQueue[_Renderer | None] = queue.LifoQueue()
        self._closed = False
        for _ in range(count):
            self._idle.put(_Renderer(fonts_dir))

    def render(self, content: Content) -> bytes:
        """Return the PDF of a document that says this.

        Waits for an idle process. Raises Unavailable when none is idle, or done, in time; Broken(INTERNAL_ERROR) when
        the document cannot be drawn.
        """
        reply = self._reply(content)
        if reply[:1] == FAILED:
            log.error("render_failed", error=reply[1:].decode(), kind=content.kind)
            raise Broken(ErrorCode.INTERNAL_ERROR)
        return reply[1:]

    def prepared_logo(self, path: Path, content_base64: str | None = None) -> Artwork:
        """Return what a page draws of the logo in a file, or of a content under its name.

        Raises UnusableLogo, and Unavailable as `render` does.
        """
        reply = self._reply(LogoFile(str(path), content_base64))
        if reply[:1] == FAILED:
            raise UnusableLogo(reply[1:].decode())
        return read_artwork(reply[1:])

    def pids(self) -> list[int]:
        """Process ids of the idle renderers."""
        return [renderer.pid for renderer in self._idle.queue if renderer]

    def close(self) -> None:
        """End the idle processes at once, the others when they have answered."""
        self._closed = True
        while True:
            try:
                renderer = self._idle.get_nowait()
            except queue.Empty:
                return
            if renderer:
                renderer.end()

    def _reply(self, content: Content | LogoFile) -> bytes:
        request = write_content(content)
        for _ in range(_ATTEMPTS):
            try:
                return self._ask(request)
            except _Gone:
                log.warning("renderer_died")
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)

    def _ask(self, request: bytes) -> bytes:
        timeout_s = max(0.1, deadline.remaining_s(self._timeout_s))
        try:
            renderer = self._idle.get(timeout=timeout_s)
        except queue.Empty:
            log.warning("renderers_busy")
            raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from None
        try:
            # A place left empty by a death is filled by the next request that comes to it.
            renderer = renderer or _Renderer(self._fonts_dir)
            reply = renderer.ask(request, timeout_s)
        except TimeoutError:
            log.warning("renderer_too_slow")
            self._replace(renderer)
            raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from None
        except BaseException:
            self._replace(renderer)
            raise
        self._give_back(renderer)
        return reply

    def _replace(self, renderer: _Renderer | None) -> None:
        if renderer:
            renderer.end()
        self._give_back(None)

    def _give_back(self, renderer: _Renderer | None) -> None:
        if self._closed and renderer:
            renderer.end()
        elif not self._closed:
            self._idle.put(renderer)
