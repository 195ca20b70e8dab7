"""The scenarios by which pagoPA certifies a creditor body (pagopa.md section 7), and what a citizen does at a counter.

The scenarios have their names of the plan; the evidence each one wants is what the test looks at.
"""

import io
from functools import partial
from typing import Any
from uuid import uuid4

import requests
from lxml import etree
from pypdf import PdfReader

from tests.e2e.browser import BENEFICIARY, Browser
from tests.e2e.running import CREDITOR, ENTITY, PortalCopy, until

AGENCY = "80098765433"
FDR = "http://www.digitpa.gov.it/schemas/2011/Pagamenti/"


def debt(portal: PortalCopy, **changes: Any) -> dict[str, Any]:
    """A new debt of Mario Rossi."""
    return portal.put_debt(f"e2e-cert-{uuid4().hex[:10]}", **changes)


def enrolment(portal: PortalCopy) -> dict[str, Any]:
    """A debt that goes to two bodies: 140.00 of it to the regional agency."""
    return debt(portal, service_code="ISCRIZIONE", amount_cents=39_000)


def look_up(portal: PortalCopy, notice_number: str) -> Browser:
    """Ask for a notice at a counter: the node verifies it."""
    counter = Browser(portal).open(f"{portal.pagopa_url}/psp")
    return counter.submit("", avviso=f"PAGOPA|002|{notice_number}|{CREDITOR}|1")


def confirmed(portal: PortalCopy, practice_id: str | None, receipt_id: str) -> list[dict[str, Any]]:
    """What the accounting was told of a receipt."""
    return [
        event["data"]
        for event in portal.events()
        if event["type"] == "PaymentConfirmed.v1"
        and (event["data"]["practice_id"], event["data"]["receipt_id"]) == (practice_id, receipt_id)
    ]


def public_of(practice: dict[str, Any]) -> str:
    """What whoever holds the notice reads in place of the causale."""
    return f"{practice['service_title']['it']} {(practice['due_date'] or practice['created_at'])[:4]}"


def test_ec_psp_01_a_psp_verifies_a_notice(portal: PortalCopy) -> None:
    """OK with total, description, due date, and allCCP only where every account is a postal one."""
    single = debt(portal, amount_cents=12_345, due_date="2030-12-31")
    counter = look_up(portal, single["notice_number"])
    for told in ("123,45", public_of(single), "2030-12-31", "Conto postalesì"):
        assert told in counter.text
    shared = enrolment(portal)
    counter = look_up(portal, shared["notice_number"])
    for told in ("390,00", public_of(shared), "Conto postaleno"):
        assert told in counter.text


def test_ec_psp_02_a_notice_of_one_beneficiary_is_paid(portal: PortalCopy, browser: Browser) -> None:
    """getPayment does not lock; the receipt makes it paid; the quietanza is produced."""
    practice = debt(portal, amount_cents=7_750)
    browser.enter("mario-rossi")
    receipt_ids = portal.pay_at_counter(practice["notice_number"], "never")
    assert len(receipt_ids) == 1
    assert browser.state_of(practice["id"]) == "to_pay"
    assert "77,50" in look_up(portal, practice["notice_number"]).text, "activated, and verified again"
    [held] = portal.receipts_of(practice["notice_number"])
    requests.post(f"{portal.pagopa_url}/sandbox/receipts/{held['id']}/send", timeout=30).raise_for_status()
    browser.wait_for(practice["id"], "paid")
    pdf = browser.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}/quietanza.pdf").answer.content
    text = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    assert receipt_ids[0] in text
    assert "77,50" in text
    assert "PAA_PAGAMENTO_DUPLICATO" in look_up(portal, practice["notice_number"]).text


