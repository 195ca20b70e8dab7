"""Secrets: each may stand in a file, by one mechanism, and nothing reads one past it."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from environs import EnvError

from chassis.settings import ChassisSettings, database_url, environment
from gateway.settings import Settings as GatewaySettings
from services.notices.mail.settings import MailSettings
from services.payments.settings import Settings as PaymentsSettings
from tests.unit.house.conftest import ROOT
from tests.unit.house.doc_tables import settings_read

# By name; and addresses that may hold a password.
SECRET = re.compile(r"(PASSWORD|SECRET|SECRET_KEY|SUBSCRIPTION_KEY|TRACE_KEY|AMQP_URL|DATABASE_URL)|RATE_LIMIT_STORAGE")
PRODUCT = ("chassis", "services", "gateway", "deploy")
ONE = "Zk3vQ9pXw7Lr2Tn8Hb5Yc1Md6Gf4Js0Ua"

READERS: dict[str, tuple[str, Callable[[], object]]] = {
    "AMQP_URL": ("amqp://one:two@broker:5672//", lambda: ChassisSettings.load().amqp_url),
    "AMQP_PASSWORD": (ONE, lambda: urlsplit(ChassisSettings.load().amqp_url).password),
    "BROKER_ADMIN_PASSWORD": (ONE, lambda: environment().str("BROKER_ADMIN_PASSWORD")),
    "DATABASE_URL": ("postgresql+psycopg2://one:two@host/portal", lambda: database_url("cart").removesuffix("_cart")),
    "DATABASE_PASSWORD": (ONE, lambda: urlsplit(database_url("cart")).password),
    "SECRET_KEY": (ONE, lambda: GatewaySettings.load().secret_keys[0]),
    "RATE_LIMIT_STORAGE": ("redis://:two@rates:6379", lambda: GatewaySettings.load().rate_limit_storage),
    "CHECKOUT_SUBSCRIPTION_KEY": (ONE, lambda: PaymentsSettings.load().checkout_subscription_key),
    "ACA_SUBSCRIPTION_KEY": (ONE, lambda: PaymentsSettings.load().aca_subscription_key),
    "BIZ_EVENTS_SUBSCRIPTION_KEY": (ONE, lambda: PaymentsSettings.load().biz_events_subscription_key),
    "FDR_SUBSCRIPTION_KEY": (ONE, lambda: PaymentsSettings.load().fdr_subscription_key),
    "SMTP_PASSWORD": (ONE, lambda: password_of(MailSettings.load())),
    "SPID_TRACE_KEY": (Fernet.generate_key().decode(), lambda: environment().list("SPID_TRACE_KEY")[0]),
}


def password_of(mail: MailSettings | None) -> str | None:
    assert mail is not None
    return mail.password


@pytest.fixture(autouse=True)
def _others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what the others need, and none of the secrets."""
    for name in READERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AMQP_URL", "amqp://one@broker:5672//")
    monkeypatch.setenv("DATABASE_URL", "postgresql://one@host/portal")
    monkeypatch.setenv("SECRET_KEY", ONE[::-1])
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:8080")
    monkeypatch.setenv("SMTP_HOST", "mail.example")
    monkeypatch.setenv("MAIL_FROM", "no-reply@ente.example")


def secrets_of_the_product() -> set[str]:
    of_the_product = {name for name, setting in settings_read().items() if setting.read_by - {"sandbox"}}
    return {name for name in of_the_product if SECRET.search(name) and not name.endswith("_FILE")}


def test_every_secret_is_in_the_table_below() -> None:
    assert secrets_of_the_product() == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_every_secret_may_stand_in_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value, read = READERS[name]
    file = tmp_path / "secret"
    file.write_text(f"{value}\n")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(file))
    assert read() == value


@pytest.mark.parametrize("name", READERS)
def test_a_secrets_file_that_cannot_be_read_stops_the_start_with_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "missing"))
    with pytest.raises(EnvError, match=f"{name}_FILE is not a file that can be read"):
        READERS[name][1]()


def test_an_empty_file_name_as_compose_may_give_it_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", ONE)
    monkeypatch.setenv("SMTP_PASSWORD_FILE", "")
    assert password_of(MailSettings.load()) == ONE


def test_nothing_reads_a_secret_past_the_one_mechanism() -> None:
    """No other reader of the environment is made, and what is read from it by hand is no secret."""
    past = []
    for file in (path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py"))):
        where = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call | ast.Subscript):
                continue
            text = ast.unparse(node)
            makes_one = re.match(r"(environs\.)?(FileAware)?Env\(", text) and where != "chassis/settings.py"
            by_hand = re.match(r"os\.(environ|getenv)", text) and SECRET.search(text)
            if makes_one or by_hand:
                past.append(f"{where}: {text}")
    assert past == []
