"""No log line carries personal data or secrets, whoever wrote it."""

import contextvars
import json
import logging

import pytest
import structlog

from chassis import correlation, logs

CONFIGURE = logs.configure


@pytest.fixture
def configure():
    """Set up logging as a process of ours does; afterwards it is as it was."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    yield CONFIGURE
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "secret",
    [
        "RSSMRA85T10A562S",
        "rssmra85t10a562s",
        "RSSMRAURTMLARSNL",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "3q2-7wABCDEFGHIJKLMNOPQRSTUVWXYZabcdef01234",
        "mario.rossi@example.it",
    ],
)
def test_what_looks_like_personal_data_or_a_token_is_taken_out(secret):
    assert secret not in logs.redacted(f"asked for {secret}, found nothing")
    assert secret not in json.dumps(logs.redacted({"a": [{"b": (secret,)}], secret: 1}))


@pytest.mark.parametrize(
    "harmless",
    [
        "301000000000000093",
        "80012345676",
        "practices.search",
        "evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed",
        "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
        "846cddca212f490d9c515463239ba493",
        "amqp://127.0.0.1:5672/vhost",
    ],
)
def test_codes_of_the_domain_and_names_of_the_system_stay_readable(harmless):
    assert logs.redacted(harmless) == harmless


def test_the_credentials_in_an_address_are_taken_out():
    assert logs.redacted("amqp://user:secret@broker:5672/x") == "amqp://[credentials]@broker:5672/x"


def test_a_line_is_json_with_process_level_and_correlation_id(configure, capsys):
    configure("test")
    with correlation.carrying("visit-1"):
        logs.get_logger("somewhere").info("practice_created", rows=2)
    (line,) = lines(capsys)
    assert (line["event"], line["rows"], line["level"]) == ("practice_created", 2, "info")
    assert (line["process"], line["correlation_id"], line["logger"]) == ("test", "visit-1", "somewhere")


def test_lines_of_libraries_and_texts_of_exceptions_are_redacted_too(configure, capsys):
    configure("test")
    try:
        raise ValueError("RSSMRA85T10A562S is in arrears")
    except ValueError:
        logging.getLogger("library").exception("about %s", "mario.rossi@example.it")
    (line,) = lines(capsys)
    assert "ValueError" in line["exception"]
    assert "RSSMRA85T10A562S" not in json.dumps(line)
    assert "example.it" not in json.dumps(line)


def test_the_correlation_id_is_put_back_after_nested_work():
    def work():
        assert correlation.get() is None
        with correlation.carrying("outer"):
            with correlation.carrying(None) as made:
                assert made != "outer"
                assert correlation.get() == made
            assert correlation.get() == "outer"
        assert correlation.get() is None

    contextvars.Context().run(work)  # whatever other tests left in this thread
