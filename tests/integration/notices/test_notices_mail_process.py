"""Mail by the real process: over TLS with a login, and killed at any line."""

import ssl
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.events.identity import CONSENT_GRANTED, ConsentChanged
from contracts.events.practices import PRACTICE_CREATED
from services.notices.models import Mail
from tests.conftest import ProcessStarter, Running, wait_until_answering
from tests.integration.notices.conftest import purge_queues
from tests.integration.notices.mail_world import MARIO, PostOffice, make_practice, open_post_office, position_of

MAILS = 30

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a self-signed certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smtp.example")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def neighbours(start_process: ProcessStarter, rpc: RpcClient, amqp_url: str) -> None:
    purge_queues(amqp_url)
    running = start_process("-m", "tests.integration.notices.probe_neighbours")
    for service in ("identity", "practices"):
        wait_until_answering(rpc, service, running)


def smtp_environment(office: PostOffice, **more: str) -> dict[str, str]:
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(office.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Portale <no-reply@ente.example>",
        "RENDER_WORKERS": "1",
        **more,
    }


@pytest.fixture
def publish(publish_event: Callable[..., UUID]) -> Callable[[int], None]:
    """Tell notices of Mario's consent and of as many new practices as there are to be mails."""

    def tell(count: int) -> None:
        at = datetime.now(UTC)
        consent = ConsentChanged(
            citizen_id=MARIO,
            purpose="email_reminders",
            document_id="email_reminders-1.1",
            document_version="1.1",
            at=at - timedelta(days=1),
        )
        publish_event(CONSENT_GRANTED, consent, subject=str(MARIO))
        for number in range(count):
            practice = make_practice(number, due_date=date(2099, 12, 31), created_at=at)
            publish_event(PRACTICE_CREATED, position_of(practice), subject=str(practice.id))

    return tell


def states(database: Database) -> dict[str, int]:
    """Count the mails by state. None of them waits: a slow machine may have put one off."""
    with database.transaction() as tx:
        tx.session.execute(sa.update(Mail).where(Mail.state == "queued").values(not_before=Mail.queued_at))
    with database.reading() as session:
        rows = session.execute(sa.select(Mail.state, sa.func.count().label("n")).group_by(Mail.state))
        return {row.state: row.n for row in rows}


def test_over_tls_with_a_login_and_no_personal_data_in_the_log(
    neighbours: None,
    publish: Any,
    run_service: Any,
    service_database: Any,
    eventually: Any,
    certificate: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    (tmp_path / "password").write_text("segreta")
    with open_post_office(context) as office:
        settings = {
            "SMTP_SECURITY": "starttls",
            "SMTP_CA_FILE": str(certificate[0]),
            "SMTP_USER": "portale",
            "SMTP_PASSWORD_FILE": str(tmp_path / "password"),
        }
        running: Running = run_service("notices", env=smtp_environment(office, **settings))
        publish(1)
        database = service_database("notices")
        eventually(lambda: states(database) == {"sent": 1})
        assert office.logins == ["portale"]
        assert len(office.received) == 1
        for personal in ("posta.example", "RSSMRA", "Rossi", "segreta"):
            assert personal not in running.log()


def test_a_process_killed_while_the_server_has_the_mail_does_not_send_it_again(
    neighbours: None, publish: Any, run_service: Any, service_database: Any, eventually: Any, rpc: RpcClient
) -> None:
    with open_post_office() as office:
        office.holding = True
        running = run_service("notices", env=smtp_environment(office))
        publish(1)
        assert office.taken.wait(90)
        # Waiting for the SMTP server holds up nothing else.
        wait_until_answering(rpc, "notices", running)
        running.kill()
        office.holding = False
        office.released.set()
        database = service_database("notices")
        assert states(database) == {"sending": 1}
        run_service("notices", env=smtp_environment(office))
        publish(1)
        eventually(lambda: states(database) == {"sending": 1, "sent": 1})
        assert len(set(office.ids())) == len(office.ids()) == 2


def test_a_process_killed_again_and_again_sends_each_mail_once(
    neighbours: None, publish: Any, run_service: Any, service_database: Any, eventually: Any
) -> None:
    database: Database = service_database("notices")
    with open_post_office() as office:
        running = run_service("notices", env=smtp_environment(office))
        publish(MAILS)
        for goal in (3, 15):
            eventually(lambda goal=goal: len(office.received) >= goal)
            running.kill()
            with database.transaction() as tx:
                # As if the lease of what it had taken up, but not begun to hand over, had ended.
                tx.session.execute(sa.update(Mail).values(claimed_until=None))
            running = run_service("notices", env=smtp_environment(office))

        def done() -> bool:
            found = states(database)
            return sum(found.values()) == MAILS and "queued" not in found

        eventually(done)
        found = states(database)
        assert set(found) <= {"sent", "sending"}
        assert len(set(office.ids())) == len(office.ids())
        assert found["sent"] <= len(office.ids()) <= MAILS
