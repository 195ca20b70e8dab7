"""The production entrypoint: `gunicorn gateway.wsgi:application --worker-class gateway.edge.worker.ReadAheadWorker`."""

import gc
import os

from chassis import logs
from chassis.messaging.rpc_client import shared
from gateway.app import create_app
from gateway.settings import Settings

logs.configure("gateway", os.environ.get("LOG_LEVEL", "INFO").upper())
_settings = Settings.load()
application = create_app(_settings, shared(_settings.amqp_url))
gc.collect()
gc.freeze()  # what is here now stays: worker processes share it, and the collector need not look at it again
