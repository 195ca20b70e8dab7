"""Who calls whom, and which processes there are: what the broker's users may do is made from it.

A process may call the services named here and no others. A test compares it with the code.
"""

from collections.abc import Mapping
from typing import Final

SERVICES: Final = ("identity", "practices", "cart", "payments", "notices")
CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "gateway": SERVICES,
    "node": ("payments",),
    "identity": (),
    "practices": ("payments",),
    "cart": ("practices",),
    "payments": ("practices",),
    "notices": ("identity", "practices", "payments"),
}
"""Process to the services it calls. Each service also calls itself, which is how its health is asked."""
