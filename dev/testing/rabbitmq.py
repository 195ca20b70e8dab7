"""The RabbitMQ the tests run on, and a virtual host of their own in it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from kombu import Connection

from chassis.settings import DEFAULT_AMQP_URL
from dev.console import step
from dev.problem import ProblemError
from dev.testing import packages
from dev.ticks import ticks

_ANSWER_S: Final = 5
_START_S: Final = 90
_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}


@contextmanager
def provided(run_name: str) -> Iterator[str]:
    """Yield the address of a broker that answers, with a virtual host that ends with the run where that can be had.

    AMQP_URL, else the standard local port, else Debian's package, installed and started (and stopped afterwards).
    """
    stop: Callable[[], None] | None = None
    url = os.environ.get("AMQP_URL", "")
    if url and not answers(url):
        raise ProblemError("RabbitMQ does not answer at AMQP_URL.")
    if not url:
        url = DEFAULT_AMQP_URL
        if not answers(url):
            stop = _start_debian_package()
            if not answers(url):
                raise ProblemError("RabbitMQ was started and does not let us in as guest on port 5672.")
    try:
        with _virtual_host(url, run_name) as own:
            yield own
    finally:
        if stop is not None:
            stop()


def answers(url: str) -> bool:
    """Return whether a broker lets us in."""
    connection = Connection(url, connect_timeout=_ANSWER_S)
    try:
        connection.ensure_connection(max_retries=1, timeout=_ANSWER_S)
    except Exception:  # noqa: BLE001 -- refused, unknown host, wrong password, wrong protocol: all mean no
        return False
    else:
        return True
    finally:
        connection.release()


@contextmanager
def _virtual_host(url: str, name: str) -> Iterator[str]:
    parts = urlsplit(url)
    own = urlunsplit(parts._replace(path=f"/{quote(name, safe='')}"))
    user = unquote(parts.username or "guest")
    made = parts.hostname in _LOCAL and _control("add_vhost", name)
    if made:
        _control("set_permissions", "-p", name, user, ".*", ".*", ".*")
    if made and not answers(own):  # rabbitmqctl speaks to another broker than `url`
        _control("delete_vhost", name)
        made = False
    try:
        yield own if made else url
    finally:
        if made:
            _control("delete_vhost", name)


def _control(*arguments: str) -> bool:
    prefix = packages.as_root()
    if prefix is None or not shutil.which("rabbitmqctl", path=_sbin_path()):
        return False
    with suppress(OSError, subprocess.TimeoutExpired):
        return (
            subprocess.run(
                [*prefix, "rabbitmqctl", "-q", *arguments],
                capture_output=True,
                env={**os.environ, "PATH": _sbin_path()},
                timeout=60,
                check=False,
            ).returncode
            == 0
        )
    return False


def _start_debian_package() -> Callable[[], None]:
    if not shutil.which("rabbitmq-server", path=_sbin_path()):
        packages.install(["rabbitmq-server"])
    step("starting RabbitMQ")
    prefix = packages.as_root()
    if prefix is None:
        raise ProblemError("RabbitMQ is installed but not running; start it, then run this again.")
    environment = {**os.environ, "PATH": _sbin_path()}
    # Does nothing where installing the package has started it already.
    subprocess.run([*prefix, "rabbitmq-server", "-detached"], env=environment, capture_output=True, check=False)
    for _ in ticks(_START_S, every_s=1.0):
        if _control("await_startup", "--timeout", "10"):
            return _stop
    raise ProblemError("RabbitMQ could not be started; its log is in /var/log/rabbitmq.")


def _stop() -> None:
    _control("stop")


def _sbin_path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
