"""The reconciliation report on paper: payments adds up, notices draws."""

import base64
from datetime import date
from uuid import uuid4

import pypdfium2

from contracts.rpc import notices, settlement
from contracts.rpc.notices import DayReportRequest
from contracts.rpc.settlement import TakeSettlementRequest

FLOW = """<?xml version="1.0"?><FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/">
<versioneOggetto>1.0</versioneOggetto><identificativoFlusso>{flow_id}</identificativoFlusso>
<dataOraFlusso>2026-03-03T05:00:00</dataOraFlusso><identificativoUnivocoRegolamento>SCT1</identificativoUnivocoRegolamento>
<dataRegolamento>2026-03-02</dataRegolamento><istitutoMittente><identificativoUnivocoMittente>
<tipoIdentificativoUnivoco>B</tipoIdentificativoUnivoco><codiceIdentificativoUnivoco>BESEITM1</codiceIdentificativoUnivoco>
</identificativoUnivocoMittente></istitutoMittente><istitutoRicevente><identificativoUnivocoRicevente>
<tipoIdentificativoUnivoco>G</tipoIdentificativoUnivoco><codiceIdentificativoUnivoco>80012345676</codiceIdentificativoUnivoco>
</identificativoUnivocoRicevente></istitutoRicevente><numeroTotalePagamenti>2</numeroTotalePagamenti>
<importoTotalePagamenti>149.00</importoTotalePagamenti>{paid}{stranger}</FlussoRiversamento>"""
ROW = """<datiSingoliPagamenti><identificativoUnivocoVersamento>{iuv}</identificativoUnivocoVersamento>
<identificativoUnivocoRiscossione>{iur}</identificativoUnivocoRiscossione>
<indiceDatiSingoloPagamento>1</indiceDatiSingoloPagamento><singoloImportoPagato>{amount}</singoloImportoPagato>
<codiceEsitoSingoloPagamento>0</codiceEsitoSingoloPagamento>
<dataEsitoSingoloPagamento>2026-03-01</dataEsitoSingoloPagamento></datiSingoliPagamenti>"""


def test_the_report_of_a_day_is_printed_with_what_became_of_each_payment(office):
    practice = office.owed()
    iur = office.pay(practice)
    flow_id = f"2026-03-02BESEITM1-{uuid4().hex[:12]}"
    text = FLOW.format(
        flow_id=flow_id,
        paid=ROW.format(iuv=practice.iuv, iur=iur, amount="148.50"),
        stranger=ROW.format(iuv="9" * 17, iur="nobody", amount="0.50"),
    )
    content = base64.b64encode(text.encode()).decode()
    office.rpc.call(settlement.TAKE_SETTLEMENT, TakeSettlementRequest(entity_code="PM108", content_base64=content))
    asked = DayReportRequest(entity_code="PM108", day=date(2026, 3, 2), language="it")
    reply = office.rpc.call(notices.DAY_REPORT, asked)
    assert (reply.file_name, reply.media_type) == ("riconciliazione_PM108_2026-03-02.pdf", "application/pdf")
    sheets = pypdfium2.PdfDocument(base64.b64decode(reply.content_base64))
    printed = " ".join(" ".join(sheet.get_textpage().get_text_range().split()) for sheet in sheets)
    for expected in (
        f"{iur} 1 0 eseguito rendicontato 148,50",
        "nobody 1 0 eseguito sconosciuto 0,50",
        "Totale flusso, 2 pagamenti 149,00 Euro",
        "Totale dei flussi del giorno 149,00 Euro",
        "Differenza 149,00 Euro",
    ):
        assert expected in printed
