"""Reads one settlement flow: `python -m services.payments.settlement.flow_worker FD all|small`, by flow_reader.py.

A flow of 50,000 rows takes seconds of a processor, which in the service's own process would belong to the node. The
file comes in by the socket until its writing end is shut; lines of JSON go back, the flow first, then its rows. With
`small` a large flow has its head read alone.
"""

import json
import os
import socket
import sys
from typing import Final

from contracts.errors import Refused
from services.payments.domain.settlements import LargeFlow
from services.payments.settlement.flow_lines import flow_line, refusal_line, row_lines
from services.payments.settlement.flow_parser import read_file, read_unless_large

# Whoever waits for a flow waits longer than the node may.
_NICER: Final = 5
_READ_BYTES: Final = 1024 * 1024


def main() -> int:
    """Read the file and answer."""
    os.nice(_NICER)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        # A parent made green hands over a socket that does not block.
        connection.settimeout(None)
        content = b"".join(iter(lambda: connection.recv(_READ_BYTES), b""))
        with connection.makefile("wb") as answer:
            try:
                flow = read_file(content) if sys.argv[2] == "all" else read_unless_large(content)
            except Refused as refused:
                answer.write(_line(refusal_line(refused)))
                return 0
            head = flow.head if isinstance(flow, LargeFlow) else flow
            answer.write(_line(flow_line(head) | {"large": isinstance(flow, LargeFlow)}))
            answer.writelines(_line(rows) for rows in row_lines(head.rows))
            answer.write(_line([]))
    return 0


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
