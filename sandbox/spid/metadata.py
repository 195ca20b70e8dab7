"""The identity providers' own metadata, as the SPID registry would hand it out."""

from base64 import b64encode
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.spid.providers import Provider

_TEMPLATES: Final = Environment(loader=PackageLoader("sandbox.spid"), autoescape=True, undefined=StrictUndefined)


def build(provider: Provider) -> str:
    """Return the EntityDescriptor of `provider`; unsigned, for it is read from disk or from the peer itself."""
    return _TEMPLATES.get_template("metadata.xml").render(
        entity_id=provider.entity_id,
        name=provider.name,
        idp_url=provider.idp_url,
        sso_url=provider.sso_url,
        bindings=provider.bindings,
        slo_url=provider.slo_url,
        certificate=b64encode(provider.certificate.public_bytes(Encoding.DER)).decode(),
    )
