"""A bare DICOM server for what a whole stack would never answer: every rejection, every abort, silence, odd orders."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

Answer = bytes | str


def reject(result: int, source: int, reason: int) -> bytes:
    return struct.pack("!BBIBBBB", 3, 0, 4, 0, result, source, reason)


def abort(source: int, reason: int) -> bytes:
    return struct.pack("!BBIBBBB", 7, 0, 4, 0, 0, source, reason)


def accept(request: bytes) -> bytes:
    """The answer that accepts everything in a request, with the first transfer syntax of each context."""
    body, at, items = request[6:], 68, b""
    while at + 4 <= len(body):
        kind, size = body[at], int.from_bytes(body[at + 2 : at + 4], "big")
        item = body[at + 4 : at + 4 + size]
        if kind == 0x20:
            inner = 4
            while item[inner] != 0x40:
                inner += 4 + int.from_bytes(item[inner + 2 : inner + 4], "big")
            end = inner + 4 + int.from_bytes(item[inner + 2 : inner + 4], "big")
            chosen = item[:2] + b"\0\0" + item[inner:end]
            items += struct.pack("!BBH", 0x21, 0, len(chosen)) + chosen
        else:
            items += body[at : at + 4 + size]
        at += 4 + size
    return struct.pack("!BBI", 2, 0, 68 + len(items)) + body[:68] + items


def stored(message_id: int, context: int) -> bytes:
    """A C-STORE-RSP in a P-DATA-TF."""
    command = Dataset()
    command.AffectedSOPClassUID, command.CommandField = "1.2.840.10008.5.1.4.1.1.2", 0x8001
    command.MessageIDBeingRespondedTo, command.CommandDataSetType, command.Status = message_id, 0x0101, 0
    command.CommandGroupLength = len(encode(command, True, True) or b"")
    value = encode(command, True, True) or b""
    return struct.pack("!BBIIBB", 4, 0, len(value) + 6, len(value) + 2, context, 3) + value


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def pdu(connection: socket.socket) -> bytes:
    """The next PDU."""
    head = _exactly(connection, 6)
    return head + _exactly(connection, int.from_bytes(head[2:], "big"))


def _serve(listener: socket.socket, answers: list[Answer], stores: int) -> None:
    for answer in answers:
        with suppress(OSError):
            connection, _ = listener.accept()
            connection.settimeout(30)
            with connection:
                _one(connection, answer, stores)


def _one(connection: socket.socket, answer: Answer, stores: int) -> None:
    request = pdu(connection)
    if isinstance(answer, bytes):
        connection.sendall(answer)
        connection.recv(65_536)  # the other side is to read the answer before it sees the end
        return
    if answer == "silence":
        connection.recv(65_536)
        return
    connection.sendall(accept(request))
    done: list[tuple[int, int]] = []
    while True:
        received = pdu(connection)
        if received[0] == 5:
            connection.sendall(struct.pack("!BBII", 6, 0, 4, 0))
            return
        if received[0] != 4:
            return
        at = 6
        while at < len(received):
            size, context, flags = struct.unpack_from("!IBB", received, at)
            if flags == 2:
                done.append((context, context))
            at += 4 + size
        if len(done) == stores:
            # Two operations at a time are answered in the other order.
            for message_id, context in reversed(done):
                connection.sendall(stored(message_id, context))
            done.clear()


@contextmanager
def peer(answers: list[Answer], stores: int = 2) -> Iterator[int]:
    """A server on the loopback interface that gives each connection its answer; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=_serve, args=(listener, answers, stores), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)
