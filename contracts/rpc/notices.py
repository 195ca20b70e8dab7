"""What notices answers: PDF documents."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Empty, Viewer


class DocumentRequest(Schema):
    """The document of a practice the viewer may see, in a language of the interface."""

    practice_id = fields.UUID(required=True)
    viewer = fields.Nested(Viewer, required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))


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


class Document(Schema):
    """A rendered file."""

    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    content_base64 = fields.String(required=True)


NOTICE = Call("notices", "notice", NoticeRequest(), Document(), idempotent=True, timeout_s=15)
RECEIPT = Call("notices", "receipt", DocumentRequest(), Document(), idempotent=True, timeout_s=15)
CART_RECEIPT = Call("notices", "cart_receipt", CartReceiptRequest(), Document(), idempotent=True, timeout_s=15)
VERIFY = Call("notices", "verify", VerifyRequest(), Verification(), idempotent=True)
PING = Call("notices", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
