"""The invented service itself; run as a process: `python -m tests.integration.chassis.probe_service`."""

import chassis.runtime.green  # noqa: F401 -- must come before every other import

# isort: split
import os

from eventlet.patcher import original
from sqlalchemy.dialects.postgresql import insert

from chassis import correlation, logs
from chassis.clock import now
from chassis.runtime.entrypoints import answers, every, on_event
from chassis.runtime.process import run
from chassis.runtime.providers import DatabaseProvider, RpcProvider
from contracts.error_details import AmountNotAllowed
from contracts.errors import Broken, ErrorCode, Refused, Unavailable
from tests.integration.chassis import probe

FAULTS = {
    "refused": lambda: Refused(ErrorCode.AMOUNT_NOT_ALLOWED, AmountNotAllowed(min_cents=100, unit_cents=250)),
    "unavailable": lambda: Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE),
    "broken": lambda: Broken(ErrorCode.INTERNAL_ERROR),
    "bug": lambda: ZeroDivisionError("RSSMRA85T10A562S divided by nought"),
}


def make_fault(name):
    return FAULTS[name]()


class ProbeService:
    """Does what its request or event says."""

    name = "probe"
    database = DatabaseProvider(probe)
    rpc = RpcProvider()

    @answers(probe.ECHO)
    def echo(self, request):
        """Answer with the number, after sleeping, or fail as told."""
        probe.pause(request.sleep_s)
        if request.fault == "hang":
            original("time").sleep(600)  # it hangs
        if request.fault:
            raise make_fault(request.fault)
        return probe.Answer(number=request.number, id=probe.EXAMPLE_ID, at=probe.EXAMPLE_TIME, text=correlation.get())

    @answers(probe.REPEAT)
    def repeat(self, request):
        """Answer with what was said."""
        return request

    @answers(probe.RELAYED_ECHO)
    def relayed_echo(self, request):
        """Ask myself."""
        return self.rpc.call(probe.ECHO, request)

    @answers(probe.PAY)
    def pay(self, request):
        """Do something that must not be done twice."""
        with self.database.transaction() as tx:
            tx.session.add(probe.Effect(number=request.number))
        probe.pause(request.sleep_s)
        return probe.Answer(number=request.number)

    @answers(probe.EMIT)
    def emit(self, request):
        """Emit Numbered."""
        with self.database.transaction() as tx:
            tx.emit(probe.NUMBERED, request, subject=str(request.number), sequence=1, now=now())
        return probe.Answer(number=request.number)

    @on_event(probe.NUMBERED)
    def on_numbered(self, tx, event):
        """Leave one effect, or fail as told."""
        data = event.data
        with self.database.transaction() as other:
            other.session.add(probe.Attempt(number=data.number))
        with self.database.reading() as session:
            attempts = session.query(probe.Attempt).filter_by(number=data.number).count()
        tx.session.add(probe.Effect(number=data.number, correlation_id=correlation.get()))
        tx.session.flush()
        latest = insert(probe.Latest).values(subject=event.subject, number=data.number)
        tx.session.execute(latest.on_conflict_do_update(index_elements=["subject"], set_={"number": data.number}))
        probe.pause(data.sleep_s)
        if attempts <= data.failures:
            raise make_fault(data.fault)

    @every(seconds=0.5)
    def tick(self):
        """Fail at each tick; nobody must mind."""
        raise ZeroDivisionError


if __name__ == "__main__":
    logs.configure("probe", os.environ["LOG_LEVEL"])
    run(ProbeService)
