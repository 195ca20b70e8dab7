"""Settings of the gateway, from the environment."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from environs import Env, EnvError
from marshmallow import ValidationError

from chassis.settings import amqp_url, environment
from gateway.signing_keys import SANDBOX, Weak, read_keys

Network = IPv4Network | IPv6Network

_LOOPBACK: Final = "127.0.0.1/32,::1/128"
_PRIVATE: Final = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
_CHECKOUT_PAGES: Final = "https://checkout.pagopa.it,https://uat.checkout.pagopa.it"
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
_GATEWAY: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """What the gateway must know. Rates are written as `limits` reads them: `30/minute`.

    Of `secret_keys` the first signs, and all verify.
    """

    amqp_url: str
    public_url: str
    secret_keys: tuple[str, ...]
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
    checkout_rate: str = "20/minute"
    document_rate: str = "60/minute"
    email_rate: str = "30/hour"
    readiness_rate: str = "600/minute"
    rate_limit_storage: str = "memory://"

    @classmethod
    def load(cls, *, for_browsers: bool = True) -> "Settings":
        """Read the environment, `X_FILE` standing in for `X`; raises environs.EnvError naming what is missing.

        Without browsers nothing is signed: the node's own process has no SECRET_KEY.
        """
        env = environment()
        origins = _origins(env.str("CHECKOUT_PAGE_ORIGINS", _CHECKOUT_PAGES), env.str("CHECKOUT_URL", ""))
        api_keys_file = env.str("API_KEYS_FILE", "")
        settings = cls(
            amqp_url=amqp_url(env),
            public_url=env.str("PUBLIC_URL", "http://localhost:8080", validate=_check_public_url).rstrip("/"),
            secret_keys=_secret_keys(env) if for_browsers else (),
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
            checkout_rate=env.str("CHECKOUT_RATE", "20/minute"),
            document_rate=env.str("DOCUMENT_RATE", "60/minute"),
            email_rate=env.str("EMAIL_RATE", "30/hour"),
            readiness_rate=env.str("READINESS_RATE", "600/minute"),
            rate_limit_storage=env.str("RATE_LIMIT_STORAGE", "memory://"),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Raise environs.EnvError where a stranger could be let in.

        The node's door would open to whoever reaches the proxy in front of us, or anybody could sign a cookie.

        We end no TLS ourselves, so with an https address there is a proxy: it must be named, or the door must ask for a
        certificate, which only a named proxy can vouch for.
        """
        if self.https and not self.trusted_proxies and not self.node_client_certificates:
            raise EnvError(
                "TRUSTED_PROXIES is required with an https PUBLIC_URL (or NODE_CLIENT_CERTIFICATES): without it every"
                " request has the proxy's address, and the node's door would be open to all or to none"
            )
        if self.https and any(key.startswith(SANDBOX) for key in self.secret_keys):
            raise EnvError("SECRET_KEY is the published one of the sandbox; make one with: openssl rand -base64 33")

    @property
    def https(self) -> bool:
        """Return whether browsers reach us over TLS: decides Secure cookies, their `__Host-` prefix and HSTS."""
        return self.public_url.startswith("https://")


def _secret_keys(env: Env) -> tuple[str, ...]:
    try:
        return read_keys(env.str("SECRET_KEY"))
    except Weak as weak:
        raise EnvError(f"SECRET_KEY {weak}; make one with: openssl rand -base64 33") from weak


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
