"""Settings of mail, from the environment: none at all without SMTP_HOST, and then no mail is queued."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Final

from environs import Env, EnvError

from chassis.settings import environment

_SECURITY: Final = ("starttls", "tls", "none")


@dataclass(frozen=True)
class MailSettings:
    """See README.md for what each one is for. `hours`: the hours of Rome in which reminders are queued."""

    host: str
    port: int
    security: str
    user: str | None
    password: str | None
    ca_file: Path | None
    timeout_s: float
    sender: Address
    bounce_address: str | None
    hours: range

    @classmethod
    def load(cls) -> "MailSettings | None":
        """Read the environment. Raises EnvError naming the setting that is missing or wrong."""
        env = environment()
        host = env.str("SMTP_HOST", None)
        if not host:
            return None
        security = env.str("SMTP_SECURITY", "starttls")
        if security not in _SECURITY:
            raise EnvError(f"SMTP_SECURITY is one of {', '.join(_SECURITY)}")
        return cls(
            host=host,
            port=env.int("SMTP_PORT", 587),
            security=security,
            user=env.str("SMTP_USER", "") or None,
            password=env.str("SMTP_PASSWORD", "") or None,
            ca_file=_file(env, "SMTP_CA_FILE"),
            timeout_s=env.float("SMTP_TIMEOUT_S", 60.0),
            sender=_address(env.str("MAIL_FROM")),
            bounce_address=env.str("MAIL_BOUNCE_ADDRESS", "") or None,
            hours=_hours(env.str("MAIL_REMINDER_HOURS", "8-20")),
        )

    def envelope_sender(self, mail_id_hex: str) -> str:
        """Return where a delivery report about this mail goes: with MAIL_BOUNCE_ADDRESS the mail's id is in it."""
        if self.bounce_address is None:
            return self.sender.addr_spec
        local, _, domain = self.bounce_address.rpartition("@")
        return f"{local}+{mail_id_hex}@{domain}"


def _file(env: Env, name: str) -> Path | None:
    """Read a path; empty, as a container may have it, is none."""
    text = env.str(name, "")
    return Path(text) if text else None


def _address(text: str) -> Address:
    name, addr_spec = parseaddr(text)
    if "@" not in addr_spec:
        raise EnvError("MAIL_FROM is an address, with or without a name: Portale <no-reply@ente.example>")
    return Address(name, addr_spec=addr_spec)


def _hours(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 <= int(first) < int(last) <= 24):
        raise EnvError("MAIL_REMINDER_HOURS is two hours of the day in Rome: 8-20")
    return range(int(first), int(last))
