"""The settings of every process of a copy, and the keys and secrets behind them."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Final

from dev.launcher.copy import COMUNE_CODE, ENTITY_CODE, Copy
from dev.paths import BUILD, ROOT, Home
from sandbox.spid import setup as spid_setup
from services.practices.domain.question_secrets import secret_of

_SCOPES: Final = (
    "debts:read",
    "debts:write",
    "imports:write",
    "payments:read",
    "events:read",
    "settlements:write",
    "refunds:write",
    "notices:print",
)


def environment(copy: Copy) -> dict[str, str]:
    """Make the settings of every process, and the keys and secrets behind them where they are missing.

    What the caller's environment already says about a setting wins, but for the broker and the database.
    """
    kept = _secrets(copy.home)
    spid = spid_setup.prepare(copy.home.spid, public_url=copy.public_url, idp_url=copy.spid_url)
    made = {
        **spid,
        "PUBLIC_URL": copy.public_url,
        "SANDBOX_SPID_URL": copy.spid_url,
        "SANDBOX_PAGOPA_URL": copy.pagopa_url,
        "SANDBOX_HOME": str(copy.home.peers),
        "SECRET_KEY": kept["secret_key"],
        "API_KEYS_FILE": str(_api_keys_file(copy.home, kept)),
        "CHECKOUT_URL": f"{copy.pagopa_url}/checkout/ec/v2",
        "CHECKOUT_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "FDR_URL": f"{copy.pagopa_url}/fdr-org/service/v1",
        "FDR_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "ACA_URL": f"{copy.pagopa_url}/aca/debt-positions-service/v1",
        "ACA_BULK_URL": f"{copy.pagopa_url}/upload/aca/debt-positions-service/v2",
        "ACA_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "BIZ_EVENTS_URL": f"{copy.pagopa_url}/bizevents/service/v1",
        "BIZ_EVENTS_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "STATIC_DIR": str(BUILD / "static"),
        "LOGOS_DIR": str(ROOT / "sandbox" / "data" / "logos"),
        "ENTITY_LOGOS_DIR": str(ROOT / "sandbox" / "data" / "logos"),
        "IDP_LOGOS_DIR": str(ROOT / "sandbox" / "spid" / "logos"),
        "AMOUNT_QUESTION_KEYS": kept["question_key"],
        "AMOUNT_PRIVATE_NETWORKS": "127.0.0.0/8,::1/128",
        "SANDBOX_SOFTWARE_KEY": secret_of(kept["question_key"], COMUNE_CODE),
        "PORTAL_NODE_URL": f"{copy.node_url}/pagopa/pa-for-node",
        "SANDBOX_SP_METADATA_URL": f"{copy.local_url}/spid/metadata",
        **_mail(copy),
    }
    return {**made, **{name: os.environ[name] for name in made if name in os.environ}}


def _mail(copy: Copy) -> dict[str, str]:
    """Make mail go to the sandbox, at any hour; where the caller names a server of his own, to that."""
    if "SMTP_HOST" in os.environ:
        return {}
    return {
        "SMTP_HOST": copy.local_host,
        "SMTP_PORT": str(copy.smtp_port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Portale dei pagamenti <no-reply@conservatorio.example>",
        "MAIL_REMINDER_HOURS": "0-24",
    }


def api_key(home: Home) -> str:
    """The entity's API key, as its software would hold it."""
    return _secrets(home)["api_key"]


def _secrets(home: Home) -> dict[str, str]:
    file = home.folder / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [
        name
        for name in ("secret_key", "checkout_subscription_key", "api_key", "comune_api_key", "question_key")
        if name not in kept
    ]
    if missing:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(file, json.dumps(kept, indent=2))
    return kept


def _api_keys_file(home: Home, kept: dict[str, str]) -> Path:
    """Write the keys of the two entities' own software."""
    file = home.folder / "api_keys.json"
    keys = {ENTITY_CODE: kept["api_key"], COMUNE_CODE: kept["comune_api_key"]}
    rows = [
        {
            "sha256": hashlib.sha256(key.encode()).hexdigest(),
            "entity_code": entity_code,
            "scopes": list(_SCOPES),
            "name": "the entity's own software",
        }
        for entity_code, key in keys.items()
    ]
    write_private(file, json.dumps(rows, indent=2))
    return file


def write_private(file: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
