"""SMB over TCP and over NetBIOS sessions (MS-SMB, MS-SMB2, RFC 1002): finds the messages and has them read by version."""

from __future__ import annotations

import struct

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.protocols.message_heads import Message, messages
from wardround.wire.protocols.smb1 import Smb1
from wardround.wire.protocols.smb2 import Smb2
from wardround.wire.protocols.smb_state import Conversation

SERVICE = "smb"
TCP_FIRST = b"\0\x81"
UDP_FIRST = b""
ASKED_ON = (139, 445)

_SMB1, _SMB2, _ENCRYPTED, _COMPRESSED = b"\xffSMB", b"\xfeSMB", b"\xfdSMB", b"\xfcSMB"
_MAGICS = (_SMB1, _SMB2, _ENCRYPTED, _COMPRESSED)

#: NetBIOS session packets other than messages: request, answers, keep-alive.
_NETBIOS = range(0x81, 0x86)

#: Bytes of a message that are read before it is known what it is: the headers, and the fixed part of most commands.
_HEAD = 4 + 64 + 128

_PORTS = (139, 445)

#: Pieces at the beginning of a connection that is under way which may be the rest of an earlier message.
_PIECES = 8


def _size(head: bytes) -> int:
    """The size of a NetBIOS session packet with its header; 0 where none begins."""
    if len(head) < 4:
        return 0
    length = int.from_bytes(head[1:4], "big")
    if head[0] in _NETBIOS:
        return 4 + length if length < 1024 else 0
    return 4 + length if head[0] == 0 and length > 4 and head[4:8] in _MAGICS else 0


def sniff(connection: Connection) -> bool:
    """A message of SMB, or a request for a NetBIOS session, begins a direction or (on SMB's ports) one of its first pieces."""
    if connection.proto != "tcp":
        return False
    for stream in (connection.orig, connection.resp):
        head = stream.head(8)
        if _size(head) and (head[0] == 0 or (head[0] == 0x81 and head[1:4] == b"\0\0\x44")):
            return True
    return connection.resp_p in _PORTS and _under_way(connection)


def _under_way(connection: Connection) -> bool:
    for stream in (connection.orig, connection.resp):
        at = stream.data_after(0)
        for _ in range(_PIECES):
            if at is None:
                break
            if stream.read(at, 8)[4:8] in _MAGICS:
                return True
            at = stream.data_after(at + 1)
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """Read all messages of a connection."""
    conversation = Conversation(connection, rows)
    smb1, smb2 = Smb1(conversation), Smb2(conversation)
    for message in messages(connection, _size, _HEAD):
        magic = message.head[4:8]
        if magic not in _MAGICS or message.head[0]:
            continue
        connection.confirm(SERVICE)
        try:
            if magic == _SMB2:
                smb2.message(message)
            elif magic == _SMB1:
                smb1.message(message)
            elif magic == _ENCRYPTED:
                conversation.session["encrypted"] = True
            else:
                _compressed(conversation, message)
        except (Malformed, struct.error) as problem:
            detail = problem.detail if isinstance(problem, Malformed) else str(problem)
            rows.weird(connection, "smb_message_malformed", detail, ts=message.ts, record=message.record)
    smb1.close()
    conversation.close()


def _compressed(conversation: Conversation, message: Message) -> None:
    """A message behind a compression header (MS-SMB2 2.2.42): not decoded, but sizes that overflow are told."""
    conversation.session["compressed"] = True
    original, _, _, offset = struct.unpack_from("<IHHI", message.head, 8)
    if original + offset >= 1 << 32:
        connection, rows = conversation.connection, conversation.rows
        rows.weird(connection, "smb_compression_overflow", f"{original} + {offset}", ts=message.ts, record=message.record)
