"""The node's door as a process of its own: `gunicorn gateway.node:application`, on a port that only the proxy reaches.

Whatever happens to the pages, slow clients included, the node is answered by other threads.
"""

import gc
import os

from chassis import logs
from chassis.messaging.rpc_client import shared
from gateway.node_app import create_node_app
from gateway.settings import Settings

logs.configure("node", os.environ.get("LOG_LEVEL", "INFO").upper())
_settings = Settings.load(for_browsers=False)
application = create_node_app(_settings, shared(_settings.amqp_url))
gc.collect()
gc.freeze()  # what is here now stays: worker processes share it, and the collector need not look at it again
