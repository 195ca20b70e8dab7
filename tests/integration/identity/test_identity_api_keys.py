"""API keys that an office makes: told once, found by their SHA-256, given another text, revoked, all of it audited."""

import re
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
import sqlalchemy as sa

from contracts.roles import Grant
from contracts.rpc import api_keys as contract
from contracts.rpc.api_keys import API_KEYS_MAX
from contracts.rpc.audit import AuditRequest
from contracts.rpc.operators import OfficeRequest
from services.identity import models
from services.identity.operators.usecases import api_keys, colleagues
from tests.integration.identity.conftest import GIULIA, LUCA, NOW, Portal
from tests.integration.identity.test_identity_operators import Office, refused

TEXT = re.compile(r"portale_[A-Za-z0-9_-]{43}")


class Keys:
    """The keys of PM108, asked for by its administrator unless `by` is another's session."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.office = Office(portal)
        self.administrator = self.office.first_administrator()

    def make(
        self, name: str = "Gestionale", *scopes: str, by: str | None = None, entity_code: str = "PM108"
    ) -> contract.ApiKeyWithText:
        request = contract.MakeApiKeyRequest(
            office_token=by or self.administrator,
            entity_code=entity_code,
            name=name,
            scopes=scopes or ("payments:read", "debts:write"),
        )
        return api_keys.make(self.portal.database, self.portal.settings, request, NOW)

    def change(self, what: str, key_id: UUID, version: int, by: str | None = None) -> contract.ApiKey:
        request = contract.ChangeApiKeyRequest(
            office_token=by or self.administrator, entity_code="PM108", key_id=key_id, version=version
        )
        made: contract.ApiKey = getattr(api_keys, what)(self.portal.database, self.portal.settings, request, NOW)
        return made

    def shown(self, by: str | None = None) -> list[contract.ApiKey]:
        request = OfficeRequest(office_token=by or self.administrator, entity_code="PM108")
        return list(api_keys.show(self.portal.database, self.portal.settings, request, NOW).keys)

    def holder(self, text: str, *, after: timedelta = timedelta()) -> contract.ApiKeyHolder:
        request = contract.ApiKeyHolderRequest(sha256=sha256(text.encode()).hexdigest())
        return api_keys.holder(self.portal.database, request, NOW + after)

    def audited(self) -> list[tuple[str, dict[str, object], dict[str, object]]]:
        page = colleagues.audit(self.portal.database, AuditRequest(entity_code="PM108", limit=100))
        keys = [one for one in reversed(page.entries) if one.operation.startswith("keys.")]
        return [(one.operation, dict(one.before), dict(one.after)) for one in keys]


@pytest.fixture(name="keys")
def _keys(portal: Portal) -> Keys:
    return Keys(portal)


def test_a_key_is_told_once_and_found_by_its_sha256_alone(keys: Keys) -> None:
    made = keys.make("  Gestionale\n studenti ")
    assert TEXT.fullmatch(made.text)
    assert (made.name, made.scopes) == ("Gestionale studenti", ["debts:write", "payments:read"])
    assert keys.holder(made.text) == contract.ApiKeyHolder(
        entity_code="PM108", name="Gestionale studenti", scopes=["debts:write", "payments:read"]
    )
    assert not hasattr(keys.shown()[0], "text")
    with keys.portal.database.reading() as session:
        stored = session.execute(sa.select(sa.cast(sa.literal_column("api_keys"), sa.Text)).select_from(models.ApiKey))
        assert made.text not in str(stored.all())
    for other in ("portale_" + "x" * 43, made.text[:-1], ""):
        with refused("api_key_invalid"):
            keys.holder(other)


def test_its_last_use_is_known_to_the_hour(keys: Keys) -> None:
    made = keys.make()
    assert keys.shown()[0].used_at is None
    keys.holder(made.text)
    keys.holder(made.text, after=timedelta(minutes=59))
    assert keys.shown()[0].used_at == NOW
    keys.holder(made.text, after=timedelta(hours=1))
    assert keys.shown()[0].used_at == NOW + timedelta(hours=1)


def test_after_a_rotation_both_texts_are_good_for_a_day_and_then_the_new_one_alone(keys: Keys) -> None:
    made = keys.make()
    turned = keys.change("rotate", made.id, 1)
    assert isinstance(turned, contract.ApiKeyWithText)
    assert TEXT.fullmatch(turned.text)
    assert turned.text != made.text
    assert turned.previous_until == NOW + timedelta(days=1)
    almost = timedelta(days=1) - timedelta(seconds=1)
    assert keys.holder(made.text, after=almost) == keys.holder(turned.text, after=almost)
    assert keys.holder(turned.text, after=timedelta(days=400)).name == "Gestionale"
    with refused("api_key_invalid"):
        keys.holder(made.text, after=timedelta(days=1))


def test_a_revoked_key_opens_nothing_with_either_text_and_its_name_is_free_again(keys: Keys) -> None:
    made = keys.make()
    turned = keys.change("rotate", made.id, 1)
    assert isinstance(turned, contract.ApiKeyWithText)
    keys.change("revoke", made.id, 2)
    for text in (made.text, turned.text):
        with refused("api_key_invalid"):
            keys.holder(text)
    for what in ("rotate", "revoke"):
        with refused("not_found"):
            keys.change(what, made.id, 3)
    again = keys.make()
    assert [(one.id, one.revoked_at) for one in keys.shown()] == [(again.id, None), (made.id, NOW)]


def test_creations_rotations_and_revocations_stand_in_the_audit_without_anything_secret(keys: Keys) -> None:
    made = keys.make()
    turned = keys.change("rotate", made.id, 1)
    assert isinstance(turned, contract.ApiKeyWithText)
    keys.change("revoke", made.id, 2)
    scopes = ["debts:write", "payments:read"]
    assert keys.audited() == [
        ("keys.make", {}, {"name": "Gestionale", "scopes": scopes}),
        ("keys.rotate", {}, {"name": "Gestionale"}),
        ("keys.revoke", {"name": "Gestionale", "scopes": scopes}, {}),
    ]
    assert made.text not in str(keys.audited())
    assert turned.text not in str(keys.audited())


def test_the_second_of_two_administrators_is_told_and_makes_nothing(keys: Keys) -> None:
    made = keys.make()
    turned = keys.change("rotate", made.id, 1)
    assert isinstance(turned, contract.ApiKeyWithText)
    for what in ("rotate", "revoke"):
        with refused("changed_meanwhile") as refusal:
            keys.change(what, made.id, 1)
        assert refusal.value.params["operation"] == "keys.rotate"
    assert keys.holder(turned.text).name == "Gestionale"


def test_names_in_force_are_once_each_and_there_are_at_most_twenty(keys: Keys) -> None:
    keys.make("Primo")
    with refused("duplicate_reference"):
        keys.make(" Primo ")
    for empty in ("", " ", "\x00\n"):
        with refused("name_required"):
            keys.make(empty)
    for number in range(API_KEYS_MAX - 1):
        keys.make(f"Programma {number}")
    assert len(keys.shown()) == API_KEYS_MAX == 20
    with refused("too_many_requests"):
        keys.make("Uno di troppo")


def test_only_an_administrator_of_the_entity_makes_a_key_and_a_revisore_looks(keys: Keys) -> None:
    _, clerk = keys.office.colleague(keys.administrator, GIULIA, Grant(role="ufficio"))
    _, auditor = keys.office.colleague(keys.administrator, LUCA, Grant(role="revisore"))
    made = keys.make()
    assert [one.name for one in keys.shown(by=auditor)] == ["Gestionale"]
    with refused("role_missing"):
        keys.shown(by=clerk)
    for token in (clerk, auditor):
        with refused("role_missing"):
            keys.make("Altro", by=token)
        for what in ("rotate", "revoke"):
            with refused("role_missing"):
                keys.change(what, made.id, 1, by=token)
    with refused("not_found"):
        keys.make("Altro", entity_code="PM200")
    assert keys.holder(made.text).name == "Gestionale"
