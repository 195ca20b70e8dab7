"""What strangers and catalogues of public software look for first: the licence and publiccode.yml."""

import hashlib
import re
import tomllib
from datetime import date
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- published without types

from tests.unit.house.conftest import ROOT

# The official English text of the EUPL v. 1.2, as SPDX carries it.
EUPL_SHA256 = "57fb42fbcd0b037ce528ed8f72f1ec095d67bc6825ecf1448ff39be1fe68a4b4"

URL = {"type": "string", "pattern": r"^https?://\S+$"}
TEXT = {"type": "string", "minLength": 1}
NAMES = {"type": "array", "items": TEXT, "minItems": 1}
ALIASES = ["gdpr", "eidas", "nis2", "cra", "spid", "cie", "anpr", "pagopa", "io"]
DEPENDENCIES = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            **dict.fromkeys(("name", "version", "versionMin", "versionMax"), TEXT),
            "optional": {"type": "boolean"},
        },
    },
}
DESCRIPTION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["shortDescription", "longDescription", "features"],
    "properties": {
        "localisedName": TEXT,
        "shortDescription": {"type": "string", "minLength": 1, "maxLength": 150},
        "longDescription": {"type": "string", "minLength": 150, "maxLength": 10_000},
        "documentation": URL,
        "apiDocumentation": URL,
        "features": NAMES,
        "screenshots": {"type": "array", "items": {"type": "string", "pattern": r"\.(png|jpg)$"}},
    },
}
# The standard, version 0.7 (https://yml.publiccode.tools), as far as this file uses it.
PUBLICCODE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "publiccodeYmlVersion",
        "name",
        "url",
        "platforms",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    ],
    "properties": {
        "publiccodeYmlVersion": {"enum": ["0.7", "0.7.0"]},
        "name": TEXT,
        "url": URL,
        "landingURL": URL,
        "softwareVersion": TEXT,
        "releaseDate": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "platforms": NAMES,
        "categories": NAMES,
        "usedBy": NAMES,
        "developmentStatus": {"enum": ["concept", "development", "beta", "stable", "obsolete"]},
        "softwareType": {"enum": ["standalone/web", "standalone/backend", "standalone/other"]},
        "intendedAudience": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "scope": {
                    "type": "array",
                    "items": {"enum": ["education", "government", "local-authorities", "research", "welfare"]},
                },
                "countries": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]{2}$"}},
            },
        },
        "supports": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id"],
                "properties": {"id": {"type": "string", "pattern": rf"^(alias:({'|'.join(ALIASES)})|https?://\S+)$"}},
            },
        },
        "organisation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["uri"],
            "properties": {"name": TEXT, "uri": TEXT},
        },
        "description": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2}(-[A-Z]{2})?$"},
            "additionalProperties": DESCRIPTION,
            "minProperties": 1,
        },
        "legal": {
            "type": "object",
            "additionalProperties": False,
            "required": ["license"],
            "properties": {"license": {"const": "EUPL-1.2"}, "mainCopyrightOwner": TEXT},
        },
        "maintenance": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", "contacts"],
            "properties": {
                "type": {"enum": ["internal", "community"]},
                "contacts": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name"],
                        "properties": dict.fromkeys(("name", "email", "phone", "affiliation"), TEXT),
                    },
                },
            },
        },
        "localisation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["localisationReady", "availableLanguages"],
            "properties": {"localisationReady": {"type": "boolean"}, "availableLanguages": NAMES},
        },
        "dependsOn": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"open": DEPENDENCIES, "proprietary": DEPENDENCIES},
        },
    },
}


@pytest.fixture(name="publiccode", scope="module")
def _publiccode() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    return content


def test_the_licence_is_the_official_text() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == EUPL_SHA256


def test_publiccode_yml_keeps_the_standard(publiccode: dict[str, Any]) -> None:
    errors = Draft202012Validator(PUBLICCODE).iter_errors(publiccode)
    found = [f"{list(error.path)}: {error.message}" for error in errors]
    assert not found


def test_publiccode_yml_shows_pictures_that_are_there(publiccode: dict[str, Any]) -> None:
    shown = {picture for text in publiccode["description"].values() for picture in text["screenshots"]}
    assert shown
    assert not [picture for picture in shown if not (ROOT / picture).is_file()]


def test_the_newest_release_is_the_same_in_every_file(publiccode: dict[str, Any]) -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", changelog, flags=re.MULTILINE)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert releases[0] == (publiccode["softwareVersion"], publiccode["releaseDate"])
    assert version == publiccode["softwareVersion"]
    assert date.fromisoformat(publiccode["releaseDate"])
    assert [released for _, released in releases] == sorted((released for _, released in releases), reverse=True)


def test_the_changelog_begins_with_what_is_not_released(publiccode: dict[str, Any]) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert publiccode["softwareVersion"] in headings[1]
