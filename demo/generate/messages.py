"""HL7 messages over MLLP between two ends on the loopback interface: a client that sends, a server that acknowledges.

MLLP frames a message between 0x0B and 0x1C 0x0D (HL7 Implementation Guide for MLLP). Patients are invented.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BEGIN, _END = b"\x0b", b"\x1c\r"


def message(kind: str, control: str, sender: str, receiver: str, moment: str, *segments: str) -> str:
    """A message of version 2.5; ``kind`` is as in ``ORM^O01``, ``moment`` as in ``20260310081500``."""
    head = f"MSH|^~\\&|{sender}|BRUMEVAL|{receiver}|BRUMEVAL|{moment}||{kind}|{control}|P|2.5|||AL|NE||8859/1"
    return "".join(f"{segment}\r" for segment in (head, *segments))


def send(port: int, text: str) -> str:
    """Send one message to a server on this machine and give its acknowledgement."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(_BEGIN + text.encode("latin-1") + _END)
        return _received(connection)


@contextmanager
def server() -> Iterator[int]:
    """A server that acknowledges every message (AA); gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        stopped = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, stopped), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stopped.set()
            thread.join(10)


def _serve(listener: socket.socket, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            connection.settimeout(10)
            fields = _received(connection).partition("\r")[0].split("|")
            kind, control = fields[8].partition("^")[2], fields[9]
            answer = message(f"ACK^{kind}", f"A{control}", fields[4], fields[2], fields[6], f"MSA|AA|{control}")
            connection.sendall(_BEGIN + answer.encode("latin-1") + _END)
            connection.recv(1)


def _received(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(_END):
        part = connection.recv(65_536)
        if not part:
            raise ConnectionError("the other end closed within a message")
        data += part
    return data[1:-2].decode("latin-1")