def test_ec_psp_02m_a_notice_of_several_beneficiaries_is_paid(portal: PortalCopy, browser: Browser) -> None:
    """As EC-PSP-02, with a transfer per body and a receipt to each of them."""
    practice = enrolment(portal)
    number = practice["notice_number"]
    code = f"<qrCode><fiscalCode>{CREDITOR}</fiscalCode><noticeNumber>{number}</noticeNumber></qrCode>"
    answer = etree.fromstring(portal.node_call("paGetPaymentV2", code).content)
    shares = [(share.findtext("fiscalCodePA"), share.findtext("transferAmount")) for share in answer.iter("transfer")]
    assert shares == [(CREDITOR, "250.00"), (AGENCY, "140.00")]
    browser.enter("mario-rossi")
    assert browser.state_of(practice["id"]) == "to_pay"
    [receipt_id] = set(portal.pay_at_counter(number))
    browser.wait_for(practice["id"], "paid")
    until(partial(delivered, portal, number), what="delivery of both receipts")
    assert {sent["recipient"] for sent in portal.receipts_of(number)} == {CREDITOR, AGENCY}
    [told] = until(lambda: confirmed(portal, practice["id"], receipt_id), what="PaymentConfirmed")
    assert told["amount_cents"] == 39_000
    assert browser.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}/quietanza.pdf").answer.status_code == 200


def secondary_receipt(portal: PortalCopy) -> tuple[str, str]:
    """Send us the receipt of another body's notice, of which 12.34 are ours; returns its id and IUV."""
    receipt_id, number = uuid4().hex, f"302{uuid4().int % 10**15:015d}"
    shares = "".join(
        f"<transfer><idTransfer>{place}</idTransfer><transferAmount>{amount}</transferAmount><fiscalCodePA>{code}"
        "</fiscalCodePA><companyName>Ente</companyName><IBAN>IT60X0542811101000000123456</IBAN><remittanceInformation>x"
        "</remittanceInformation><transferCategory>9/0601112AP/</transferCategory></transfer>"
        for place, (code, amount) in enumerate([("77777777777", "100.00"), (CREDITOR, "12.34")], start=1)
    )
    receipt = (
        f"<receipt><receiptId>{receipt_id}</receiptId><noticeNumber>{number}</noticeNumber>"
        f"<fiscalCode>77777777777</fiscalCode><outcome>OK</outcome><creditorReferenceId>{number[1:]}"
        "</creditorReferenceId><paymentAmount>112.34</paymentAmount><description>x</description><companyName>Altro"
        "</companyName><debtor><uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType>"
        "<entityUniqueIdentifierValue>ANONIMO</entityUniqueIdentifierValue></uniqueIdentifier><fullName>Mario"
        f"</fullName></debtor><transferList>{shares}</transferList><idPSP>BESEITM1</idPSP><PSPCompanyName>Banca"
        "</PSPCompanyName><idChannel>1_01</idChannel><channelDescription>app</channelDescription></receipt>"
    )
    answer = portal.node_call("paSendRTV2", receipt)
    assert (answer.status_code, "<outcome>OK</outcome>" in answer.text) == (200, True)
    return receipt_id, number[1:]


def test_ec_psp_03_a_secondary_body_gets_the_receipt_of_anothers_payment(portal: PortalCopy) -> None:
    """The receipt is accepted and stored, and the accounting is told of our share."""
    receipt_id, _iuv = secondary_receipt(portal)
    [told] = until(lambda: confirmed(portal, None, receipt_id), what="PaymentConfirmed")
    assert (told["amount_cents"], told["creditor_fiscal_code"]) == (1_234, CREDITOR)


