"""An entity of the catalogue as plain content: what is stored as a version, compared, and written as YAML."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from chassis.messaging import codec
from contracts.codes import NAME_MAX_CHARS
from contracts.message import schema_of
from contracts.rpc.practices import Retention
from services.practices.catalogue_file import FileEntity
from services.practices.domain.archive import ArchiveSettings
from services.practices.models import Json

Content = Mapping[str, Any]
_LINE_CHARS = 110
# What newer releases know is not written where it is as before: a version stays the same version.
_USUAL_ENTITY: Final[Content] = {"languages": ["it", "en"]}
_USUAL_SERVICE: Final[Content] = {"takes_beneficiary": True}
_USUAL_FIELD: Final[Content] = {"required": False, "max_chars": NAME_MAX_CHARS, "decimals": 0}


def content_of(entity: FileEntity) -> Json:
    """Return what a catalogue says of an entity; what it need not say is left out, so that it can be read again."""
    content: Json = _without_defaults(schema_of(FileEntity).dump(entity))
    usual = _without_defaults(codec.to_json(ArchiveSettings()))
    _leave_out(content["retention"], codec.to_json(Retention()))
    if not content["retention"]:
        del content["retention"]
    _leave_out(content, _USUAL_ENTITY)
    for service in content.get("services", []):
        if service.get("archive") == usual:
            del service["archive"]
        _leave_out(service, _USUAL_SERVICE)
        for one in service.get("extra_fields", []):
            _leave_out(one, _USUAL_FIELD)
    return {**content, "services": content.get("services", [])}


def _leave_out(content: Json, usual: Content) -> None:
    """Leave out what is as it is where nothing is said of it."""
    for name, value in usual.items():
        if content.get(name) == value:
            del content[name]


def digest_of(content: Content) -> str:
    """Return a digest that is the same for the same content, in whatever order."""
    return hashlib.sha256(codec.write(_sorted(content))).hexdigest()


def as_yaml(content: Content) -> str:
    """Return the content as a file that loads as it is: whatever could be read as something else is in quotes."""
    text: str = yaml.dump(dict(content), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_LINE_CHARS)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes texts of digits in quotes, also those that only some readers of YAML take for numbers."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text.isdigit() else None)


_Dumper.add_representer(str, _text)


def changes(before: Content, after: Content) -> list[str]:
    """Return the places where two versions differ, services by their codes."""
    old, new = dict(_places(before, "")), dict(_places(after, ""))
    return sorted(place for place in {*old, *new} if old.get(place, _ABSENT) != new.get(place, _ABSENT))


_ABSENT = object()


def _places(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _places(below, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            code = below.get("code") if isinstance(below, Mapping) else None
            yield from _places(below, f"{place}[{code or number}]")
    else:
        yield place, value


def _without_defaults(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = {name: _without_defaults(below) for name, below in value.items()}
        return {name: below for name, below in inner.items() if below is not None and below not in ([], {})}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
