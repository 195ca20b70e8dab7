"""The consumer to copy, while its broker is away."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "examples" / "reconciliation_consumer.py"


def test_the_consumer_goes_on_trying_while_the_broker_refuses_it(
    tmp_path: Path, eventually: Callable[..., object]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there once it is closed
    output = tmp_path / "output.txt"
    command = [sys.executable, str(EXAMPLE), "--amqp-url", f"amqp://guest:guest@127.0.0.1:{port}//"]
    with output.open("w") as written:
        consumer = subprocess.Popen(command, cwd=tmp_path, stdout=written, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "again in 2 s" in output.read_text())
        assert consumer.poll() is None, output.read_text()
    finally:
        consumer.terminate()
        consumer.wait(timeout=10)
    assert "Traceback" not in output.read_text()
