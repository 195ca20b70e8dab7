"""Validating SPID answers on one core, against nothing but verifying their two signatures with signxml.

    python benchmarks/saml.py [--rounds 5] [--answers 300]

Both sides read the same genuine answers (Response and Assertion signed, as most identity providers do). Ours decodes,
parses, checks the shape, verifies both signatures in the form SPID allows, and makes every check on the Assertion; the
baseline parses and calls `XMLVerifier.verify` twice with its defaults. Rounds alternate, in processor time, so that a
busy machine slows both alike. At the end the same validator runs in eventlet, as it does in the service, with eight
answers at once, while another green thread measures for how long it is not let on: in processor time, so that other
programs' turns on the same core do not count.
"""

import argparse
import statistics
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from signxml.verifier import SignatureConfiguration, XMLVerifier  # noqa: E402 - after the path is set

from services.identity.saml import response  # noqa: E402 - the same
from services.identity.saml.xml import parse  # noqa: E402 - the same
from tests.unit.identity.spid_world import (  # noqa: E402 - the same
    EXPECTED,
    NOW,
    genuine,
    provider,
    signer,
)

TARGET_PER_SECOND = 300
STALL_FLAG = "--in-eventlet"


def validate(text: str) -> None:
    """Do what the service does with a form value, short of its database."""
    response.validate(response.receive(text), EXPECTED, provider("idp-1"), NOW)


def verify_only(text: str) -> None:
    """Parse and verify the two signatures: the least that anybody must do."""
    root = parse(b64decode(text))
    for location in ("./", "./{urn:oasis:names:tc:SAML:2.0:assertion}Assertion/"):
        config = SignatureConfiguration(location=location, verification_time=NOW)
        XMLVerifier().verify(root, x509_cert=signer("idp-1").certificate, id_attribute="ID", expect_config=config)


def per_second(work: Callable[[str], None], answers: Sequence[str]) -> float:
    """Return how many answers a second of one core holds."""
    started = time.process_time()
    for text in answers:
        work(text)
    return len(answers) / (time.process_time() - started)


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


def main() -> int:
    """Measure and print; exit code 1 below the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument(STALL_FLAG, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    answers = [b64encode(genuine()).decode() for _ in range(asked.answers)]
    if asked.in_eventlet:
        validate(answers[0])
        print(f"{longest_stall_ms(answers):.1f}")
        return 0
    rates: dict[str, list[float]] = {"ours": [], "baseline": []}
    for index in range(asked.rounds + 1):
        ours, baseline = per_second(validate, answers), per_second(verify_only, answers)
        if index:  # the first round loads code
            rates["ours"].append(ours)
            rates["baseline"].append(baseline)
    ours, baseline = (statistics.median(rates[name]) for name in ("ours", "baseline"))
    command = [sys.executable, __file__, STALL_FLAG, "--answers", str(asked.answers)]
    stall = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    print(
        f"{ours:.0f} answers/s per core (target {TARGET_PER_SECOND})   two bare signature checks {baseline:.0f}/s"
        f"   ratio {ours / baseline:.2f}   longest stall of the loop {stall} ms"
    )
    return 0 if ours >= TARGET_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
