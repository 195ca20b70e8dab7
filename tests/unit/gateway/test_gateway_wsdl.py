"""The description of the node's door: our own WSDL and schema."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import TestClient
from lxml import etree

import gateway
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_services import Services

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema is not here")
OURS = Path(gateway.__file__).parent / "wsdl" / "pa_for_node.xsd"
DOOR = "/pagopa/pa-for-node"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
OPERATIONS = {
    "paVerifyPaymentNotice",
    "paGetPayment",
    "paGetPaymentV2",
    "paSendRT",
    "paSendRTV2",
    "paDemandPaymentNotice",
}


@pytest.fixture
def client(settings: Settings, services: Services):
    return TestClient(create_app(settings, services))


@cache
def schema(file: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(file))


def bodies() -> Iterator[Any]:
    """The official messages of paForNode, and each with one element less."""
    for file in sorted((SPECS / "samples").glob("*.xml")) if SPECS.is_dir() else []:
        root = etree.parse(file).getroot()
        body = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        if body is None or "paForNode" not in str(body[0].tag):
            continue
        yield pytest.param(etree.tostring(body[0]), id=file.stem)
        for number in range(sum(1 for _ in body[0].iterdescendants(etree.Element))):
            less = etree.fromstring(etree.tostring(body[0]))
            element = list(less.iterdescendants(etree.Element))[number]
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
            yield pytest.param(etree.tostring(less), id=f"{file.stem} without {element.tag} {number}")


def test_the_wsdl_names_every_operation_and_where_its_schema_is(client):
    answer = client.simulate_get(DOOR, query_string="wsdl")
    assert answer.headers["Content-Type"].startswith("text/xml")
    root = etree.fromstring(answer.content)
    assert {found.get("name") for found in root.iterfind(f"{WSDL}portType/{WSDL}operation")} == OPERATIONS
    [address] = [found.get("location") for found in root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")]
    [schema_at] = [found.get("schemaLocation") for found in root.iter(f"{XSD}import")]
    assert (address, schema_at) == (f"http://localhost:18600{DOOR}", f"http://localhost:18600{DOOR}?xsd")


def test_the_schema_is_served_and_anything_else_is_not_found(client):
    served = etree.fromstring(client.simulate_get(DOOR, query_string="xsd").content)
    etree.XMLSchema(served)
    named = {element.get("name") for element in served.iterfind(f"{XSD}element")}
    assert len(named) == 2 * len(OPERATIONS)
    assert client.simulate_get(DOOR).status_code == 404


@needs_specs
@pytest.mark.parametrize("message", list(bodies()))
def test_our_schema_and_the_official_one_agree_about_each_message(message):
    ours, official = schema(OURS), schema(SPECS / "xsd" / "wsdl" / "xsd" / "paForNode.xsd")
    assert ours.validate(etree.fromstring(message)) == official.validate(etree.fromstring(message))
