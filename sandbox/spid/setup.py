"""Keys, certificates and metadata for a portal and its sandbox identity providers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.spid import metadata, providers
from services.identity.saml import certificate

ORGANIZATION_NAME: Final = "Conservatorio di Musica «Niccolò Jommelli»"
IPA_CODE: Final = "prova_cm"
CITY: Final = "Taranto"
MUNICIPALITY: Final = "L049"
CONTACT_EMAIL: Final = "spid@conservatorio.example"
_IDP_DAYS: Final = 3650
_RENEW_BEFORE: Final = timedelta(days=30)


def prepare(folder: Path, *, public_url: str, idp_url: str) -> dict[str, str]:
    """Make in `folder` whatever is missing and return the environment of identity and of the identity provider.

    Keys stay the same from one start to the next; the portal's certificate is made anew when its address changed
    or when it is about to expire, the metadata at every start.
    """
    now = datetime.now(UTC)
    entity_id = f"{public_url.rstrip('/')}/spid/metadata"
    for name in ("sp", "idp", "idp-metadata"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    key_file, certificate_file = folder / "sp" / "key.pem", folder / "sp" / "cert.pem"
    if not _is_current(certificate_file, entity_id, now):
        entity = certificate.Entity(name=ORGANIZATION_NAME, ipa_code=IPA_CODE, entity_id=entity_id, city=CITY)
        made = certificate.make(entity, now)
        certificate.write_private(key_file, made.key)
        certificate_file.write_bytes(made.certificate)
    for key in providers.NAMES:
        if not _is_current(providers.certificate_file(folder, key), None, now):
            _make_idp(folder, key, now)
    for provider in providers.load(folder, idp_url.rstrip("/")):
        (folder / "idp-metadata" / f"{provider.key}.xml").write_text(metadata.build(provider), encoding="utf-8")
    return {
        "SPID_SP_KEY_FILE": str(key_file),
        "SPID_SP_CERT_FILES": str(certificate_file),
        "SPID_IDP_METADATA_DIR": str(folder / "idp-metadata"),
        "SPID_ALLOW_TEST_IDPS": "true",
        "SPID_IPA_CODE": IPA_CODE,
        "SPID_ORGANIZATION_NAME": ORGANIZATION_NAME,
        "SPID_CONTACT_EMAIL": CONTACT_EMAIL,
        "CIE_MUNICIPALITY": MUNICIPALITY,
        "SPID_TRACE_KEY": _trace_key(folder / "sp" / "trace.key"),
        "SANDBOX_SPID_HOME": str(folder),
    }


def _is_current(file: Path, entity_id: str | None, now: datetime) -> bool:
    if not file.exists():
        return False
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    names = {str(attribute.value) for attribute in certificate.subject}
    return certificate.not_valid_after_utc > now + _RENEW_BEFORE and (entity_id is None or entity_id in names)


def _make_idp(folder: Path, key: str, now: datetime) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, providers.NAMES[key]),
            x509.NameAttribute(NameOID.COMMON_NAME, providers.NAMES[key]),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_IDP_DAYS))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate.write_private(providers.key_file(folder, key), pem)
    providers.certificate_file(folder, key).write_bytes(made.public_bytes(Encoding.PEM))


def _trace_key(file: Path) -> str:
    if not file.exists():
        certificate.write_private(file, Fernet.generate_key())
    return file.read_text()
