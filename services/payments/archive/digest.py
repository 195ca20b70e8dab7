"""The digest by which the same content is known again."""

import hashlib

import orjson

from services.payments.domain.archive import Body


def digest_of(content: Body) -> str:
    """Return the SHA-256 of a content, whatever the order of its names."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
