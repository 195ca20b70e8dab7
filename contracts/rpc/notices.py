"""What notices answers: PDF documents, and how mail to a citizen stands."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Empty, UtcDateTime, Viewer


class DocumentRequest(Schema):
    """The document of a practice the viewer may see, in a language of the interface."""

    practice_id = fields.UUID(required=True)
    viewer = fields.Nested(Viewer, required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))


class ReceiptRequest(DocumentRequest):
    """The quietanza of a practice: every payment of it, or the one with this `receipt_id` alone."""

    receipt_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 35))


class CartReceiptRequest(Schema):
    """One receipt for what was paid together: the practices of a cart, all of one body."""

    practice_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 5))
    viewer = fields.Nested(Viewer, required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))


NOTICE_LANGUAGES = ("it", "en", "de", "fr", "sl")


class NoticeRequest(Schema):
    """The notice of a practice the viewer may see. `second_language`: the fixed texts also in that one.

    `whole_plan`: with all instalments of its plan that are still to pay, where it is one of several.
    """

    practice_id = fields.UUID(required=True)
    viewer = fields.Nested(Viewer, required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(NOTICE_LANGUAGES))
    second_language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(NOTICE_LANGUAGES))
    whole_plan = fields.Boolean(load_default=False)


class VerifyRequest(Schema):
    """The short code of a document, as typed by a person."""

    code = fields.String(required=True, validate=validate.Length(max=80))


class Verification(Schema):
    """Whether a document with this code was made here, and nothing that stands in it.

    `kind` and `payable` are None when it was not; `payable` says whether any of it can still be paid.
    """

    genuine = fields.Boolean(required=True)
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["notice", "receipt"]))
    payable = fields.Boolean(load_default=None, allow_none=True)


class JobRequest(Schema):
    """Notices of a body's debts, by its references, as one job. Same key: same job."""

    idempotency_key = fields.String(required=True, validate=validate.Length(8, 128))
    entity_code = fields.String(required=True)
    external_ids = fields.List(
        fields.String(validate=validate.Length(1, 70)), required=True, validate=validate.Length(1, 10_000)
    )
    language = fields.String(load_default="it", validate=validate.OneOf(NOTICE_LANGUAGES))
    second_language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(NOTICE_LANGUAGES))


class JobGetRequest(Schema):
    """A job of an entity by its id."""

    entity_code = fields.String(required=True)
    job_id = fields.UUID(required=True)


class Job(Schema):
    """How far a job is: of `total` so many are printed and so many refused; `finished_at` when none is left."""

    id = fields.UUID(required=True)
    entity_code = fields.String(required=True)
    total = fields.Integer(required=True)
    printed = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    created_at = UtcDateTime(required=True)
    finished_at = UtcDateTime(load_default=None, allow_none=True)


class JobReply(Schema):
    """None where the entity has no such job (any more)."""

    job = fields.Nested(Job, load_default=None, allow_none=True)


class JobDocumentsRequest(JobGetRequest):
    """The documents of a job after a place, a few at a time. `with_content`: with their PDFs."""

    after = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))
    with_content = fields.Boolean(load_default=True)


class JobDocument(Schema):
    """One debt of a job: its PDF, or the ErrorCode why there is none; neither, and no name, while it waits."""

    place = fields.Integer(required=True)
    external_id = fields.String(required=True)
    file_name = fields.String(load_default=None, allow_none=True)
    code = fields.String(load_default=None, allow_none=True)
    content_base64 = fields.String(load_default=None, allow_none=True)


class JobDocuments(Schema):
    """A page of a job's documents; `next_after` is None on the last."""

    items = fields.List(fields.Nested(JobDocument), required=True)
    next_after = fields.Integer(load_default=None, allow_none=True)


class DayReportRequest(Schema):
    """The reconciliation report of a body for a day of settlement (dataRegolamento)."""

    entity_code = fields.String(required=True)
    day = fields.Date(required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))


class Document(Schema):
    """A rendered file."""

    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    content_base64 = fields.String(required=True)


class MailingRequest(Schema):
    """About mail to a citizen, whose address is `email`."""

    citizen_id = fields.UUID(required=True)
    email = fields.String(required=True)


class Mailing(Schema):
    """`address_refused`: mail to this address came back too often, and it is not used any more."""

    address_refused = fields.Boolean(required=True)


NOTICE = Call("notices", "notice", NoticeRequest(), Document(), idempotent=True, timeout_s=15)
RECEIPT = Call("notices", "receipt", ReceiptRequest(), Document(), idempotent=True, timeout_s=15)
CART_RECEIPT = Call("notices", "cart_receipt", CartReceiptRequest(), Document(), idempotent=True, timeout_s=15)
START_JOB = Call("notices", "start_job", JobRequest(), JobReply(), idempotent=True)
JOB = Call("notices", "job", JobGetRequest(), JobReply(), idempotent=True)
JOB_DOCUMENTS = Call("notices", "job_documents", JobDocumentsRequest(), JobDocuments(), idempotent=True, timeout_s=15)
DAY_REPORT = Call("notices", "day_report", DayReportRequest(), Document(), idempotent=True, timeout_s=30)
VERIFY = Call("notices", "verify", VerifyRequest(), Verification(), idempotent=True)
MAILING = Call("notices", "mailing", MailingRequest(), Mailing(), idempotent=True, timeout_s=2)
PING = Call("notices", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
