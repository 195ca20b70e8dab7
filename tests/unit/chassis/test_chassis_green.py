"""The green standard library of service processes: names are resolved without stopping the loop."""

import subprocess
import sys

# The resolver waits for what only a green thread sets: were the loop to stand still, it would wait in vain.
ASKS = """
import chassis.runtime.green as green
import eventlet, socket
from eventlet.patcher import original

let_go = original("threading").Event()
plain = green.resolve

def slow(*args, **kwargs):
    assert let_go.wait(60), "the loop stood still"
    return plain(*args, **kwargs)

green.resolve = slow
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
eventlet.spawn(let_go.set)
{call}
"""
CALLS = {
    "getaddrinfo": "socket.getaddrinfo('localhost', port)",
    "create_connection": "socket.create_connection(('localhost', port)).close()",
    "an HTTP client": "import http.client; http.client.HTTPConnection('localhost', port).connect()",
}


def green(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False, timeout=100
    )


def test_the_loop_goes_on_while_a_name_is_resolved() -> None:
    for name, call in CALLS.items():
        done = green(ASKS.format(call=call))
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_a_name_that_is_not_there_is_an_error_as_ever() -> None:
    code = "import chassis.runtime.green, socket; socket.getaddrinfo('no-such-host.invalid', 80)"
    assert "gaierror" in green(code).stderr
