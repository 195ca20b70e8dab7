"""Events of a service, sent to the entities' software over HTTPS: `python -m chassis.webhooks payments`."""

import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from environs import EnvError

from chassis import logs, metrics, watchdog
from chassis.settings import ChassisSettings
from chassis.storage import answer_limit


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m chassis.webhooks SERVICE\n")
        return 2
    (name,) = arguments
    if find_spec(f"services.{name}.webhooks") is None:
        sys.stderr.write(f"{name} has no webhooks\n")
        return 2
    settings = ChassisSettings.load()
    logs.configure(f"{name}-webhooks", settings.log_level)
    try:
        webhooks: Any = import_module(f"services.{name}.webhooks.process").make()
        metrics.serve(settings.metrics_port)
    except EnvError as error:
        sys.stderr.write(f"{name}-webhooks: {error}\n")
        return os.EX_CONFIG
    answer_limit.install_plain()
    watchdog.watch(f"{name}-webhooks", settings.watchdog_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: webhooks.stop())
    webhooks.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
