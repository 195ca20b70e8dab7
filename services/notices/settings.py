"""Settings of notices, from the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from environs import Env

from services.notices.mail.settings import MailSettings

_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Settings:
    """See README.md for what each one is for."""

    fonts_dir: Path
    logos_dir: Path | None
    pagopa_logo_file: Path | None
    render_workers: int
    render_timeout_s: float
    public_url: str
    keep_pdf_days: int
    mail: MailSettings | None = None

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment."""
        env = Env()
        return cls(
            fonts_dir=env.path("FONTS_DIR", _ROOT / "build" / "fonts"),
            logos_dir=env.path("LOGOS_DIR", None),
            pagopa_logo_file=env.path("PAGOPA_LOGO_FILE", None),
            render_workers=env.int("RENDER_WORKERS", 1),
            render_timeout_s=env.float("RENDER_TIMEOUT_S", 10.0),
            public_url=env.str("PUBLIC_URL", "http://localhost:8080").rstrip("/"),
            keep_pdf_days=env.int("KEEP_PDF_DAYS", 90),
            mail=MailSettings.load(),
        )
