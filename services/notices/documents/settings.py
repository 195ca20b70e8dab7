"""Settings of documents, from the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chassis.settings import environment

_ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True)
class DocumentSettings:
    """See README.md for what each one is for."""

    fonts_dir: Path
    logos_dir: Path | None
    pagopa_logo_file: Path | None
    render_workers: int
    render_timeout_s: float
    pdf_retention_days: int

    @classmethod
    def load(cls) -> "DocumentSettings":
        """Read the environment."""
        env = environment()
        return cls(
            fonts_dir=env.path("FONTS_DIR", _ROOT / "build" / "fonts"),
            logos_dir=env.path("LOGOS_DIR", None),
            pagopa_logo_file=env.path("PAGOPA_LOGO_FILE", None),
            render_workers=env.int("RENDER_WORKERS", 1),
            render_timeout_s=env.float("RENDER_TIMEOUT_S", 10.0),
            pdf_retention_days=env.int("KEEP_PDF_DAYS", 90),
        )
