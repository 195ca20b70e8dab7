"""What identity needs to know, from the environment; key files and IdP metadata are read once, at the start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.fernet import Fernet, MultiFernet
from environs import Env
from marshmallow import validate

from chassis import clock
from chassis.settings import environment
from services.identity import documents
from services.identity.aggregation import read_aggregator, read_bodies
from services.identity.domain import PrivacyDocument
from services.identity.registry_source import RegistrySource
from services.identity.saml.authn_request import PURPOSES
from services.identity.saml.contacts import ACTIVITIES, Aggregator, Organization
from services.identity.saml.idp_registry import IdentityProvider, RegistryError, is_public_test_key
from services.identity.saml.metadata import CIE_ATTRIBUTES, EIDAS_SERVICES, ORGANIZATION_SERVICE, ServiceProvider
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey

_BINDINGS: Final = {"redirect": HTTP_REDIRECT, "post": HTTP_POST}


@dataclass(frozen=True)
class Settings:
    """Everything the use cases are handed. `level` is the SPID level asked for, 1 to 3; `levels` where it differs.

    `bodies`: by entity code those that the `aggregator` does the login for, each with its own entity id and metadata;
    the others log in as the portal itself. `purposes`: on whose behalf one may log in.

    `binding`: how requests are sent to identity providers that offer both. `sessions_max`: live ones of a citizen.
    """

    provider: ServiceProvider
    key: SigningKey
    registry_source: RegistrySource
    registry_refresh_s: float
    level: int
    levels: Mapping[str, int]
    binding: str
    trace_cipher: MultiFernet
    sessions_max: int
    bodies: Mapping[str, Organization]
    aggregator: Aggregator
    purposes: Sequence[str]
    documents: tuple[PrivacyDocument, ...]

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment, `X_FILE` standing in for `X`.

        Raises EnvError when something is missing, and RegistryError when the files name a test identity provider
        where none is allowed, or cannot be believed.
        """
        env = environment()
        certificates: list[str] = env.list("SPID_SP_CERT_FILES")
        trace_keys: list[str] = env.list("SPID_TRACE_KEY")
        key = SigningKey.from_pem(
            env.path("SPID_SP_KEY_FILE").read_bytes(), [Path(path).read_bytes() for path in certificates]
        )
        if is_public_test_key(key.certificates[0]) and not env.bool("SPID_ALLOW_TEST_IDPS", default=False):
            raise RegistryError("SPID_SP_KEY_FILE holds a key that anybody can download")
        source = registry_source(env)
        source.load(clock.now())
        aggregator = read_aggregator(env, _organization(env))
        return cls(
            provider=_provider(env),
            key=key,
            registry_source=source,
            registry_refresh_s=env.float("SPID_REGISTRY_REFRESH_S", 86_400.0),
            level=env.int("SPID_LEVEL", 2, validate=_check_level),
            levels=env.dict("SPID_LEVELS", {}, subcast_values=int, validate=_check_levels),
            binding=_BINDINGS[env.str("SPID_BINDING", "redirect", validate=validate.OneOf(_BINDINGS))],
            trace_cipher=MultiFernet([Fernet(key) for key in trace_keys]),
            bodies=read_bodies(env, ACTIVITIES[aggregator.activity]),
            aggregator=aggregator,
            purposes=_purposes(env),
            sessions_max=env.int("SESSIONS_PER_CITIZEN_MAX", 10, validate=validate.Range(min=1)),
            documents=documents.load(),
        )

    def provider_for(self, idp: IdentityProvider, entity_code: str | None = None) -> ServiceProvider:
        """Return how this portal is known to an identity provider, in the pages of an entity."""
        return self.cie_provider if idp.is_cie else self.provider_of(entity_code)

    def provider_of(self, entity_code: str | None) -> ServiceProvider:
        """Return how the pages of an entity are known in SPID."""
        body = self.bodies.get(entity_code or "")
        if body is None:
            return self.provider
        # The code in it and no query: Avviso 19.
        entity_id = f"{self.provider.organization.url}{self.aggregator.activity}/{body.code}"
        whose = self.provider.organization if ACTIVITIES[self.aggregator.activity].is_operator else body
        return replace(self.provider, entity_id=entity_id, organization=whose, aggregator=self.aggregator, body=body)

    def body_code(self, entity_code: str | None) -> str | None:
        """Return the aggregated body whose logins the pages of an entity take; None where the portal's own do."""
        return entity_code if entity_code in self.bodies else None

    @property
    def cie_provider(self) -> ServiceProvider:
        """How this portal is known to the federation of CIE."""
        entity_id = f"{self.provider.organization.url}cie/metadata"
        return replace(
            self.provider,
            entity_id=entity_id,
            attributes=CIE_ATTRIBUTES,
            more_services=(),
            aggregator=None,
            is_cie=True,
        )

    def level_of(self, entity_code: str | None) -> int:
        """Return the SPID level that the pages of an entity want."""
        return self.levels.get(entity_code or "", self.level)

    def metadata_id(self, provider: ServiceProvider) -> str:
        """Return the ID of a metadata document: the same as long as its contents are."""
        return f"_{sha256(repr((provider, self.key.certificates)).encode()).hexdigest()}"


