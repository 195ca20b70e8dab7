"""The URIs of SAML, XML Signature and SPID that messages are made of."""

from typing import Final

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
SPID_EXTENSIONS: Final = "https://spid.gov.it/saml-extensions"
INVOICING_EXTENSIONS: Final = "https://spid.gov.it/invoicing-extensions"
CIE_EXTENSIONS: Final = "https://www.cartaidentita.interno.gov.it/saml-extensions"

HTTP_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

FORMAT_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
FORMAT_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ATTRIBUTE_BASIC: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
METHOD_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

STATUS_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

LEVELS: Final = {
    1: "https://www.spid.gov.it/SpidL1",
    2: "https://www.spid.gov.it/SpidL2",
    3: "https://www.spid.gov.it/SpidL3",
}
"""SPID level -> AuthnContextClassRef."""


def tag(namespace: str, name: str) -> str:
    """Return lxml's `{namespace}name`."""
    return f"{{{namespace}}}{name}"
