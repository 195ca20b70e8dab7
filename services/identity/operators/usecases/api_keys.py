"""API keys of an entity's software: made, given another text, revoked by its administrators, and looked up."""

from datetime import datetime
from typing import Any

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import api_keys as contract
from contracts.rpc.operators import OfficeRequest, actor_of
from services.identity.models import ApiKey, AuditEntry, Operator
from services.identity.operators import repository
from services.identity.operators.domain import api_key_rules
from services.identity.operators.domain.api_key_rules import KeyTexts
from services.identity.operators.sign_in import digest
from services.identity.operators.usecases import sessions
from services.identity.operators.views import api_key_view, name_view
from services.identity.settings import Settings

MADE = "keys.make"
ROTATED = "keys.rotate"
REVOKED = "keys.revoke"


def show(database: Database, settings: Settings, request: OfficeRequest, now: datetime) -> contract.ApiKeys:
    """Return the keys of an entity, those revoked too. Raises as `sessions.acting` does."""
    with database.reading() as session:
        sessions.acting(session, settings, request, Operation.READ_KEYS, now)
        rows = repository.api_keys(session, request.entity_code)
    return contract.ApiKeys(keys=[contract.ApiKey(**api_key_view(row)) for row in rows])


def make(
    database: Database, settings: Settings, request: contract.MakeApiKeyRequest, now: datetime
) -> contract.ApiKeyWithText:
    """Make a key and tell its text, this once.

    Raises Refused: those of `sessions.acting`, NAME_REQUIRED, DUPLICATE_REFERENCE, TOO_MANY_REQUESTS.
    """
    name, key_text = api_key_rules.checked_name(request.name), api_key_rules.new_text()
    with database.transaction() as tx:
        # One after the other: names and number are counted among those in force.
        repository.locked_operators(tx.session, request.entity_code)
        operator = sessions.acting(tx.session, settings, request, Operation.WRITE_KEYS, now)
        in_force = [row for row in repository.api_keys(tx.session, request.entity_code) if row.revoked_at is None]
        if name in {row.name for row in in_force}:
            raise Refused(ErrorCode.DUPLICATE_REFERENCE)
        if len(in_force) >= contract.API_KEYS_MAX:
            raise Refused(ErrorCode.TOO_MANY_REQUESTS)
        row = repository.new_api_key(
            tx.session,
            request.entity_code,
            name,
            api_key_rules.ordered_scopes(request.scopes),
            digest(key_text),
            now,
        )
        _note(tx, operator, MADE, row, now, after={"name": row.name, "scopes": row.scopes})
        return contract.ApiKeyWithText(**api_key_view(row), text=key_text)


def rotate(
    database: Database, settings: Settings, request: contract.ChangeApiKeyRequest, now: datetime
) -> contract.ApiKeyWithText:
    """Give a key another text, told this once; the one before is good for a day. Raises as ChangeApiKeyRequest says."""
    key_text = api_key_rules.new_text()
    with database.transaction() as tx:
        operator, row = _as_shown(tx, settings, request, now)
        row.previous_sha256, row.previous_until = row.sha256, now + api_key_rules.PREVIOUS_LIVES
        row.sha256, row.version = digest(key_text), row.version + 1
        _note(tx, operator, ROTATED, row, now, after={"name": row.name})
        return contract.ApiKeyWithText(**api_key_view(row), text=key_text)


def revoke(
    database: Database, settings: Settings, request: contract.ChangeApiKeyRequest, now: datetime
) -> contract.ApiKey:
    """End a key for good, both its texts at once. Raises as ChangeApiKeyRequest says."""
    with database.transaction() as tx:
        operator, row = _as_shown(tx, settings, request, now)
        row.revoked_at, row.version = now, row.version + 1
        _note(tx, operator, REVOKED, row, now, before={"name": row.name, "scopes": row.scopes})
        return contract.ApiKey(**api_key_view(row))


def holder(database: Database, request: contract.ApiKeyHolderRequest, now: datetime) -> contract.ApiKeyHolder:
    """Return whose key has this SHA-256. Raises Refused(API_KEY_INVALID)."""
    sha256 = bytes.fromhex(request.sha256)
    with database.reading() as session:
        row = repository.api_key_by_sha256(session, sha256)
        if row is None or not KeyTexts(row.sha256 == sha256, row.previous_until, row.revoked_at).is_good(now):
            raise Refused(ErrorCode.API_KEY_INVALID)
        if row.used_at is None or now - row.used_at >= api_key_rules.USE_RESOLUTION:
            repository.save_key_use(session, row.id, now)
        return contract.ApiKeyHolder(entity_code=row.entity_code, name=row.name, scopes=row.scopes)


def _as_shown(
    tx: Tx, settings: Settings, request: contract.ChangeApiKeyRequest, now: datetime
) -> tuple[Operator, ApiKey]:
    operator = sessions.acting(tx.session, settings, request, Operation.WRITE_KEYS, now)
    row = repository.locked_api_key(tx.session, request.entity_code, request.key_id)
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND)
    if row.version != request.version:
        raise Refused(ErrorCode.CHANGED_MEANWHILE, _changed(tx, row))
    if row.revoked_at is not None:
        raise Refused(ErrorCode.NOT_FOUND)
    return operator, row


def _changed(tx: Tx, row: ApiKey) -> ChangedMeanwhile:
    last = entries.last_of(tx.session, AuditEntry, row.entity_code, str(row.id))
    if last is None:
        return ChangedMeanwhile(version=row.version)
    return ChangedMeanwhile(
        version=row.version,
        actor_kind=last.actor.kind,
        actor_id=last.actor.id,
        operation=last.operation,
        at=last.at,
        fields=sorted({*last.before, *last.after}),
    )


def _note(tx: Tx, operator: Operator, what: str, row: ApiKey, now: datetime, **changes: Any) -> None:
    """Append to the audit: the name and the scopes, and nothing that the text could be made from."""
    tx.session.flush()
    change = Change(
        entity_code=row.entity_code,
        actor=actor_of(name_view(operator)),
        operation=what,
        subject=str(row.id),
        **changes,
    )
    entries.append(tx, change, now)
