"""Our frames are py-amqp's, byte for byte, and no two writers' frames mix."""

import threading
from types import SimpleNamespace

import pytest
from amqp import spec
from amqp.basic_message import Message as AmqpMessage
from amqp.method_framing import frame_writer
from amqp.serialization import dumps

from chassis.messaging import frames, wire

FRAME_MAX = 4_096


class Line:
    """A connection and its transport, which notes what is written."""

    frame_max = FRAME_MAX
    bytes_sent = 0

    def __init__(self):
        self.written = b""
        self.transport = self
        self.channel_id = 1
        self.frame_writer = frame_writer(self, self)

    def write(self, data):
        self.written += bytes(data)


def by_py_amqp(message, then_ack):
    line = Line()
    content = AmqpMessage(
        message.body,
        content_type=message.content_type,
        content_encoding="utf-8",
        application_headers=dict(message.headers),
        delivery_mode=2 if message.persistent else 1,
        **{
            name: value
            for name, value in {
                "correlation_id": message.correlation_id,
                "reply_to": message.reply_to,
                "expiration": None if message.expiration_s is None else str(int(message.expiration_s * 1000)),
                "message_id": message.message_id,
            }.items()
            if value is not None
        },
    )
    arguments = dumps("Bssbb", (0, message.exchange, message.routing_key, message.mandatory, False))
    line.frame_writer(1, 1, spec.Basic.Publish, arguments, content)
    if then_ack is not None:
        line.frame_writer(1, 1, spec.Basic.Ack, dumps("Lb", (then_ack, False)), None)
    return line.written


@pytest.mark.parametrize("then_ack", [None, 1, 2**40])
@pytest.mark.parametrize(
    "message",
    [
        wire.Message("", "queue", b"{}"),
        wire.Message("nameko-rpc", "practices.search", '{"città": "Forlì"}', correlation_id="1f", persistent=False),
        wire.Message("x", "y", b"x" * 100, reply_to="abc", expiration_s=1.5, mandatory=True, headers={"a": "b"}),
        wire.Message("x", "y", b"x", message_id="7", headers={"x-attempt": 3, "città": "Forlì", "nested": {"a": [1]}}),
        wire.Message("x", "y", b"x" * (FRAME_MAX - 8)),
        wire.Message("x", "y", bytes(range(256)) * 100, correlation_id="c", reply_to="r", message_id="m"),
    ],
    ids=range(6),
)
def test_a_publication_is_what_py_amqp_would_have_written(message, then_ack):
    line = Line()
    line.frame_writer = frames.Writer(line)
    wire.publish(SimpleNamespace(connection=line, channel_id=1), message, then_ack=then_ack)
    assert line.written == by_py_amqp(message, then_ack)
    assert line.bytes_sent == 1


def test_an_empty_body_has_no_body_frame():
    line = Line()
    line.frame_writer = frames.Writer(line)
    wire.publish(SimpleNamespace(connection=line, channel_id=1), wire.Message("", "q", b""))
    assert line.written == by_py_amqp(wire.Message("", "q", b""), None)


def test_threads_that_write_at_once_never_mix_their_frames():
    line = Line()
    whole = []
    line.write = lambda data: whole.append(bytes(data))  # type: ignore[method-assign]  # -- watched
    line.frame_writer = frame_writer(line, line)
    writer = line.frame_writer = frames.Writer(line)

    def write(index):
        for _ in range(200):
            if index % 2:
                writer(8, 0, None, None, None)
            else:
                writer.send(b"ready" * 50)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heartbeat = b"\x08\x00\x00\x00\x00\x00\x00\xce"
    assert sorted(set(whole)) == sorted({heartbeat, b"ready" * 50})
    assert line.bytes_sent == 1_600
