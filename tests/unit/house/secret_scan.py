"""Looks for secrets in texts: private keys, tokens of known services, and what looks drawn beside a secret's name.

It asks nobody, so it works without a network. What it finds and is none stands in DECISIONS, with the reason.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_VALUE: Final = "value of a secret"
RULES: Final = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "token of a service": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abp]-[\w-]{10,}|sk_live_\w{16,}"
        r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    ),
    _VALUE: re.compile(
        r"""(?i)(?:password|passwd|secret|token|api_?key|subscription_key|trace_key)\w*["']?\s*[:=]\s*["']?"""
        r"""([A-Za-z0-9+/_=-]{20,})(?![\w(.])"""
    ),
    "password in an address": re.compile(r"""://[^\s/:@"'{}$<>()]+:([^\s/:@"'{}$<>()]{8,})@"""),
}
_BITS_PER_CHARACTER_MIN: Final = 3.4

# (file, what was found) to why it is no secret.
DECISIONS: Final = {
    ("deploy/helm/portal/values.yaml", "password"): "a comment that shows how an address is written",
    ("gateway/api/examples.py", "whsec_b25seSBhbiBleGFtcGxl"): "says in base64 that it is only an example",
    ("examples/reconciliation_consumer.py", "password"): "the example's docstring shows how an address is written",
    ("examples/reconciliation_consumer.mjs", "password"): "the example's comment shows how an address is written",
    (
        "sandbox/compose.env",
        "sandbox-only-not-a-real-key-0123456789",
    ): "published: refused with an https PUBLIC_URL",
    (
        "sandbox/compose.env",
        "c2FuZGJveC1vbmx5LW5vdC1hLXNlY3JldC1rZXktISE=",
    ): "published: says in base64 that it is for the sandbox only",
}


@dataclass(frozen=True)
class Finding:
    """What was found where, and by which rule."""

    file: str
    rule: str
    text: str


def scan(file: str, text: str) -> Iterator[Finding]:
    """Yield what looks like a secret in a text."""
    for rule, pattern in RULES.items():
        for match in pattern.finditer(text):
            found = match[match.lastindex or 0]
            if rule != _VALUE or _looks_drawn(found):
                yield Finding(file, rule, found)


def _looks_drawn(text: str) -> bool:
    counted = Counter(text).values()
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counted)
    return bits > _BITS_PER_CHARACTER_MIN and any(map(str.isdigit, text)) and any(map(str.isalpha, text))
