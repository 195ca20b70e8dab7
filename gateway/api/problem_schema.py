"""The schema of a problem, for the OpenAPI document; problems.py writes them."""

from marshmallow import Schema, fields

from gateway.api.field_errors import FIELD_ERROR_CODES


class ProblemField(Schema):
    """One field of the request and what is wrong with it: `pointer` into the body, or the name of a `parameter`."""

    pointer = fields.String(metadata={"description": "JSON Pointer (RFC 6901) into the body."})
    parameter = fields.String(metadata={"description": "A query parameter or a header."})
    code = fields.String(required=True, metadata={"description": f"{', '.join(FIELD_ERROR_CODES)}, or an error code."})
    detail = fields.String(required=True)


class Problem(Schema):
    """Every error of the API (RFC 9457, application/problem+json). `code` never changes its meaning."""

    type = fields.String(required=True, metadata={"description": "Where this code is explained."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "In Italian or English, by Accept-Language."})
    instance = fields.String(required=True)
    code = fields.String(required=True)
    params = fields.Dict(metadata={"description": "What the sentence speaks of, for programs."})
    errors = fields.List(fields.Nested(ProblemField))
