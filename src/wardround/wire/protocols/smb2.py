"""SMB 2 and 3 (MS-SMB2): negotiation, logons, shares, files, pipes. What is encrypted stays closed."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wardround.wire.connection import Malformed
from wardround.wire.protocols.gssapi import TOKEN_BYTES
from wardround.wire.protocols.message_heads import Message
from wardround.wire.protocols.smb_content import LOOKED_AT, kind
from wardround.wire.protocols.smb_state import (
    BUFFER_OVERFLOW,
    DISK,
    MORE_PROCESSING,
    NAME_BYTES,
    PENDING,
    PIPE,
    PIPE_BYTES,
    PRINT,
    SUCCESS,
    Conversation,
    OpenFile,
    Share,
    remember,
)

_NEGOTIATE, _SESSION_SETUP, _TREE_CONNECT, _TREE_DISCONNECT, _CREATE, _CLOSE = 0, 1, 3, 4, 5, 6
_READ, _WRITE, _IOCTL, _SET_INFO = 8, 9, 11, 17

_RESPONSE_FLAG, _ASYNC, _RELATED = 0x1, 0x2, 0x4
_HEADER = struct.Struct("<HHIHHIIQIIQ")
_FRAME, _HEADER_BYTES = 4, 64

_DIALECTS = {
    0x0202: "SMB 2.0.2",
    0x0210: "SMB 2.1",
    0x02FF: "SMB 2.???",
    0x0300: "SMB 3.0",
    0x0302: "SMB 3.0.2",
    0x0311: "SMB 3.1.1",
}
_KINDS = {1: DISK, 2: PIPE, 3: PRINT}
_SIGNING = {0: "none", 1: "enabled", 2: "required", 3: "required"}

_DELETE_ON_CLOSE = 0x1000
_PIPE_TRANSCEIVE = 0x0011C017
_FILE = 1
_RENAME, _DISPOSITION, _DISPOSITION_EX, _RENAME_EX = 10, 13, 64, 65
_BEGINNING = bytes(8)
_ALL_ONES = b"\xff" * 16

#: Negotiate contexts (MS-SMB2 2.2.3.1), and what is chosen in them.
_ENCRYPTION, _COMPRESSION = 2, 3
_CIPHERS = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
_COMPRESSIONS = {0: "none", 1: "LZNT1", 2: "LZ77", 3: "LZ77+Huffman", 4: "Pattern_V1", 5: "LZ4"}

#: Messages that one compound may hold, and negotiate contexts that one answer may hold.
_COMPOUND, _CONTEXTS = 256, 16


@dataclass(frozen=True, slots=True)
class _Header:
    """The header of one command; ``at`` is where it begins in the message, ``end`` where the command ends."""

    command: int
    status: int
    flags: int
    message: int
    tree: int
    session: int
    at: int
    end: int


@dataclass(slots=True)
class _Asked:
    """A request that waits for its answer."""

    command: int
    ts: int
    record: int
    file: OpenFile | None = None
    share: Share | None = None
    key: bytes = b""
    name: str | None = None
    delete: bool = False
    content: str = ""


class Smb2:
    """The side of a conversation that is in SMB 2 or 3."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._asked: dict[int, _Asked] = {}
        self._shares: dict[tuple[int, int], Share] = {}
        self._files: dict[bytes, OpenFile] = {}

    def message(self, message: Message) -> None:
        """Take one message: one command, or several compounded."""
        at = _FRAME
        file: OpenFile | None = None
        session = tree = 0
        for _ in range(_COMPOUND):
            raw = message.read(at, _HEADER_BYTES)
            if len(raw) < _HEADER_BYTES or raw[:4] != b"\xfeSMB":
                return
            _, _, status, command, _, flags, following, number, _, tree_, session_ = _HEADER.unpack_from(raw, 4)
            if not flags & _RELATED:
                file, session, tree = None, session_, tree_
            end = at + following if following else message.size
            header = _Header(command, status, flags, number, tree, session, at, end)
            if flags & _RESPONSE_FLAG:
                self._response(header, message)
            elif command in (_CREATE, _CLOSE, _READ, _WRITE, _IOCTL, _SET_INFO):
                file = self._file_request(header, message, file)
            else:
                self._request(header, message)
            if following < _HEADER_BYTES:
                return
            at += following

    # --- requests

    def _request(self, header: _Header, message: Message) -> None:
        asked = _Asked(header.command, message.ts, message.record)
        if header.command == _NEGOTIATE:
            body = _body(header, message, 6)
            self._conversation.session["client_signing"] = _SIGNING[struct.unpack_from("<H", body, 4)[0] & 3]
        elif header.command == _SESSION_SETUP:
            offset, length = struct.unpack_from("<HH", _body(header, message, 16), 12)
            self._token(header, message, offset, length)
        elif header.command == _TREE_CONNECT:
            offset, length = struct.unpack_from("<HH", _body(header, message, 8), 4)
            asked.share = Share(_text(message, header, offset, length))
        elif header.command == _TREE_DISCONNECT:
            self._shares.pop((header.session, header.tree), None)
            return
        else:
            return
        remember(self._asked, header.message, asked)

    def _file_request(self, header: _Header, message: Message, compounded: OpenFile | None) -> OpenFile | None:
        """A request about a file; gives the file, to which later commands of a compound refer."""
        if header.command == _CREATE:
            return self._create_request(header, message)
        command = header.command
        body = _body(header, message, {_IOCTL: 56, _CLOSE: 24}.get(command, 32))
        key = body[16:32] if command in (_READ, _WRITE, _SET_INFO) else body[8:24]
        file = compounded if key == _ALL_ONES and compounded is not None else self._files.get(key)
        if file is None:
            file = OpenFile(self._share(header))
            remember(self._files, key, file)
        if command in (_READ, _WRITE, _IOCTL):
            if file.is_pipe:
                self._pipe_request(header, message, file, body)
            elif command != _IOCTL and body[8:16] == _BEGINNING:
                self._beginning(header, message, file, body)
        elif command == _CLOSE:
            self._files.pop(key, None)
            remember(self._asked, header.message, _Asked(command, message.ts, message.record, file))
        else:
            self._set_info(header, message, file, body)
        return file

    def _share(self, header: _Header) -> Share:
        return self._shares.get((header.session, header.tree)) or Share()

    def _create_request(self, header: _Header, message: Message) -> OpenFile:
        body = _body(header, message, 56)
        (options,) = struct.unpack_from("<I", body, 40)
        offset, length = struct.unpack_from("<HH", body, 44)
        file = OpenFile(self._share(header), _text(message, header, offset, length))
        file.delete_on_close = bool(options & _DELETE_ON_CLOSE)
        remember(self._asked, header.message, _Asked(_CREATE, message.ts, message.record, file))
        return file

    def _pipe_request(self, header: _Header, message: Message, file: OpenFile, body: bytes) -> None:
        if header.command == _WRITE:
            offset, length = struct.unpack_from("<HI", body, 2)
        elif header.command == _IOCTL:
            if struct.unpack_from("<I", body, 4)[0] != _PIPE_TRANSCEIVE:
                return
            offset, length = struct.unpack_from("<II", body, 24)
        else:
            offset = length = 0
        if length:
            data = message.read(header.at + offset, min(length, PIPE_BYTES))
            self._conversation.pipe_data(file, True, data, message.ts, message.record)
        if header.command != _WRITE:
            remember(self._asked, header.message, _Asked(header.command, message.ts, message.record, file))

    def _beginning(self, header: _Header, message: Message, file: OpenFile, body: bytes) -> None:
        """A read or a write of the beginning of a file."""
        asked = _Asked(header.command, message.ts, message.record, file)
        if header.command == _WRITE:
            offset, length = struct.unpack_from("<HI", body, 2)
            asked.content = kind(message.read(header.at + offset, min(length, LOOKED_AT)))
        remember(self._asked, header.message, asked)

    def _set_info(self, header: _Header, message: Message, file: OpenFile, body: bytes) -> None:
        kind, information, length, offset = struct.unpack_from("<BBIH", body, 2)
        if kind != _FILE:
            return
        asked = _Asked(_SET_INFO, message.ts, message.record, file)
        data = message.read(header.at + offset, min(length, NAME_BYTES + 20))
        if information in (_RENAME, _RENAME_EX) and len(data) >= 20:
            (size,) = struct.unpack_from("<I", data, 16)
            asked.name = data[20 : 20 + size].decode("utf-16-le", "replace")
        elif information in (_DISPOSITION, _DISPOSITION_EX) and data:
            asked.delete = bool(data[0] & 1)
            if not asked.delete:
                file.delete_on_close = False
        else:
            return
        remember(self._asked, header.message, asked)

    # --- responses

    def _response(self, header: _Header, message: Message) -> None:
        if header.status == PENDING and header.flags & _ASYNC:
            return
        asked = self._asked.pop(header.message, None)
        if header.command == _NEGOTIATE:
            self._negotiated(header, message, asked)
        elif header.command == _SESSION_SETUP:
            self._logged_on(header, message)
        elif asked is None or asked.command != header.command:
            return
        elif header.command in (_READ, _IOCTL):
            if header.status in (SUCCESS, BUFFER_OVERFLOW):
                self._pipe_response(header, message, asked)
        elif header.status == SUCCESS:
            self._done(header, message, asked)

    def _done(self, header: _Header, message: Message, asked: _Asked) -> None:
        """A request about a share or a file has succeeded."""
        conversation, file = self._conversation, asked.file
        if asked.share is not None:
            self._connected(header, message, asked, asked.share)
        elif file is None:
            return
        elif header.command == _CREATE:
            body = _body(header, message, 80)
            created, accessed, modified, changed, _, file.size = struct.unpack_from("<6Q", body, 8)
            file.times = (modified, accessed, created, changed) if modified else None
            remember(self._files, body[64:80], file)
            conversation.opened(file, asked.ts, asked.record)
        elif header.command == _CLOSE:
            conversation.closed(file, asked.ts, asked.record)
        elif asked.content:
            conversation.written(file, asked.content, asked.ts, asked.record)
        elif asked.name is not None:
            conversation.renamed(file, asked.name, asked.ts, asked.record)
        elif asked.delete:
            file.delete_on_close = False
            conversation.log("SMB::FILE_DELETE", file, asked.ts, asked.record)

    def _negotiated(self, header: _Header, message: Message, asked: _Asked | None) -> None:
        if header.status != SUCCESS:
            return
        body = _body(header, message, 64)
        mode, dialect = struct.unpack_from("<HH", body, 2)
        name = _DIALECTS.get(dialect) or f"0x{dialect:04x}"
        self._conversation.session |= {"dialect": name, "server_signing": _SIGNING[mode & 3]}
        if dialect == 0x0311:
            count, at = struct.unpack_from("<6xH52xI", body)
            self._conversation.session |= _contexts(message, header.at + at, count)
        ts, record = (asked.ts, asked.record) if asked else (message.ts, message.record)
        self._conversation.command(ts, record, "SMB2", "NEGOTIATE_PROTOCOL", header.status, argument=name)

    def _logged_on(self, header: _Header, message: Message) -> None:
        if header.status in (SUCCESS, MORE_PROCESSING):
            offset, length = struct.unpack_from("<HH", _body(header, message, 8), 4)
            self._token(header, message, offset, length)
        if header.status != MORE_PROCESSING:
            self._conversation.authentication.outcome(header.status == SUCCESS, header.session)

    def _token(self, header: _Header, message: Message, offset: int, length: int) -> None:
        data = message.read(header.at + offset, min(length, TOKEN_BYTES))
        # The first request of a logon has no session yet; the server's answer names it.
        self._conversation.authentication.token(data, message.ts, message.record, header.session)

    def _connected(self, header: _Header, message: Message, asked: _Asked, share: Share) -> None:
        share.kind = _KINDS.get(_body(header, message, 3)[2], DISK)
        remember(self._shares, (header.session, header.tree), share)
        conversation = self._conversation
        conversation.rows.add(
            "smb_mapping", conversation.connection, asked.ts, asked.record, path=share.path, share_type=share.kind
        )

    def _pipe_response(self, header: _Header, message: Message, asked: _Asked) -> None:
        if header.command == _READ:
            body = _body(header, message, 8)
            offset, (length,) = body[2], struct.unpack_from("<I", body, 4)
        else:
            offset, length = struct.unpack_from("<II", _body(header, message, 40), 32)
        if asked.file is not None and not asked.file.is_pipe:
            self._conversation.read(asked.file, message.read(header.at + offset, min(length, LOOKED_AT)))
        elif asked.file is not None and length:
            data = message.read(header.at + offset, min(length, PIPE_BYTES))
            self._conversation.pipe_data(asked.file, False, data, message.ts, message.record)


