import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chassis import deadline
from contracts.errors import Broken, ErrorCode, Unavailable
from services.notices.documents.domain.content import UnusableLogo
from services.notices.documents.pdf.fonts import fonts_dir
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.protocol import write_content
from services.notices.documents.renderers import Renderers
from tests.conftest import wait_until
from tests.unit.practices.test_practices_logos import png

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def renderers():
    made = []

    def make(count=1, timeout_s=10.0):
        made.append(Renderers(count=count, timeout_s=timeout_s, fonts_dir=fonts_dir()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_draws_the_same_bytes_as_this_one(renderers, notice):
    assert renderers().render(notice) == render_notice(notice)


def test_a_process_makes_a_logo_ready_and_says_why_another_cannot_be(renderers, tmp_path):
    pool = renderers()
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="red"/></svg>'
    (tmp_path / "logo.svg").write_text(svg)
    (tmp_path / "text.svg").write_text("not xml")
    logo = pool.prepared_logo(tmp_path / "logo.svg")
    assert (logo.media_type, base64.b64decode(logo.content_base64)) == ("image/svg+xml", svg.encode())
    with pytest.raises(UnusableLogo, match="UnsupportedSvg: not readable"):
        pool.prepared_logo(tmp_path / "text.svg")
    published = pool.prepared_logo(Path("published.png"), base64.b64encode(png(96, 96)).decode())
    assert published.media_type == "image/jpeg"
    with pytest.raises(UnusableLogo):
        pool.prepared_logo(Path("published.png"), base64.b64encode(b"no picture").decode())
    with pytest.raises(UnusableLogo, match="FileNotFoundError"):
        pool.prepared_logo(tmp_path / "missing.svg")


def test_the_same_process_draws_one_document_after_another(renderers, notice):
    pool = renderers()
    pids = set()
    for number in range(3):
        pool.render(replace(notice, subject=f"Notice {number}"))
        pids.update(pool.pids())
    assert len(pids) == 1


def test_a_killed_process_is_replaced_and_the_document_drawn_all_the_same(renderers, notice):
    pool = renderers()
    pool.render(notice)
    (killed,) = pool.pids()
    os.kill(killed, signal.SIGKILL)
    assert pool.render(notice) == render_notice(notice)
    assert pool.pids() != [killed]


def test_a_process_killed_while_it_draws_is_replaced(renderers, notice):
    pool = renderers()
    pool.render(notice)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    timer.start()
    assert pool.render(notice) == render_notice(notice)
    timer.join()


def test_a_process_that_is_too_slow_is_ended_and_the_next_document_drawn_by_another(renderers, notice):
    pool = renderers(timeout_s=2.0)
    pool.render(notice)
    (stuck,) = pool.pids()
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(Unavailable):
        pool.render(notice)
    assert not is_alive(stuck)
    assert pool.render(notice) == render_notice(notice)


def test_a_document_that_cannot_be_drawn_is_broken_and_the_process_goes_on(renderers, notice):
    pool = renderers()
    with pytest.raises(Broken) as broken:
        pool.render(replace(notice, language="a language without texts"))
    assert broken.value.code == ErrorCode.INTERNAL_ERROR
    assert pool.render(notice) == render_notice(notice)


def test_when_no_process_is_idle_before_the_callers_deadline_the_caller_may_come_again(renderers, notice):
    pool = renderers(timeout_s=5.0)
    pool.render(notice)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    drawn = []
    first = threading.Thread(target=lambda: drawn.append(pool.render(notice)))
    first.start()
    wait_until(lambda: not pool.pids())  # the only process is with the first caller
    with deadline.until(time.monotonic() + 0.3), pytest.raises(Unavailable):
        pool.render(notice)
    os.kill(pid, signal.SIGCONT)
    first.join()
    assert drawn == [render_notice(notice)]


def test_many_callers_share_the_processes(renderers, notice):
    pool = renderers(count=2)
    expected = render_notice(notice)
    drawn = []
    callers = [threading.Thread(target=lambda: drawn.append(pool.render(notice))) for _ in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert drawn == [expected] * 12
    assert len(pool.pids()) == 2


def test_closing_ends_every_process(renderers, notice):
    pool = renderers(count=2)
    pool.render(notice)
    pids = pool.pids()
    pool.close()
    assert not [pid for pid in pids if is_alive(pid)]


IMPORTED_BY_THE_WORKER = """
import json, sys
import services.notices.documents.pdf.worker
print(json.dumps(sorted(sys.modules)))
"""
OURS = ("chassis", "contracts", "gateway", "services")
DRAWING = re.compile(
    r"contracts(\.(codes|errors))?|services(\.notices(\.documents(\.domain(\.(content|payment_codes))?|\.pdf(\.\w+)?)?)?)?"
)


def test_a_rendering_process_imports_contents_and_fonts_only():
    result = subprocess.run(
        [sys.executable, "-c", IMPORTED_BY_THE_WORKER], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    modules = json.loads(result.stdout)
    roots = {name.partition(".")[0] for name in modules}
    assert not roots & {"sqlalchemy", "kombu", "nameko", "eventlet", "marshmallow", "chassis"}
    ours = [name for name in modules if name.partition(".")[0] in OURS]
    assert {"services.notices.documents.domain.content", "services.notices.documents.pdf.fonts"} <= set(ours)
    assert [name for name in ours if not DRAWING.fullmatch(name)] == []


IN_A_GREEN_PROCESS = """
import chassis.runtime.green, eventlet, json, os, sys
from pathlib import Path
from services.notices.documents.pdf.protocol import read_content
from services.notices.documents.renderers import Renderers
from tests.conftest import wait_until

pool = Renderers(count=1, timeout_s=10, fonts_dir=Path(sys.argv[1]))
document = read_content(sys.stdin.buffer.read())
pool.render(document)
ticks = []

def tick():
    while True:
        ticks.append(1)
        eventlet.sleep(0.001)

ticking = eventlet.spawn(tick)
drawn = [len(thread.wait()) for thread in [eventlet.spawn(pool.render, document) for _ in range(10)]]
print(json.dumps({"drawn": drawn, "ticks": len(ticks), "pid": pool.pids()[0]}), flush=True)
os._exit(0)  # as a kill would: nothing is closed
"""


def test_in_a_green_process_others_go_on_while_it_draws_and_nothing_is_left_when_it_dies(notice, eventually):
    result = subprocess.run(
        [sys.executable, "-c", IN_A_GREEN_PROCESS, str(fonts_dir())],
        input=write_content(notice),
        capture_output=True,
        check=True,
        cwd=PROJECT,
        timeout=60,
    )
    said = json.loads(result.stdout)
    assert said["drawn"] == [len(render_notice(notice))] * 10
    assert said["ticks"] > 50
    eventually(lambda: not is_alive(said["pid"]))
