"""Where the identity provider is, where its keys are, and whom it serves."""

from dataclasses import dataclass
from pathlib import Path

from environs import Env


@dataclass(frozen=True)
class Settings:
    """`idp_url` is this peer's own address; `sp_metadata_url` that of the portal's metadata, as seen from here.

    `body_codes`: the bodies the portal logs in for, each with metadata of its own.
    """

    folder: Path
    idp_url: str
    sp_metadata_url: str
    body_codes: tuple[str, ...] = ()

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment; `SANDBOX_SPID_HOME` is the folder `setup.prepare` was given."""
        env = Env()
        public_url = env.str("PUBLIC_URL", "http://localhost:8080").rstrip("/")
        return cls(
            folder=env.path("SANDBOX_SPID_HOME"),
            idp_url=env.str("SANDBOX_SPID_URL", "http://localhost:8088").rstrip("/"),
            sp_metadata_url=env.str("SANDBOX_SP_METADATA_URL", f"{public_url}/spid/metadata"),
            body_codes=tuple(env.json("SPID_BODIES", {})),
        )
