"""The stand-in for everybody's mailbox, as a process of its own."""

import os
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import html

from dev.launcher.copy import Copy
from dev.launcher.ports import listen, with_mail_ports
from dev.paths import Home
from dev.problem import ProblemError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def post(sockets: list[socket.socket], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    numbers = [one.fileno() for one in sockets]
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.mail", "--fds", *map(str, numbers)],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_HOME": str(tmp_path)},
        pass_fds=numbers,
        stdin=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


def send(port: int, to: str, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "no-reply@ente.example", to, subject
    message.set_content("Perché è così")
    message.add_alternative("<html><head></head><body><script>alert(1)</script>Perché</body></html>", subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        server.send_message(message)


def test_what_is_sent_to_anybody_can_be_read(post: Any, sockets: list[socket.socket]) -> None:
    smtp_port, http_port = (one.getsockname()[1] for one in sockets)
    base = f"http://127.0.0.1:{http_port}"
    assert "Ancora nessun messaggio" in requests.get(base, timeout=30).text
    for number in (1, 2):
        send(smtp_port, f"persona{number}@posta.example", f"Prova <b>{number}</b>")
    assert [one["to"] for one in requests.get(f"{base}/sandbox/messages", timeout=30).json()] == [
        "persona2@posta.example",
        "persona1@posta.example",
    ]
    page: Any = html.fromstring(requests.get(base, timeout=30).text)
    assert page.xpath("//main//li/a/text()") == ["Prova <b>2</b>", "Prova <b>1</b>"]
    link = page.xpath("//main//li/a/@href")[0]
    shown = requests.get(base + link, timeout=30)
    assert "Perché è così" in shown.text
    assert "<script>" not in shown.text
    framed = requests.get(f"{base}{link}/html", timeout=30)
    assert framed.headers["Content-Security-Policy"].startswith("sandbox")
    assert requests.get(f"{base}/messages/no-such-mail", timeout=30).status_code == 404
    requests.post(f"{base}/clear", timeout=30)
    assert requests.get(f"{base}/sandbox/messages", timeout=30).json() == []


@pytest.mark.parametrize(("name", "code"), [("rifiuta.tutto", 550), ("occupato", 451)])
def test_two_names_stand_for_what_goes_wrong(post: Any, sockets: list[socket.socket], name: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(sockets[0].getsockname()[1], f"{name}@posta.example", "Prova")
    assert refused.value.recipients[f"{name}@posta.example"][0] == code


def test_it_ends_with_whoever_started_it(post: subprocess.Popen[bytes]) -> None:
    assert post.stdin is not None
    post.stdin.close()
    assert post.wait(30) == 0


def test_mail_ports_nobody_asked_for_are_in_nobodys_way(tmp_path: Path) -> None:
    copy = Copy(Home(tmp_path), "127.0.0.1", 1, 2, 3)
    first, held = with_mail_ports(copy)
    second, also_held = with_mail_ports(copy)
    assert len({first.mail_port, first.smtp_port, second.mail_port, second.smtp_port}) == 4
    for one in (*held, *also_held):
        one.close()


def test_a_mail_port_that_was_asked_for_and_is_taken_is_named(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0, "--port") as taken:
        copy = Copy(Home(tmp_path), "127.0.0.1", 1, 2, 3, mail_port=taken.getsockname()[1])
        with pytest.raises(ProblemError, match="--mail-port"):
            with_mail_ports(copy)
