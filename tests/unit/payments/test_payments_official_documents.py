"""No document that the official schema allows is refused here: ours and xmlschema's verdict on generated documents.

A hundred and fifty of each kind, ten thousand at night; `HYPOTHESIS_OFFICIAL_DOCUMENTS` says another number.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payments.settlement.flow_parser import read_file
from services.payments.soap.receipts import read_receipt
from services.payments.soap.requests import Operation, read_message
from tests.shares import share
from tests.unit.payments.official_documents import DocumentMaker

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa" / "xsd"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EXAMPLES = int(os.environ.get("HYPOTHESIS_OFFICIAL_DOCUMENTS") or share(in_ci=150, nightly=10_000))
pytestmark = [
    pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schemas are not here"),
    pytest.mark.timeout(120 + EXAMPLES // 4),
]
many = settings(max_examples=EXAMPLES, deadline=None)
SEEDS = st.randoms(use_true_random=True)


@pytest.fixture(scope="module")
def node_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SPECS / "wsdl" / "xsd" / "paForNode.xsd"))


@pytest.fixture(scope="module", params=["1_0_4", "1_0_5"])
def flow_schema(request) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SPECS / "xsd-common" / f"FlussoRiversamento_{request.param}.xsd"))


def enveloped(document: str, start: str) -> str:
    return (
        f'{start}<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body>{document}</e:Body>'
        "</e:Envelope>"
    )


STARTS = ["", "\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\n', '\ufeff<?xml version="1.0"?>']


@pytest.mark.parametrize("operation", Operation)
@given(random=SEEDS)
@many
def test_a_message_that_the_official_schema_allows_is_read(node_schema, operation, random):
    document = DocumentMaker(node_schema, random).document(operation.request_root)
    node_schema.validate(document)
    message = read_message(enveloped(document, random.choice(STARTS)), operation.value)
    assert message.problem is None
    if operation.sends_receipt:
        assert not message.extras
        read_receipt(message, NOW)


@given(random=SEEDS)
@many
def test_a_settlement_flow_that_the_official_schema_allows_is_read(flow_schema, random):
    document = DocumentMaker(flow_schema, random).document("FlussoRiversamento")
    flow_schema.validate(document)
    read_file((random.choice(STARTS) + document).encode())
