"""All services, and what works beside them, as one family of processes: `python -m chassis.family`.

It is `python -m chassis.run all` with `chassis.background` as one more child, so that what all need is in memory once.
"""

import chassis.runtime.green  # noqa: F401 -- must come before every other import

# isort: split
import os
import sys

import eventlet

from chassis import background
from chassis.runtime import process
from chassis.runtime.family import Family
from chassis.runtime.topology import service_names
from chassis.settings import ChassisSettings


def serve(name: str) -> int:
    """Run one of the family. METRICS_PORT is that of the first service, what works beside them has the last."""
    if name != background.NAME:
        return process.serve_in_family(name)
    port = ChassisSettings.load().metrics_port
    if port:
        os.environ["METRICS_PORT"] = str(port + len(service_names()))
    return background.serve(watch=process.watch_from_outside, soon=eventlet.spawn_n)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments:
        sys.stderr.write("usage: python -m chassis.family\n")
        return 2
    background.preload()
    process.preload()
    return Family([*service_names(), background.NAME], serve).run()
