"""The RPC client over TLS: one thread reads while others write, on a connection that must not do both at once."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.messaging.rpc_client import RpcClient
from contracts.errors import Unavailable
from contracts.shapes import Empty
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe


class TlsProxy:
    """Takes TLS off before the broker, in an event loop of its own."""

    def __init__(self, host, port, certificate_file):
        self._target = (host, port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate_file)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self):
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, near_reader, near_writer):
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(pump(near_reader, far_writer), pump(far_reader, near_writer))
        for writer in (near_writer, far_writer):
            writer.transport.abort()


async def pump(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


def certificate_for(address, folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker of the tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "broker.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls_url(amqp_url, tmp_path, monkeypatch):
    """Return a function giving the address of the broker behind TLS, its certificate being for `address`."""
    made = []

    def behind_tls(address):
        file = certificate_for(address, tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        parts = urlsplit(amqp_url)
        proxy = TlsProxy(parts.hostname or "127.0.0.1", parts.port or 5672, file)
        made.append(proxy)
        credentials = parts.netloc.rpartition("@")[0]
        return f"amqps://{credentials}@127.0.0.1:{proxy.port}{parts.path}"

    yield behind_tls
    for proxy in made:
        proxy.close()


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
