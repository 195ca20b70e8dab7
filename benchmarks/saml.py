"""A SPID answer validated on one core, against nothing but verifying its two signatures with signxml.

Both read the same genuine answers (Response and Assertion signed, as most identity providers do). Ours decodes,
parses, checks the shape, verifies both signatures in the form SPID allows, and makes every check on the Assertion;
the baseline parses and calls `XMLVerifier.verify` twice with its defaults. At the end the same validator runs in
eventlet, as it does in the service, with eight answers at once, while another green thread measures for how long it
is not let on: in processor time, so that other programs' turns on the same core do not count.
"""

import os
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from signxml.verifier import SignatureConfiguration, XMLVerifier

from benchmarks.harness import program
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, taken
from services.identity.saml import response
from services.identity.saml.xml import parse
from tests.unit.identity.spid_world import (
    EXPECTED,
    NOW,
    genuine,
    provider,
    signer,
)

ANSWERS: Final = 200


def validate(text: str) -> None:
    """Do what the service does with a form value, short of its database."""
    response.validate(response.receive(text), EXPECTED, provider("idp-1"), NOW)


def verify_only(text: str) -> None:
    """Parse and verify the two signatures: the least that anybody must do."""
    root = parse(b64decode(text))
    for location in ("./", "./{urn:oasis:names:tc:SAML:2.0:assertion}Assertion/"):
        config = SignatureConfiguration(location=location, verification_time=NOW)
        XMLVerifier().verify(root, x509_cert=signer("idp-1").certificate, id_attribute="ID", expect_config=config)


def read(work: Callable[[str], None], answers: Sequence[str]) -> Turn:
    """Read every answer once."""
    started_s, used_s = time.perf_counter(), time.process_time()
    for text in answers:
        work(text)
    return Turn(len(answers), time.perf_counter() - started_s, time.process_time() - used_s)


def made() -> list[str]:
    """Make genuine answers."""
    return [b64encode(genuine()).decode() for _ in range(ANSWERS)]


def stall() -> None:
    """Be the process in eventlet; print the longest stall in milliseconds."""
    answers = made()
    validate(answers[0])
    print(longest_stall_ms(answers))


def longest_stall_ms(answers: Sequence[str]) -> float:
    """Return the longest time that eventlet's loop did not turn while eight green threads validate."""
    import eventlet  # noqa: PLC0415 - only in the process that is made for it

    longest = 0.0
    running = True

    def watch() -> None:
        nonlocal longest
        last = time.process_time()
        while running:
            eventlet.sleep(0)
            now = time.process_time()
            longest, last = max(longest, now - last), now

    def work(part: Sequence[str]) -> None:
        for text in part:
            validate(text)
            eventlet.sleep(0)  # the service's next database call

    watcher = eventlet.spawn(watch)
    eventlet.sleep(0)
    for one in [eventlet.spawn(work, answers[start::8]) for start in range(8)]:
        one.wait()
    running = False
    watcher.wait()
    return longest * 1_000


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    answers = made()
    sides = taken({"ours": partial(read, validate, answers), "signatures": partial(read, verify_only, answers)}, rounds)
    command = [sys.executable, "-m", "benchmarks.saml", "--role", "stall"]
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    return [
        *compared(
            sides["ours"], sides["signatures"], "answer", ratio=0.75, processor_ms=1_000 / 300, by_processor=True
        ),
        Figure(name="longest stall of the loop", value=float(said.stdout.split()[-1]), unit="ms"),
    ]


if __name__ == "__main__":
    program.main(measure, roles={"stall": stall})
