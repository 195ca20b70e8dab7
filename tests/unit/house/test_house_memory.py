"""House rule about memory: what only one process needs is not imported by the others.

A heavy module is one that takes more than a megabyte of a process. A process's row says which of them it may load.
"""

import os
import subprocess
import sys

import pytest

from tests.unit.house.conftest import ROOT

HEAVY = {
    "PIL",
    "alembic",
    "babel",
    "cryptography",
    "dns",
    "eventlet",
    "falcon",
    "jinja2",
    "kombu",
    "lxml",
    "nameko",
    "pikepdf",
    "pystrich",
    "reportlab",
    "requests",
    "rich",
    "segno",
    "signxml",
    "sqlalchemy",
    "uharfbuzz",
    "yaml",
}
SERVICE = {"eventlet", "kombu", "nameko", "sqlalchemy", "yaml"}
RUN = "import chassis.runtime.process; from chassis.runtime.container import load_service; load_service({!r})"
MAY_LOAD = {
    "identity": (RUN.format("identity"), SERVICE | {"cryptography", "lxml", "requests", "signxml"}),
    "practices": (RUN.format("practices"), SERVICE),
    "cart": (RUN.format("cart"), SERVICE),
    "payments": (RUN.format("payments"), SERVICE | {"cryptography", "lxml", "requests", "signxml"}),
    "notices": (RUN.format("notices"), SERVICE | {"babel", "jinja2"}),
    "the parent of all services": ("import chassis.runtime.process", SERVICE),
    "a relay": (
        "import chassis.messaging.relay; from chassis.storage import outbox; outbox.emitting_services()",
        {"kombu", "sqlalchemy", "yaml"},
    ),
    "gateway": (
        "import gunicorn.app.wsgiapp, gateway.edge.worker, gateway.wsgi",
        {"babel", "falcon", "jinja2", "kombu", "pikepdf", "yaml"},
    ),
    "node": ("import gunicorn.app.wsgiapp, gateway.edge.worker, gateway.node", {"falcon", "kombu", "yaml"}),
    "renderer": (
        "import services.notices.documents.pdf.worker",
        {"PIL", "lxml", "pystrich", "reportlab", "segno", "uharfbuzz"},
    ),
}


@pytest.mark.parametrize("process", MAY_LOAD)
def test_a_process_loads_no_heavy_module_that_only_others_need(process: str) -> None:
    code, allowed = MAY_LOAD[process]
    tell = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules if sys.modules[name]}))"
    environment = {
        **os.environ,
        "SECRET_KEY": "of no worth but long as a real one",
        "PUBLIC_URL": "http://localhost:8080",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("EVENTLET_NO_GREENDNS", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{code}\n{tell}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.splitlines()[-1].split()) & HEAVY <= allowed
