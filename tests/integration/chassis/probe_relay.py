"""The relay of the invented service: `python -m tests.integration.chassis.probe_relay`."""

import os
import signal

from chassis import logs
from chassis.messaging.relay import Relay
from chassis.settings import database_url
from tests.integration.chassis import probe

if __name__ == "__main__":
    logs.configure("probe-relay")
    relay = Relay(
        "probe",
        probe,
        url=database_url("probe", os.environ),
        amqp_url=os.environ["AMQP_URL"],
        listeners=[probe.LISTENER],
    )
    signal.signal(signal.SIGTERM, lambda *_: relay.stop())
    relay.run()
