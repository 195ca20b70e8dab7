"""An SMTP server in a thread, on a socket that is open already."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from aiosmtpd.smtp import SMTP


@contextlib.contextmanager
def serving(listener: socket.socket, handler: Any, **options: Any) -> Iterator[None]:
    """Serve aiosmtpd's `handler` while the context lasts; `options` are those of aiosmtpd.smtp.SMTP."""
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(handler, loop=loop, hostname="localhost", **options)

    server = loop.run_until_complete(loop.create_server(protocol, sock=listener))
    thread = threading.Thread(target=loop.run_forever, name="smtp", daemon=True)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    """Take no more, and end the conversations under way."""
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
