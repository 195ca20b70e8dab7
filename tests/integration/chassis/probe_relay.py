"""The relay of the invented service: `python -m tests.integration.chassis.probe_relay`."""

import os
import signal
import time

from chassis import logs, watchdog
from chassis.messaging.relay import Relay
from chassis.settings import ChassisSettings, database_url
from chassis.storage import answer_limit
from tests.integration.chassis import probe


class StuckRelay(Relay):
    """Hangs in its first batch."""

    def relay_batch(self, now):
        time.sleep(600)  # it hangs


RELAYS = {"": Relay, "stuck": StuckRelay}

if __name__ == "__main__":
    logs.configure("probe-relay")
    answer_limit.install_plain()
    watchdog.watch("probe-relay", ChassisSettings.load().watchdog_s)
    relay = RELAYS[os.environ.get("RELAY", "")](
        "probe",
        probe,
        url=database_url("probe"),
        amqp_url=os.environ["AMQP_URL"],
        listeners=[probe.LISTENER],
    )
    signal.signal(signal.SIGTERM, lambda *_: relay.stop())
    relay.run()
