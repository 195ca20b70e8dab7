"""The fixed texts of one notice: in its language, and in its second one where it has one."""

from dataclasses import dataclass

from services.notices.documents.domain.content import NoticeContent, Payment
from services.notices.documents.pdf.formats import date_text
from services.notices.documents.pdf.notice_texts import NOTICE_TEXTS, NoticeTexts


@dataclass(frozen=True)
class BilingualTexts:
    """Texts in the first language and, maybe, in the second."""

    first: NoticeTexts
    second: NoticeTexts | None

    @classmethod
    def of(cls, content: NoticeContent) -> "BilingualTexts":
        """Return the texts a notice needs."""
        second = content.second_language
        return cls(NOTICE_TEXTS[content.language], NOTICE_TEXTS[second] if second else None)

    def pair(self, name: str, **values: object) -> tuple[str, str | None]:
        """Return a text in both languages, with `values` filled in; the second is None where there is none."""
        first: str = getattr(self.first, name)
        second: str | None = getattr(self.second, name) if self.second else None
        return first.format(**values), second and second.format(**values)


def which(texts: NoticeTexts, payment: Payment) -> str:
    """Say `Rata unica entro il 31/12/2026`, or `Rata 5 ...`; without a due date, only the first part."""
    label = which_until(texts, payment)
    return f"{label} {date_text(payment.due_date)}" if payment.due_date else label


def which_until(texts: NoticeTexts, payment: Payment) -> str:
    """Say `Rata unica entro il`, what stands before the date."""
    name = texts.instalment.format(number=payment.instalment) if payment.instalment else texts.full_amount
    return f"{name} {texts.due}" if payment.due_date else name