def _provider(env: Env) -> ServiceProvider:
    public_url = env.str("PUBLIC_URL", "http://localhost:8080").rstrip("/")
    return ServiceProvider(
        entity_id=f"{public_url}/spid/metadata",
        acs_url=f"{public_url}/spid/acs",
        slo_url=f"{public_url}/spid/slo",
        organization=_organization(env),
        more_services=(
            *((ORGANIZATION_SERVICE,) if _purposes(env) else ()),
            *(EIDAS_SERVICES if env.bool("SPID_EIDAS", default=False) else ()),
        ),
    )


def _organization(env: Env) -> Organization:
    return Organization(
        name=env.str("SPID_ORGANIZATION_NAME"),
        ipa_code=env.str("SPID_IPA_CODE"),
        url=f"{env.str('PUBLIC_URL', 'http://localhost:8080').rstrip('/')}/",
        email=env.str("SPID_CONTACT_EMAIL"),
        telephone=env.str("SPID_CONTACT_PHONE", None),
        municipality=env.str("CIE_MUNICIPALITY", None),
    )


def _purposes(env: Env) -> list[str]:
    purposes: list[str] | None = env.list("SPID_PURPOSES", None, validate=validate.ContainsOnly(PURPOSES))
    return purposes or []


def registry_source(env: Env) -> RegistrySource:
    """Read where the identity providers come from. Raises RegistryError when nothing says so."""
    folder, aggregate = env.path("SPID_IDP_METADATA_DIR", None), env.path("SPID_REGISTRY_FILE", None)
    if folder is None and aggregate is None:
        raise RegistryError("set SPID_REGISTRY_FILE, or SPID_IDP_METADATA_DIR")
    pinned = env.path("SPID_REGISTRY_CERT_FILE", None)
    return RegistrySource(
        folder=folder,
        aggregate=aggregate,
        certificates=tuple(x509.load_pem_x509_certificates(pinned.read_bytes())) if pinned else (),
        url=env.str("SPID_REGISTRY_URL", "https://registry.spid.gov.it/entities?entity_type=idp"),
        max_age=timedelta(days=env.int("SPID_REGISTRY_MAX_AGE_DAYS", 7)),
        allow_test=env.bool("SPID_ALLOW_TEST_IDPS", default=False),
    )


def _check_level(level: int) -> None:
    if level not in (1, 2, 3):
        raise ValueError("a SPID level is 1, 2 or 3")


def _check_levels(levels: Mapping[str, int]) -> None:
    for level in levels.values():
        _check_level(level)
