"""Marca da bollo digitale: the document's fingerprint at the insertion, the stamp to download after the payment."""

import base64
import hashlib
from http import HTTPStatus
from typing import Any
from uuid import UUID

import falcon
import pytest

from contracts.rpc import practices
from contracts.shapes import Stamp
from gateway.edge.documents import DOCUMENT_MAX_BYTES
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import NOW, Services, make_practice

FORM = "/enti/PM108/inserimento/CERT_MBD"
KEY = "5b1a4a3e-5f7e-4a92-9f0a-6b0a3d0a9b11"
DOCUMENT = b"%PDF-1.7 la domanda\x00\xff"
HASH = base64.b64encode(hashlib.sha256(DOCUMENT).digest()).decode()
BOUNDARY = "----boundary"


def multipart(fields: dict[str, str], document: bytes | None, name: str = "domanda.pdf") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    if document is not None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + document + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(browser: Browser, document: bytes | None, name: str = "domanda.pdf", **fields: str) -> falcon.testing.Result:
    typed = {"csrf_token": browser.token(), "key": KEY, "amount": "21", "description": "Domanda", "province": "mi"}
    body = multipart(typed | fields, document, name)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return browser.request("POST", FORM, headers=headers, body=body)


def test_the_form_asks_for_the_document_and_the_province_where_a_stamp_is_sold(browser: Browser) -> None:
    browser.log_in()
    page = page_of(browser.get(FORM))
    assert page.xpath("//main//form/@enctype") == ["multipart/form-data"]
    assert page.xpath("//main//input[@type='file']/@name") == ["document"]
    assert "16,00" in text_of(browser.get(FORM))
    other = page_of(browser.get("/enti/PM108/inserimento/BOLLO_IT"))
    assert not other.xpath("//main//form/@enctype | //main//input[@type='file']")


def test_the_documents_sha_256_goes_on_and_the_document_does_not(browser: Browser, services: Services) -> None:
    browser.log_in()
    assert send(browser, DOCUMENT).status_code == HTTPStatus.SEE_OTHER
    (asked,) = services.asked(practices.INSERT)
    assert asked.stamp == Stamp(document_hash=HASH, province="MI")
    assert len(HASH) == 44


@pytest.mark.parametrize(
    ("document", "fields", "told"),
    [
        (None, {}, "Scegli il file del documento"),
        (b"", {}, "Scegli il file del documento"),
        (DOCUMENT, {"province": "XX"}, "provincia italiana"),
        (DOCUMENT, {"province": ""}, "provincia italiana"),
        (None, {"document_hash": "x" * 44}, "Scegli il file del documento"),
    ],
)
def test_what_is_missing_is_told_and_nothing_is_inserted(
    browser: Browser, services: Services, document: bytes | None, fields: dict[str, str], told: str
) -> None:
    browser.log_in()
    answer = send(browser, document, **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert told in text_of(answer)
    assert not services.asked(practices.INSERT)


def test_a_document_chosen_once_need_not_be_chosen_again_after_another_mistake(
    browser: Browser, services: Services
) -> None:
    browser.log_in()
    page = page_of(send(browser, DOCUMENT, name="<b>domanda</b>.pdf", description=""))
    held: dict[str, str] = {
        name: page.xpath(f"//input[@type='hidden'][@name='{name}']/@value")[0]
        for name in ("document_hash", "document_name")
    }
    assert held == {"document_hash": HASH, "document_name": "<b>domanda</b>.pdf"}
    assert send(browser, b"", **held).status_code == HTTPStatus.SEE_OTHER
    (asked,) = services.asked(practices.INSERT)
    assert asked.stamp is not None
    assert asked.stamp.document_hash == HASH


def test_a_document_too_large_is_refused(browser: Browser, services: Services) -> None:
    browser.log_in()
    assert send(browser, b"x" * (DOCUMENT_MAX_BYTES + 1)).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert not services.asked(practices.INSERT)


def test_a_form_in_parts_needs_its_token_like_any_other(browser: Browser, services: Services) -> None:
    browser.log_in()
    assert send(browser, DOCUMENT, csrf_token="x").status_code == HTTPStatus.FORBIDDEN
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    for body in (b"", b"--other\r\n", f"--{BOUNDARY}\r\n\r\nx".encode()):
        assert 400 <= browser.request("POST", FORM, headers=headers, body=body).status_code < 500
    assert not services.asked(practices.INSERT)


STAMPED: dict[str, Any] = {"online_only": True, "stamp": Stamp(document_hash=HASH, province="MI")}


def test_what_is_paid_only_online_offers_no_slip_to_print(browser: Browser, services: Services) -> None:
    browser.log_in()
    services.add(make_practice(1, **STAMPED), make_practice(2))
    for path, slips in ((f"/enti/PM108/pratiche/{UUID(int=1)}", 0), ("/enti/PM108/pratiche", 1)):
        links = page_of(browser.get(path)).xpath("//main//a[contains(@href, 'bollettino.pdf')]/@href")
        assert len(links) == slips, links
    assert HASH in text_of(browser.get(f"/enti/PM108/pratiche/{UUID(int=1)}"))


def test_a_bought_stamp_is_downloaded_as_it_was_signed(browser: Browser, services: Services) -> None:
    browser.log_in()
    services.add(make_practice(1, state="paid", payable=False, **STAMPED))
    services.stamp = b"<marcaDaBollo/>"
    answer = browser.get(f"/enti/PM108/pratiche/{UUID(int=1)}/marca-da-bollo.xml")
    assert (answer.status_code, answer.content) == (HTTPStatus.OK, b"<marcaDaBollo/>")
    assert answer.headers["content-disposition"].startswith("attachment")
    answer = browser.get(f"/api/v1/practices/{UUID(int=1)}/stamp")
    assert (answer.status_code, answer.content) == (HTTPStatus.OK, b"<marcaDaBollo/>")


def test_there_is_no_stamp_for_a_stranger_or_before_the_payment(browser: Browser, services: Services) -> None:
    services.add(make_practice(1, masked=True, state_since=NOW))
    browser.log_in()
    services.stamp = b"<marcaDaBollo/>"
    answer = browser.get(f"/enti/PM108/pratiche/{UUID(int=1)}/marca-da-bollo.xml")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert browser.get(f"/api/v1/practices/{UUID(int=1)}/stamp").json["code"] == "stamp_not_found"
    services.stamp = None
    services.add(make_practice(2))
    answer = browser.get(f"/enti/PM108/pratiche/{UUID(int=2)}/marca-da-bollo.xml")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "non c'è una marca da bollo" in text_of(answer)
