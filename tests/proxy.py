"""A TCP proxy whose connections can be cut or go silent, and which can refuse new ones."""

import contextlib
import socket
import threading


class Proxy:
    """Stands before a server on a port of its own: closed until `open`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._silent: set[str] = set()
        self._silenced: set[socket.socket] = set()
        self._directions: dict[socket.socket, str] = {}
        with socket.socket() as chooser:
            chooser.bind(("127.0.0.1", 0))
            self.port: int = chooser.getsockname()[1]

    def open(self) -> None:
        """Take connections."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def reopen(self) -> None:
        """Take connections, if it does not."""
        if self._listener is None:
            self.open()

    def close(self) -> None:
        """Cut everything and refuse new connections."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def silence(self, direction: str, *, new_ones: bool = True) -> None:
        """Forward nothing any more `there`, `back` or in `both` directions: bytes are swallowed, no end is told.

        Connections of now stay silent for ever. New ones are taken, and are silent too until `speak`.
        """
        directions = {"there", "back"} if direction == "both" else {direction}
        self._silenced |= {source for source in self._open if self._directions[source] in directions}
        self._silent = directions if new_ones else set()

    def speak(self) -> None:
        """Forward what new connections say; those that went silent stay so."""
        self._silent = set()

    def cut(self) -> None:
        """Cut the connections that are open now."""
        taken, self._open = self._open, []
        for end in taken:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self._target, timeout=5)
                far.settimeout(None)
            except OSError:
                return
            self._open += [near, far]
            self._directions.update({near: "there", far: "back"})
            self._silenced |= {source for source in (near, far) if self._directions[source] in self._silent}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if source in self._silenced:
                    return  # without reading on: what is sent then fills the buffers
                sink.sendall(data)
            if source in self._silenced:
                return
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
