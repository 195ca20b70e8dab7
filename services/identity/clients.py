"""The SPID registry over HTTPS."""

from typing import Final

import requests

_TIMEOUT_S: Final = 30
_BYTES_MAX: Final = 20 * 1024 * 1024


class RegistryUnreachableError(OSError):
    """The registry gave no document."""


def fetch_registry(url: str) -> bytes:
    """Return the aggregate as published; it is believed only after its signature. Raises RegistryUnreachableError."""
    try:
        with requests.get(url, timeout=_TIMEOUT_S, stream=True) as answer:
            answer.raise_for_status()
            document = b""
            for chunk in answer.iter_content(65_536):
                document += chunk
                if len(document) > _BYTES_MAX:
                    raise RegistryUnreachableError(f"more than {_BYTES_MAX} bytes")
    except requests.RequestException as error:
        raise RegistryUnreachableError(type(error).__name__) from error
    return document
