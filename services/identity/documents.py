"""The privacy documents, shipped with the code as files: privacy/<purpose>-<version>/{document.json,it.txt,en.txt}.

A document is never edited after its `valid_from`: a new text is a new version in a new folder.
"""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

from services.identity.domain import PrivacyDocument

FOLDER: Final = Path(__file__).parent / "privacy"
_LANGUAGES: Final = ("it", "en")


def load(folder: Path = FOLDER) -> tuple[PrivacyDocument, ...]:
    """Read every document of `folder`."""
    return tuple(_read(path.parent) for path in sorted(folder.glob("*/document.json")))


def _read(folder: Path) -> PrivacyDocument:
    facts = json.loads((folder / "document.json").read_text(encoding="utf-8"))
    texts = {language: (folder / f"{language}.txt").read_text(encoding="utf-8").strip() for language in _LANGUAGES}
    return PrivacyDocument(
        id=folder.name,
        purpose=facts["purpose"],
        version=facts["version"],
        valid_from=date.fromisoformat(facts["valid_from"]),
        title=facts["title"],
        text=texts,
        messages=tuple(facts.get("messages", ())),
        sha256=sha256("\n".join(texts[language] for language in _LANGUAGES).encode()).hexdigest(),
    )
