"""One definition per message: a frozen dataclass, and the marshmallow schema made from it.

A message is written as a dataclass under `Message`; its annotations are all there is to say:

    amount_cents: AmountCents                          required
    due_date: date | None = None                       optional, may be null
    owner: Annotated[str, Regexp(r"^citizen:")]        a marshmallow validator
    description: Annotated[str, fields.Description]    a marshmallow field of its own
    practices: Sequence[Practice]                      nested

`schema_of` gives the schema that reads and writes it at the outer edges (HTTP, files) and proves producers in tests.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Final, Generic, Self, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from marshmallow import Schema, fields, post_dump, post_load

from contracts import fields as own_fields
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, Iban, Iuv, NoticeNumber


@dataclass(frozen=True, slots=True)
class Message:
    """Base of everything that crosses a process boundary; each is a frozen dataclass with slots.

    `absent_is_left_out`: its JSON does not name what is None.
    """

    absent_is_left_out: ClassVar[bool] = False


M = TypeVar("M", bound=Message)

VALUE_OBJECTS: Final = (NoticeNumber, Iuv, FiscalCode, CreditorFiscalCode, Iban, AmountCents)
_FIELD_OF: Final[Mapping[Any, Callable[..., fields.Field[Any]]]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    UUID: fields.UUID,
    date: fields.Date,
    datetime: own_fields.UtcDateTime,
    NoticeNumber: own_fields.NoticeDigits,
    Iuv: fields.String,
    FiscalCode: fields.String,
    CreditorFiscalCode: own_fields.CreditorFiscalCode,
    Iban: own_fields.Iban,
    AmountCents: own_fields.Cents,
    Any: fields.Raw,
}


@dataclass(frozen=True)
class Annotation:
    """What an annotation says: the bare type, what stands beside it in Annotated, and whether null is allowed."""

    bare: Any
    beside: tuple[Any, ...]
    nullable: bool

    @classmethod
    def of(cls, hint: Any) -> Self:
        """Take an annotation apart."""
        nullable = False
        beside: tuple[Any, ...] = ()
        while True:
            if get_origin(hint) is Annotated:
                hint, *found = get_args(hint)
                beside += tuple(found)
            elif get_origin(hint) in (Union, UnionType):
                options = [option for option in get_args(hint) if option is not NoneType]
                if len(options) != 1:
                    raise TypeError(f"{hint}: a message's field is of one type")
                nullable, hint = True, options[0]
            else:
                return cls(hint, beside, nullable)

    @property
    def item(self) -> "Annotation | None":
        """What a sequence holds; None where this is no sequence."""
        return Annotation.of(get_args(self.bare)[0]) if get_origin(self.bare) is Sequence else None

    @property
    def message_type(self) -> type[Message] | None:
        """The message nested here; None where this is none."""
        return self.bare if isinstance(self.bare, type) and issubclass(self.bare, Message) else None

    @property
    def validators(self) -> tuple[Callable[[Any], Any], ...]:
        """The marshmallow validators beside the type."""
        return tuple(one for one in self.beside if not isinstance(one, type))


def annotations_of(message_type: type[Message]) -> dict[str, Annotation]:
    """Return the annotation of each field of a message type, in their order."""
    hints = get_type_hints(message_type, include_extras=True)
    return {field.name: Annotation.of(hints[field.name]) for field in dataclasses.fields(message_type)}


class MessageSchema(Schema, Generic[M]):
    """The schema of one message type: `load` gives an instance of it, `dump` takes one."""

    message_type: ClassVar[type[Any]]
    value_objects: ClassVar[Mapping[str, Callable[[Any], Any]]]

    @post_load
    def make(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        """Return the message of loaded values."""
        for name, construct in self.value_objects.items():
            if data.get(name) is not None:
                data[name] = construct(data[name])
        return self.message_type(**data)

    @post_dump
    def leave_out(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Leave out what is None, where the message says so."""
        if not self.message_type.absent_is_left_out:
            return data
        return {name: value for name, value in data.items() if value is not None}


def schema_of(message_type: type[M]) -> MessageSchema[M]:
    """Return the schema of a message type. There is one instance for all: never change it."""
    hashable: Any = message_type
    schema: MessageSchema[M] = _schema_of(hashable)
    return schema


@cache
def _schema_of(message_type: Any) -> Any:
    own = {
        "__doc__": message_type.__doc__,
        "__module__": message_type.__module__,
        "message_type": message_type,
        "value_objects": {
            name: one.bare for name, one in annotations_of(message_type).items() if one.bare in VALUE_OBJECTS
        },
    }
    return type(message_type.__name__, (MessageSchema,), own | schema_fields(message_type))()


def schema_fields(message_type: type[Message]) -> dict[str, Any]:
    """Return new marshmallow fields of a message type, for a schema that has them and more."""
    annotations = annotations_of(message_type)
    return {
        field.name: _field_of(annotations[field.name], **_default_of(field))
        for field in dataclasses.fields(message_type)
    }


def _default_of(field: dataclasses.Field[Any]) -> dict[str, Any]:
    if field.default is not MISSING:
        return {"load_default": field.default}
    if field.default_factory is not MISSING:
        return {"load_default": field.default_factory}
    return {"required": True}


def _field_of(annotation: Annotation, **options: Any) -> fields.Field[Any]:
    """Return the marshmallow field of an annotation."""
    if annotation.nullable:
        options["allow_none"] = True
    if annotation.validators:
        options["validate"] = list(annotation.validators)
    for beside in annotation.beside:
        if isinstance(beside, type) and issubclass(beside, fields.Field):
            return beside(**options)
    if annotation.item is not None:
        return fields.List(_field_of(annotation.item), **options)
    if annotation.message_type is not None:
        return fields.Nested(schema_of(annotation.message_type), **options)
    if isinstance(annotation.bare, TypeVar):
        return fields.Dict(**options)  # of any message
    if get_origin(annotation.bare) is Mapping:
        keys, values = (Annotation.of(argument) for argument in get_args(annotation.bare))
        if values.bare is not Any:
            options |= {"keys": _field_of(keys), "values": _field_of(values)}
        return fields.Dict(**options)
    return _FIELD_OF[annotation.bare](**options)