def _body(header: _Header, message: Message, least: int) -> bytes:
    """The fixed part of a command; raises Malformed when it is shorter than ``least``."""
    body = message.read(header.at + _HEADER_BYTES, min(96, header.end - header.at - _HEADER_BYTES))
    if len(body) < least:
        raise Malformed("smb_message_malformed", f"command {header.command}: {len(body)} of {least} bytes")
    return body


def _contexts(message: Message, at: int, count: int) -> dict[str, str]:
    """What the server chose in its negotiate contexts: the cipher, and the compression (where it offers any)."""
    found: dict[str, str] = {}
    for _ in range(min(count, _CONTEXTS)):
        raw = message.read(at, 8 + 64)
        if len(raw) < 8:
            break
        kind, length = struct.unpack_from("<HH", raw)
        data = raw[8 : 8 + length]
        if kind == _ENCRYPTION and len(data) >= 4:
            number = int.from_bytes(data[2:4], "little")
            found["cipher"] = _CIPHERS.get(number) or f"0x{number:04x}"
        elif kind == _COMPRESSION and len(data) >= 8:
            numbers = struct.unpack_from(f"<{min(int.from_bytes(data[:2], 'little'), (len(data) - 8) // 2)}H", data, 8)
            found["compression"] = ",".join(_COMPRESSIONS.get(number) or f"0x{number:04x}" for number in numbers)
        at += (8 + length + 7) // 8 * 8
    return found


def _text(message: Message, header: _Header, offset: int, length: int) -> str:
    """UTF-16 text of a command, ``offset`` counted from its header."""
    return message.read(header.at + offset, min(length, NAME_BYTES)).decode("utf-16-le", "replace")
