"""The OpenAPI document has no error in the Italian rules, as we say them; tests/ruleset/ asks the ruleset itself."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.api.openapi_documents import DOCUMENTS
from tests.unit.api.openapi_rules import (
    RULES,
    Rule,
    bodies_stand_where_http_has_them,
    errors_are_problems,
    headers_are_not_those_of_openapi_itself,
    it_says_what_it_is,
    keys_travel_in_headers,
    no_secret_stands_in_an_address,
    numbers_have_a_format,
    patterns_are_javascripts,
    rate_limit_headers_are_whole,
    servers_are_described_and_safe,
    there_is_a_status,
    writes_say_who_may,
)

each_portal = pytest.mark.parametrize("public_url", DOCUMENTS)


@each_portal
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_keeps_the_rule(rule: Rule, public_url: str) -> None:
    assert list(rule(DOCUMENTS[public_url])) == []


def in_search(document: Any) -> Any:
    return document["paths"]["/creditors/{entity}/searches"]["post"]


def of_status(document: Any) -> Any:
    return document["paths"]["/status"]["get"]


def schema_of_amount(document: Any) -> Any:
    return document["components"]["schemas"]["InsertBody"]["properties"]["amount_cents"]


BROKEN: list[tuple[Rule, Callable[[Any], Any]]] = [
    (it_says_what_it_is, lambda one: one["info"].pop("contact")),
    (it_says_what_it_is, lambda one: one["info"].pop("x-summary")),
    (it_says_what_it_is, lambda one: one["info"].update(version="one")),
    (servers_are_described_and_safe, lambda one: one["servers"][0].pop("description")),
    (servers_are_described_and_safe, lambda one: one["servers"][0].update(url="http://pagamenti.example")),
    (there_is_a_status, lambda one: one["paths"].pop("/status")),
    (
        there_is_a_status,
        lambda one: one["paths"]["/status"]["get"]["responses"]["200"].update(content={"text/plain": {}}),
    ),
    (errors_are_problems, lambda one: in_search(one)["responses"]["422"].update(content={"application/json": {}})),
    (numbers_have_a_format, lambda one: schema_of_amount(one).pop("format")),
    (patterns_are_javascripts, lambda one: schema_of_amount(one).update(pattern=r"^[0-9]\Z")),
    (patterns_are_javascripts, lambda one: schema_of_amount(one).update(pattern=r"(?P<cents>[0-9]+)")),
    (patterns_are_javascripts, lambda one: schema_of_amount(one).update(pattern=r"(?i)[a-z]")),
    (bodies_stand_where_http_has_them, lambda one: of_status(one).update(requestBody={"content": {}})),
    (
        bodies_stand_where_http_has_them,
        lambda one: one["paths"]["/status"].update(patch=of_status(one)),
    ),
    (
        bodies_stand_where_http_has_them,
        lambda one: one["paths"]["/me/consents/{purpose}"]["delete"]["responses"]["204"].update(content={}),
    ),
    (
        headers_are_not_those_of_openapi_itself,
        lambda one: in_search(one)["parameters"].append({"in": "header", "name": "accept"}),
    ),
    (
        rate_limit_headers_are_whole,
        lambda one: in_search(one)["responses"]["429"]["headers"].update({"RateLimit-Limit": {}}),
    ),
    (
        no_secret_stands_in_an_address,
        lambda one: in_search(one)["parameters"].append({"in": "query", "name": "apiKey"}),
    ),
    (keys_travel_in_headers, lambda one: one["components"]["securitySchemes"]["headerKey"].update({"in": "query"})),
    (keys_travel_in_headers, lambda one: one["components"]["securitySchemes"]["headerKey"].update({"in": "cookie"})),
    (keys_travel_in_headers, lambda one: one["components"]["securitySchemes"]["session"].update(scheme="negotiate")),
    (
        keys_travel_in_headers,
        lambda one: one["components"]["securitySchemes"].update(other={"type": "oauth2", "flows": {"implicit": {}}}),
    ),
    (writes_say_who_may, lambda one: in_search(one).pop("security")),
    (writes_say_who_may, lambda one: in_search(one).update(security=[{"nobody": []}])),
]


@pytest.mark.parametrize(("rule", "break_it"), BROKEN)
def test_a_document_that_breaks_a_rule_is_found(rule: Rule, break_it: Callable[[Any], Any]) -> None:
    document = copy.deepcopy(DOCUMENTS["https://pagamenti.example"])
    break_it(document)
    assert len(list(rule(document))) == 1


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _ in BROKEN} == set(RULES)
