"""What notices answers: PDF documents, and how mail to a citizen stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message
from contracts.shapes import Empty, Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequest(Message):
    """The document of a practice the viewer may see, in a language of the interface."""

    practice_id: UUID
    viewer: Viewer
    language: Annotated[str, OneOf(["it", "en"])] = "it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRequest(DocumentRequest):
    """The quietanza of a practice: every payment of it, or the one with this `receipt_id` alone."""

    receipt_id: Annotated[str, Length(1, 35)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartReceiptRequest(Message):
    """One receipt for what was paid together: the practices of a cart, all of one entity."""

    practice_ids: Annotated[Sequence[UUID], Length(1, 5)]
    viewer: Viewer
    language: Annotated[str, OneOf(["it", "en"])] = "it"


NOTICE_LANGUAGES = ("it", "en", "de", "fr", "sl")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequest(Message):
    """The notice of a practice the viewer may see. `second_language`: the fixed texts also in that one.

    `whole_plan`: with all instalments of its plan that are still to pay, where it is one of several.
    `full_amount_id`: the practice is a penalty's reduced amount (within 5 days), and this one its full amount (within
    60): one notice offers both, of which one is to be paid.
    """

    practice_id: UUID
    viewer: Viewer
    language: Annotated[str, OneOf(NOTICE_LANGUAGES)] = "it"
    second_language: Annotated[str, OneOf(NOTICE_LANGUAGES)] | None = None
    whole_plan: bool = False
    full_amount_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest(Message):
    """The short code of a document, as people type it."""

    code: Annotated[str, Length(max=80)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Message):
    """Whether a document with this code was made here, and nothing that stands in it.

    `kind` and `payable` are None when it was not; `payable` says whether any of it can still be paid.
    """

    genuine: bool
    kind: Annotated[str, OneOf(["notice", "receipt"])] | None = None
    payable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest(Message):
    """Notices of an entity's debts, by its references, as one job. Same key: same job.

    `service_codes`, here and below: those of the roles of the operator who asks, None for every one. A job of others is
    none.
    """

    idempotency_key: Annotated[str, Length(8, 128)]
    entity_code: str
    external_ids: Annotated[Sequence[Annotated[str, Length(1, 70)]], Length(1, 10000)]
    language: Annotated[str, OneOf(NOTICE_LANGUAGES)] = "it"
    second_language: Annotated[str, OneOf(NOTICE_LANGUAGES)] | None = None
    service_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGetRequest(Message):
    """A job of an entity by its id."""

    entity_code: str
    job_id: UUID
    service_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListRequest(Message):
    """The jobs of an entity, newest first, those before `after`: the id of the last one seen."""

    entity_code: str
    service_codes: Sequence[str] | None = None
    after: UUID | None = None
    limit: Annotated[int, Range(1, 100)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Message):
    """How far a job is: of `total` so many are printed and so many refused; `finished_at` when none is left."""

    id: UUID
    entity_code: str
    total: int
    printed: int
    refused: int
    created_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReply(Message):
    """None where the entity has no such job (any more)."""

    job: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList(Message):
    """A page of jobs; `next_after` where there are older ones."""

    jobs: Sequence[Job]
    next_after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDocumentsRequest(JobGetRequest):
    """The documents of a job after a place, a few at a time. `with_content`: with their PDFs."""

    after: int = 0
    limit: Annotated[int, Range(1, 50)] = 20
    with_content: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDocument(Message):
    """One debt of a job: its PDF, or the ErrorCode why there is none; neither, and no name, while it waits."""

    place: int
    external_id: str
    file_name: str | None = None
    code: str | None = None
    content_base64: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDocuments(Message):
    """A page of a job's documents; `next_after` is None on the last."""

    items: Sequence[JobDocument]
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReportRequest(Message):
    """The reconciliation report of an entity for a day of settlement (dataRegolamento)."""

    entity_code: str
    day: date
    language: Annotated[str, OneOf(["it", "en"])] = "it"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSummaryRequest(Message):
    """What the viewing citizen paid an entity in a year in Rome, on paper, for the tax return."""

    entity_code: str
    viewer: Viewer
    year: Annotated[int, Range(2000, 2099)]
    language: Annotated[str, OneOf(["it", "en"])] = "it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Message):
    """A rendered file."""

    file_name: str
    media_type: str
    content_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMailRequest(Message):
    """Send somebody their private link, now: neither the address nor the token is stored."""

    entity_code: str
    email: Annotated[str, Length(3, 254)]
    link_token: Annotated[str, Length(1, 128)]
    language: Annotated[str, OneOf(["it", "en"])] = "it"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingRequest(Message):
    """About mail to a citizen, whose address is `email`."""

    citizen_id: UUID
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing(Message):
    """`address_refused`: mail to this address came back too often, and it is not used any more."""

    address_refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMailRequest(Message):
    """The link of an invitation into an entity's office, to be sent now; `invitation_token` is stored nowhere."""

    email: Annotated[str, Length(1, 256)]
    language: Annotated[str, OneOf(["it", "en"])] = "it"
    entity_name: Annotated[str, Length(1, 140)]
    invitation_token: Annotated[str, Length(1, 128)]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeMailRequest(Message):
    """Send a notice or a receipt of a practice to an address now, for an operator; the address is not stored.

    Refused(PRACTICE_NOT_FOUND), (RECEIPT_NOT_FOUND), (INVALID_REQUEST) for an address that is none.
    """

    entity_code: str
    practice_id: UUID
    kind: Annotated[str, OneOf(["notice", "receipt"])]
    email: Annotated[str, Length(3, 256)]
    language: Annotated[str, OneOf(["it", "en"])] = "it"
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMail(Message):
    """`sent`: the mail server has taken it. Whoever invites has the link too, so nothing is tried again."""

    sent: bool


NOTICE = Call("notices", "notice", NoticeRequest, Document, idempotent=True, timeout_s=15)
RECEIPT = Call("notices", "receipt", ReceiptRequest, Document, idempotent=True, timeout_s=15)
CART_RECEIPT = Call("notices", "cart_receipt", CartReceiptRequest, Document, idempotent=True, timeout_s=15)
START_JOB = Call("notices", "start_job", JobRequest, JobReply, idempotent=True)
JOB = Call("notices", "job", JobGetRequest, JobReply, idempotent=True)
LIST_JOBS = Call("notices", "list_jobs", JobListRequest, JobList, idempotent=True)
JOB_DOCUMENTS = Call("notices", "job_documents", JobDocumentsRequest, JobDocuments, idempotent=True, timeout_s=15)
DAY_REPORT = Call("notices", "day_report", DayReportRequest, Document, idempotent=True, timeout_s=30)
YEAR_SUMMARY = Call("notices", "year_summary", YearSummaryRequest, Document, idempotent=True, timeout_s=30)
VERIFY = Call("notices", "verify", VerifyRequest, Verification, idempotent=True)
MAIL_LINK = Call("notices", "mail_link", LinkMailRequest, Empty, idempotent=False, timeout_s=20)
MAILING = Call("notices", "mailing", MailingRequest, Mailing, idempotent=True, timeout_s=2)
MAIL_INVITATION = Call(
    "notices", "mail_invitation", InvitationMailRequest, InvitationMail, idempotent=False, timeout_s=20
)
MAIL_PRACTICE = Call("notices", "mail_practice", PracticeMailRequest, Empty, idempotent=False, timeout_s=20)
PING = Call("notices", "ping", Empty, Empty, idempotent=True, timeout_s=1)
