"""What identity needs to know, from the environment; key files and IdP metadata are read once, at the start."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.fernet import Fernet, MultiFernet
from environs import FileAwareEnv
from marshmallow import validate

from chassis import clock
from services.identity import documents
from services.identity.domain import PrivacyDocument
from services.identity.registry_source import RegistrySource
from services.identity.saml.idp_registry import IdentityProvider, RegistryError, is_public_test_key
from services.identity.saml.metadata import CIE_ATTRIBUTES, Organization, ServiceProvider
from services.identity.saml.names import HTTP_POST, HTTP_REDIRECT
from services.identity.saml.signer import SigningKey

_BINDINGS: Final = {"redirect": HTTP_REDIRECT, "post": HTTP_POST}


@dataclass(frozen=True)
class Settings:
    """Everything the use cases are handed. `level` is the SPID level asked for, 1 to 3; `levels` where it differs.

    `binding`: how requests are sent to identity providers that offer both.
    """

    provider: ServiceProvider
    key: SigningKey
    registry_source: RegistrySource
    level: int
    levels: Mapping[str, int]
    binding: str
    trace_cipher: MultiFernet
    documents: tuple[PrivacyDocument, ...]

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment, `X_FILE` standing in for `X`.

        Raises EnvError when something is missing, and RegistryError when the files name a test identity provider
        where none is allowed, or cannot be believed.
        """
        env = FileAwareEnv()
        certificates: list[str] = env.list("SPID_SP_CERT_FILES")
        trace_keys: list[str] = env.list("SPID_TRACE_KEY")
        key = SigningKey.from_pem(
            env.path("SPID_SP_KEY_FILE").read_bytes(), [Path(path).read_bytes() for path in certificates]
        )
        if is_public_test_key(key.certificates[0]) and not env.bool("SPID_ALLOW_TEST_IDPS", default=False):
            raise RegistryError("SPID_SP_KEY_FILE holds a key that anybody can download")
        source = registry_source(env)
        source.load(clock.now())
        return cls(
            provider=_provider(env),
            key=key,
            registry_source=source,
            level=env.int("SPID_LEVEL", 2, validate=_check_level),
            levels=env.dict("SPID_LEVELS", {}, subcast_values=int, validate=_check_levels),
            binding=_BINDINGS[env.str("SPID_BINDING", "redirect", validate=validate.OneOf(_BINDINGS))],
            trace_cipher=MultiFernet([Fernet(key) for key in trace_keys]),
            documents=documents.load(),
        )

    def provider_for(self, idp: IdentityProvider) -> ServiceProvider:
        """Return how this portal is known to an identity provider."""
        return self.cie_provider if idp.is_cie else self.provider

    @property
    def cie_provider(self) -> ServiceProvider:
        """How this portal is known to the federation of CIE."""
        entity_id = f"{self.provider.organization.url}cie/metadata"
        return replace(self.provider, entity_id=entity_id, attributes=CIE_ATTRIBUTES, is_cie=True)

    def level_of(self, entity_code: str | None) -> int:
        """Return the SPID level that the pages of an entity want."""
        return self.levels.get(entity_code or "", self.level)

    def metadata_id(self, provider: ServiceProvider) -> str:
        """Return the ID of a metadata document: the same as long as its contents are."""
        return f"_{sha256(repr((provider, self.key.certificates)).encode()).hexdigest()}"


def _provider(env: FileAwareEnv) -> ServiceProvider:
    public_url = env.str("PUBLIC_URL", "http://localhost:8080").rstrip("/")
    return ServiceProvider(
        entity_id=f"{public_url}/spid/metadata",
        acs_url=f"{public_url}/spid/acs",
        slo_url=f"{public_url}/spid/slo",
        organization=Organization(
            name=env.str("SPID_ORGANIZATION_NAME"),
            ipa_code=env.str("SPID_IPA_CODE"),
            url=f"{public_url}/",
            email=env.str("SPID_CONTACT_EMAIL"),
            telephone=env.str("SPID_CONTACT_PHONE", None),
            municipality=env.str("CIE_MUNICIPALITY", None),
        ),
    )


def registry_source(env: FileAwareEnv) -> RegistrySource:
    """Read where the identity providers come from. Raises RegistryError when nothing says so."""
    folder, aggregate = env.path("SPID_IDP_METADATA_DIR", None), env.path("SPID_REGISTRY_FILE", None)
    if folder is None and aggregate is None:
        raise RegistryError("set SPID_REGISTRY_FILE, or SPID_IDP_METADATA_DIR")
    pinned = env.path("SPID_REGISTRY_CERT_FILE", None)
    return RegistrySource(
        folder=folder,
        aggregate=aggregate,
        certificate=x509.load_pem_x509_certificate(pinned.read_bytes()) if pinned else None,
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
