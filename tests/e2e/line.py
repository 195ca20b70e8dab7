"""A line to a server that can be cut, or go silent without a word, until it is mended."""

from urllib.parse import urlsplit, urlunsplit

from tests.proxy import Proxy


class Line:
    """A TCP relay on a port of its own, before the server of `url`."""

    def __init__(self, url: str, default_port: int) -> None:
        parts = urlsplit(url)
        self._proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or default_port)
        self._proxy.open()

    def url_through(self, url: str) -> str:
        """The same address, by way of this line."""
        parts = urlsplit(url)
        credentials, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{self._proxy.port}"))

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._proxy.close()

    def mend(self) -> None:
        """Take connections again, at the same address, and carry what they say."""
        self._proxy.speak()
        self._proxy.reopen()

    def silence(self) -> None:
        """Carry nothing any more and tell nobody: what is open stays open, and what is opened hears nothing."""
        self._proxy.silence("both")
