"""What a person needs to know once a copy is up."""

from dev.launcher.copy import COMUNE_CODE, ENTITY_CODE, Copy
from dev.launcher.first_operator import FILE_NAME


def show(copy: Copy) -> None:
    """Print the addresses, the test citizens and where the API key and the logs are."""
    from sandbox.spid.citizens import CITIZENS

    lines = [
        "",
        "  The portal is up.",
        "",
        f"  Portal        {copy.public_url}/enti/{ENTITY_CODE}",
        f"  A comune      {copy.public_url}/enti/{COMUNE_CODE}",
        f"  Old link      {copy.public_url}/pmPortal/directSearch?codCompany={ENTITY_CODE}",
        f"  Office        {copy.public_url}/ufficio/{ENTITY_CODE}    (the way in: {copy.home.folder / FILE_NAME})",
        f"  JSON API      {copy.public_url}/api/docs",
        f"  Sandbox SPID  {copy.spid_url}    identity provider: test citizens and outcomes",
        f"  Sandbox PSP   {copy.pagopa_url}    pagoPA: Checkout, the counter of a PSP, receipts",
        f"  Sandbox mail  {copy.mail_url}    every mail the portal sends, to whomever",
        "",
        "  Test citizens (Entra con SPID):",
        *(f"    {citizen.username:<15} {citizen.fiscal_code}  {citizen.description}" for citizen in CITIZENS),
        "",
        f"  Data, keys and logs: {copy.home.folder}   (the bodies' API keys: {copy.home.folder / 'secrets.json'})",
        "  Ctrl-C stops it.",
        "",
    ]
    print("\n".join(lines), flush=True)
