"""A rendering process: `python -m services.notices.documents.pdf.worker FD`, started by renderers.py on a socket.

It sends one frame when it is ready, then renders one document at a time, and ends when the socket closes, which
happens whenever its parent ends.
"""

import base64
import signal
import socket
import sys
from pathlib import Path

from services.notices.documents.domain.content import Artwork, LogoFile, UnusableLogo
from services.notices.documents.pdf import fonts
from services.notices.documents.pdf.logo_file import prepared
from services.notices.documents.pdf.protocol import (
    FAILED,
    OK,
    read_content,
    receive_frame,
    send_frame,
    write_artwork,
)
from services.notices.documents.pdf.render import render


def serve(connection: socket.socket) -> None:
    """Answer frames until the other side closes."""
    while (request := receive_frame(connection)) is not None:
        send_frame(connection, _answer(request))


def _answer(request: bytes) -> bytes:
    try:
        content = read_content(request)
        return OK + (write_artwork(_logo(content)) if isinstance(content, LogoFile) else render(content))
    except UnusableLogo as unusable:
        return FAILED + str(unusable).encode()
    except Exception as error:  # noqa: BLE001 - one bad document must not end the process
        # The class alone: an error's text may quote names.
        return FAILED + type(error).__name__.encode()


def main() -> int:
    """Load the fonts and serve. Ctrl-C is for the parent, which closes the socket when it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        # A parent made green hands over a socket that does not block.
        connection.settimeout(None)
        fonts.load_all()
        try:
            send_frame(connection, OK)
            serve(connection)
        except OSError:
            return 0
    return 0


def _logo(logo: LogoFile) -> Artwork:
    content = None if logo.content_base64 is None else base64.b64decode(logo.content_base64)
    return prepared(Path(logo.path), content)


if __name__ == "__main__":
    sys.exit(main())
