"""What payments sends out stands still: its process ends itself and says which part. At rest, or cut off, it lives."""

import os
import time

import pytest

from tests.conftest import PATIENCE_S

LIMIT_S = 3
STUCK = """
import importlib, runpy, sys, threading
_, module, patched, name, *arguments = sys.argv
owner = getattr(importlib.import_module(patched), name)
owner.work = lambda *_: threading.Event().wait()
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
PROCESSES = {
    "webhooks": ("chassis.webhooks", "payments"),
    "outbound": ("services.payments.outbound",),
}
JOBS = {
    "webhooks": ("webhooks", "services.payments.webhooks.process", "Webhooks"),
    "archive list": ("outbound", "services.payments.archive.comparison", "Comparison"),
    "archive files": ("outbound", "services.payments.archive.loader", "Loader"),
    "recovery": ("outbound", "services.payments.recovery.recovery", "Recovery"),
}


@pytest.mark.parametrize("part", JOBS)
def test_a_job_of_the_outbound_or_webhooks_that_stands_still_ends_its_process(database, start_process, part):
    process, patched, name = JOBS[part]
    module, *arguments = PROCESSES[process]
    running = start_process("-c", STUCK, module, patched, name, *arguments, env={"WATCHDOG_S": str(LIMIT_S)})
    assert running.process.wait(PATIENCE_S) == os.EX_SOFTWARE
    (line,) = running.lines("watchdog_ended_process")
    assert (line["process"], line["part"]) == (f"payments-{process}", part)


@pytest.mark.parametrize("process", PROCESSES)
def test_it_bears_rest_and_an_outage_longer_than_the_watchdogs_limit(database, start_process, process):
    for env in ({}, {"DATABASE_URL": "postgresql+psycopg2://postgres@127.0.0.1:1/portal"}):
        running = start_process("-m", *PROCESSES[process], env={"WATCHDOG_S": str(2 * LIMIT_S), **env})
        time.sleep(6 * LIMIT_S)  # longer than the watchdog bears
        assert running.process.poll() is None, running.log()
