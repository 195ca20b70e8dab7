"""Where things lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = ROOT / "build"
REQUIREMENTS: Final = ROOT / "requirements"


@dataclass(frozen=True)
class Home:
    """The folder a running copy keeps its state in: `var/`, or what `--home` says. Two copies need two."""

    folder: Path

    @property
    def postgres(self) -> Path:
        """Data of the embedded PostgreSQL."""
        return self.folder / "postgres"

    @property
    def spid(self) -> Path:
        """Keys and metadata of the service provider and of the sandbox identity provider."""
        return self.folder / "spid"

    @property
    def peers(self) -> Path:
        """State of the sandbox peers."""
        return self.folder / "sandbox"

    @property
    def logs(self) -> Path:
        """Logs of the processes."""
        return self.folder / "log"

    @property
    def processes(self) -> Path:
        """Names and process ids under `up --processes`."""
        return self.folder / "processes.json"

    def create(self) -> None:
        """Make the folders that are missing."""
        for folder in (self.folder, self.spid, self.peers, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
