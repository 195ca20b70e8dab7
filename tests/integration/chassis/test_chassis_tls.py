"""The RPC client over TLS: one thread reads while others write, on a connection that must not do both at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.messaging.rpc_client import RpcClient
from contracts.errors import Unavailable
from contracts.shapes import Empty
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe


def test_threads_share_a_tls_connection(run_probe, rpc, tls_url):
    wait_until_answering(rpc, "probe", run_probe())
    secure = RpcClient(tls_url("127.0.0.1"))
    sizes = [1, 20_000, 150_000]

    def ask(index):
        text = chr(97 + index % 26) * sizes[index % len(sizes)]
        return secure.call(probe.REPEAT, probe.Text(text=text)) == probe.Text(text=text)

    with ThreadPoolExecutor(16) as callers:
        assert all(callers.map(ask, range(300)))
    secure.close()


def test_a_broker_with_the_certificate_of_another_host_is_not_talked_to(tls_url, clean_broker):
    secure = RpcClient(tls_url("127.0.0.2"))
    with pytest.raises(Unavailable):
        secure.call(probe.PING, Empty())
