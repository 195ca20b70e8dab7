"""Settings of notices, from the environment: those of its rooms, and what both need."""

from dataclasses import dataclass

from chassis.settings import environment
from services.notices.documents.settings import DocumentSettings
from services.notices.mail.settings import MailSettings


@dataclass(frozen=True)
class Settings:
    """`public_url` is where links lead; `mail` is None without an SMTP server."""

    public_url: str
    documents: DocumentSettings
    mail: MailSettings | None

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment."""
        return cls(
            public_url=environment().str("PUBLIC_URL", "http://localhost:8080").rstrip("/"),
            documents=DocumentSettings.load(),
            mail=MailSettings.load(),
        )