def test_ec_psp_04_our_own_payments_are_reconciled_with_the_flow_of_the_psp(
    portal: PortalCopy, browser: Browser
) -> None:
    """Every transfer is matched by IUV and IUR, the practices are Rendicontato, the report adds up to the cent."""
    practices = [debt(portal, amount_cents=1_001), enrolment(portal)]
    browser.enter("mario-rossi")
    for practice in practices:
        assert portal.pay_at_counter(practice["notice_number"])
    for practice in practices:
        browser.wait_for(practice["id"], "paid")
        number = practice["notice_number"]
        until(partial(delivered, portal, number), what="delivery of each receipt")
    job = portal.run("-m", "services.payments", "fetch-settlements", ENTITY)
    said, _ = job.communicate(timeout=60)
    assert job.returncode == 0, said
    for practice in practices:
        browser.wait_for(practice["id"], "reported")
    flows = portal.api("GET", f"/creditors/{ENTITY}/settlements").json()["items"]
    assert flows
    for flow in flows:
        assert sum(found["amount_cents"] for found in flow["findings"]) == flow["total_cents"]
    day = flows[0]["settled_on"]
    report = portal.api("GET", f"/creditors/{ENTITY}/reconciliations/{day}", headers={"Accept": "text/csv"}).text
    lines = [line.split(";") for line in report.splitlines()]
    paid = [line for line in lines if line[0] == "pagamento"]
    total = next(line for line in lines if line[0] == "totale giorno")
    assert sum(int(line[-1].replace(",", "")) for line in paid) == int(total[-1].replace(",", ""))
    assert {practice["iuv"] for practice in practices} <= {line[4] for line in paid}
    row = {row["id"]: row for row in browser.open_portal(f"/enti/{ENTITY}/storico").rows()}[practices[0]["id"]]
    assert row["Stato"].startswith("Rendicontato")


def delivered(portal: PortalCopy, notice_number: str) -> bool:
    """Say whether every body has acknowledged its receipt."""
    return {sent["state"] for sent in portal.receipts_of(notice_number)} == {"acknowledged"}


def flow_of(receipt_id: str, iuv: str) -> bytes:
    """A flow to us with one transfer of another body's notice."""
    root = etree.Element(f"{{{FDR}}}FlussoRiversamento", nsmap={"f": FDR})

    def add(parent: Any, **texts: str) -> None:
        for tag, text in texts.items():
            etree.SubElement(parent, f"{{{FDR}}}{tag}").text = text

    add(root, versioneOggetto="1.0", identificativoFlusso=f"2026-11-26BESEITM1-{receipt_id[:12]}")
    add(
        root, dataOraFlusso="2026-11-26T10:00:00", identificativoUnivocoRegolamento="TRN1", dataRegolamento="2026-11-26"
    )
    for tag, kind, code in (("Mittente", "B", "BESEITM1"), ("Ricevente", "G", CREDITOR)):
        party = etree.SubElement(root, f"{{{FDR}}}istituto{tag}")
        named = etree.SubElement(party, f"{{{FDR}}}identificativoUnivoco{tag}")
        add(named, tipoIdentificativoUnivoco=kind, codiceIdentificativoUnivoco=code)
    add(root, numeroTotalePagamenti="1", importoTotalePagamenti="12.34")
    single = etree.SubElement(root, f"{{{FDR}}}datiSingoliPagamenti")
    add(single, identificativoUnivocoVersamento=iuv, identificativoUnivocoRiscossione=receipt_id)
    add(single, indiceDatiSingoloPagamento="2", singoloImportoPagato="12.34")
    add(single, codiceEsitoSingoloPagamento="0", dataEsitoSingoloPagamento="2026-11-25")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def test_ec_psp_05_payments_of_anothers_positions_are_reconciled(portal: PortalCopy) -> None:
    """The transfer to us of another body's notice is matched with the receipt we have of it."""
    receipt_id, iuv = secondary_receipt(portal)
    path = f"/creditors/{ENTITY}/settlements"
    headers = {"Content-Type": "application/xml"}
    taken = portal.api("POST", path, data=flow_of(receipt_id, iuv), headers=headers)
    assert taken.status_code == 201, taken.text
    assert [(found["finding"], found["count"]) for found in taken.json()["findings"]] == [("reported", 1)]


# --- a citizen at a counter, without a notice ---


def demand(portal: PortalCopy, service: str, **fields: str) -> Browser:
    """Ask for a spontaneous payment at a counter."""
    counter = Browser(portal).open(f"{portal.pagopa_url}/psp/spontaneo")
    return counter.submit("", servizio=f"{CREDITOR}|{service}|PM108", **fields)


def number_on(counter: Browser) -> str:
    """The notice that the body has answered with."""
    return str(counter.form("/psp").fields["avviso"])


