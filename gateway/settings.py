"""Settings of the gateway, from the environment."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from environs import FileAwareEnv
from marshmallow import ValidationError

Network = IPv4Network | IPv6Network

_LOOPBACK: Final = "127.0.0.1/32,::1/128"
_PRIVATE: Final = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
_CHECKOUT_PAGES: Final = "https://checkout.pagopa.it,https://uat.checkout.pagopa.it"
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
_GATEWAY: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """What the gateway must know. Rates are written as `limits` reads them: `30/minute`."""

    amqp_url: str
    public_url: str
    secret_key: str
    node_client_certificates: frozenset[str]
    node_allowed_networks: tuple[Network, ...]
    trusted_proxies: tuple[Network, ...]
    metrics_allowed_networks: tuple[Network, ...]
    api_keys_file: Path | None
    static_dir: Path
    entity_logos_dir: Path
    idp_logos_dir: Path
    checkout_page_origins: tuple[str, ...]
    search_rate: str
    login_rate: str
    insertion_rate: str
    calendar_rate: str = "120/minute"

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment, `X_FILE` standing in for `X`; raises environs.EnvError naming what is missing."""
        env = FileAwareEnv()
        origins = _origins(env.str("CHECKOUT_PAGE_ORIGINS", _CHECKOUT_PAGES), env.str("CHECKOUT_URL", ""))
        api_keys_file = env.str("API_KEYS_FILE", "")
        return cls(
            amqp_url=env.str("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
            public_url=env.str("PUBLIC_URL", "http://localhost:8080", validate=_check_public_url).rstrip("/"),
            secret_key=env.str("SECRET_KEY"),
            node_client_certificates=_fingerprints(env.str("NODE_CLIENT_CERTIFICATES", "")),
            node_allowed_networks=_networks(env.str("NODE_ALLOWED_NETWORKS", _LOOPBACK)),
            trusted_proxies=_networks(env.str("TRUSTED_PROXIES", "")),
            metrics_allowed_networks=_networks(env.str("METRICS_ALLOWED_NETWORKS", _PRIVATE)),
            api_keys_file=Path(api_keys_file) if api_keys_file else None,
            static_dir=Path(env.str("STATIC_DIR", str(_GATEWAY.parent / "build" / "static"))),
            entity_logos_dir=Path(env.str("ENTITY_LOGOS_DIR", str(_GATEWAY / "static" / "entities"))),
            idp_logos_dir=Path(env.str("IDP_LOGOS_DIR", str(_GATEWAY / "static" / "idps"))),
            checkout_page_origins=origins,
            search_rate=env.str("SEARCH_RATE", "30/minute"),
            login_rate=env.str("LOGIN_RATE", "60/minute"),
            insertion_rate=env.str("INSERTION_RATE", "30/minute"),
            calendar_rate=env.str("CALENDAR_RATE", "120/minute"),
        )

    @property
    def https(self) -> bool:
        """Return whether browsers reach us over TLS: decides Secure cookies, their `__Host-` prefix and HSTS."""
        return self.public_url.startswith("https://")


def _check_public_url(text: str) -> None:
    """Plain HTTP would carry sessions in clear: it is for this machine alone."""
    address = urlsplit(text)
    host = address.hostname or ""
    is_here = host in _THIS_MACHINE or host.endswith(".localhost")
    if address.scheme != "https" and not (address.scheme == "http" and is_here):
        raise ValidationError("PUBLIC_URL must be https://, except for http://localhost")


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(item.strip(), strict=False) for item in text.split(",") if item.strip())


def _fingerprints(text: str) -> frozenset[str]:
    """Read fingerprints in hex, with colons between the bytes or without."""
    return frozenset(item.replace(":", "").strip().lower() for item in text.split(",") if item.strip())


def _origins(pages: str, checkout_url: str) -> tuple[str, ...]:
    """Where the payer is sent to pay: the official pages, and the host of CHECKOUT_URL (the sandbox serves both)."""
    origins = [item.strip() for item in pages.split(",") if item.strip()]
    parts = urlsplit(checkout_url)
    if parts.scheme and parts.netloc:
        origins.append(f"{parts.scheme}://{parts.netloc}")
    return tuple(dict.fromkeys(origins))
