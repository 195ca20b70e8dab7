"""Which licences may be in an image: those whose works may be part of a work under the EUPL-1.2."""

import re
from collections.abc import Sequence
from typing import Final

from deploy.release.locked_packages import LockedPackage

# SPDX's names, and the sentences older packages have instead.
ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache License 2.0",
        "Apache License, Version 2.0",
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "GNU Lesser General Public License v2 or later (LGPLv2+)",
        "GNU Library or Lesser General Public License (LGPL)",
        "ISC",
        "ISC License (ISCL)",
        "MIT",
        "MIT License",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "PSF-2.0",
    }
)
_AND: Final = re.compile(r" AND (?![^(]*\))")


def is_allowed(licence: str) -> bool:
    """Return whether every part of an expression is allowed; of parts joined by OR one is enough."""
    if licence in ALLOWED:
        return True
    parts = _AND.split(licence)
    if len(parts) > 1:
        return all(is_allowed(part) for part in parts)
    bare = licence.removeprefix("(").removesuffix(")")
    choices = bare.split(" OR ")
    return bare != licence and is_allowed(bare) if len(choices) == 1 else any(is_allowed(one) for one in choices)


def complaints(packages: Sequence[LockedPackage]) -> list[str]:
    """Return a line for each package whose licence is unknown or not allowed."""
    return [
        f"{package.name} {package.version}: {package.licence or 'no licence known; is it installed?'}"
        for package in packages
        if package.licence is None or not is_allowed(package.licence)
    ]