def test_a_payment_asked_for_at_a_counter_is_paid_to_the_end(portal: PortalCopy, browser: Browser) -> None:
    causale = f"Certificato {uuid4().hex[:8]}"
    fields = {"codice_fiscale": "RSSMRA85T10A562S", "nominativo": "Rossi Mario", "causale": causale}
    counter = demand(portal, "00001", **fields)
    assert "16,00" in counter.text
    assert causale not in counter.text  # it may hold names, and the counter reads it to whoever stands there
    number = number_on(counter)
    assert number_on(demand(portal, "00001", **fields)) == number, "asked again, and got the same notice"
    counter.submit("/psp", psp="tabaccheria")
    assert counter.heading == "Pagato"
    browser.enter("mario-rossi")

    def row() -> dict[str, str] | None:
        rows = browser.open_portal(f"/enti/{ENTITY}/pratiche").rows()
        return next((row for row in rows if row["Causale"] == causale and row["Stato"].startswith("Pagato")), None)

    found = until(row, what="the practice, paid, in the citizen's list")
    assert "16,00" in found["Importo"]
    assert number_on(demand(portal, "00001", **fields)) != number, "paid: the next one is another"


def test_what_the_body_refuses_is_read_to_the_citizen_at_the_counter(portal: PortalCopy) -> None:
    student = {
        "studente": BENEFICIARY["full_name"],
        "corso": BENEFICIARY["course"],
        "scuola": BENEFICIARY["school"],
        "contributo": BENEFICIARY["contribution_type"],
    }
    for fields, told in (
        (
            {"nominativo": "Rossi Mario", "codice_fiscale": "RSSMRA85T10A562X", "causale": "x"},
            "codice fiscale non valido",
        ),
        ({"nominativo": "Rossi Mario", "causale": "x"}, "il servizio richiede il codice fiscale"),
        ({"codice_fiscale": "RSSMRA85T10A562S", "causale": "x"}, "PAA_SINTASSI_EXTRAXSD"),
    ):
        counter = demand(portal, "00001", **fields)
        assert told in counter.text
        assert counter.form("").fields["causale"] == "x"
    foreign = demand(portal, "00004", nominativo="Li Wei", importo="120,50", **student)
    assert "120,50" in foreign.text
    refused = demand(portal, "00004", nominativo="Li Wei", importo="99999", **student)
    assert "importo non ammesso" in refused.text


# --- marca da bollo digitale ---


def test_a_digital_stamp_is_bought_for_a_document_and_downloaded(portal: PortalCopy, browser: Browser) -> None:
    browser.enter("mario-rossi")
    browser.open_portal(f"/enti/{ENTITY}/inserimento/CERT_MBD")
    form = browser.form("/inserimento/CERT_MBD")
    causale = f"Certificato {uuid4().hex[:8]}"
    data = {**dict(form.form_values()), "description": causale, "province": "MI"}
    data.pop("document", None)
    files = {"document": ("domanda.pdf", b"%PDF-1.7 la domanda", "application/pdf")}
    browser.answer = browser.session.post(browser.answer.url, data=data, files=files, timeout=60)
    row = next(row for row in browser.rows() if row["Causale"] == causale)
    page = browser.open_portal(f"/enti/{ENTITY}/pratiche/{row['id']}")
    assert not page.links("bollettino.pdf")
    browser.pay(row["id"]).choose("paid")
    browser.wait_for(row["id"], "paid")
    browser.open_portal(f"/enti/{ENTITY}/pratiche/{row['id']}")
    [link] = browser.links("marca-da-bollo.xml")
    stamp = etree.fromstring(browser.open(link).answer.content)
    names = {etree.QName(child).localname: child for child in stamp}
    assert names["Importo"].text == "16.00"
    api = browser.session.get(f"{portal.url}/api/v1/practices/{row['id']}", timeout=30).json()
    assert api["needs_attention"] is False
    assert names["ImprontaDocumento"].findtext("{*}DigestValue") == api["stamp"]["document_hash"]
