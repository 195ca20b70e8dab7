"""What notices answers: PDF documents."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Empty, Viewer


class DocumentRequest(Schema):
    """The document of a practice the viewer may see, in a language of the interface."""

    practice_id = fields.UUID(required=True)
    viewer = fields.Nested(Viewer, required=True)
    language = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))


class Document(Schema):
    """A rendered file."""

    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    content_base64 = fields.String(required=True)


NOTICE = Call("notices", "notice", DocumentRequest(), Document(), idempotent=True, timeout_s=15)
RECEIPT = Call("notices", "receipt", DocumentRequest(), Document(), idempotent=True, timeout_s=15)
PING = Call("notices", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
