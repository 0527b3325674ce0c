"""SMB 1 (MS-CIFS, MS-SMB): negotiation, logons, shares, files, pipes. Still spoken by old modalities, and by worms."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from wardround.wire.protocols.gssapi import TOKEN_BYTES
from wardround.wire.protocols.message_heads import Message
from wardround.wire.protocols.smb_content import LOOKED_AT, kind
from wardround.wire.protocols.smb_state import (
    BUFFER_OVERFLOW,
    DISK,
    MORE_PROCESSING,
    NAME_BYTES,
    PIPE,
    PIPE_BYTES,
    PRINT,
    SUCCESS,
    Conversation,
    OpenFile,
    Share,
    remember,
)

_CLOSE, _DELETE, _RENAME, _TRANSACTION, _OPEN_ANDX = 0x04, 0x06, 0x07, 0x25, 0x2D
_READ_ANDX, _WRITE_ANDX, _TRANSACTION2, _TREE_DISCONNECT, _NEGOTIATE = 0x2E, 0x2F, 0x32, 0x71, 0x72
_SESSION_SETUP, _TREE_CONNECT, _NT_TRANSACT, _NT_CREATE = 0x73, 0x75, 0xA0, 0xA2
_ANDX = (_SESSION_SETUP, _TREE_CONNECT, _NT_CREATE, _OPEN_ANDX, _READ_ANDX, _WRITE_ANDX)
_TRANSACTIONS = (_TRANSACTION, _TRANSACTION2, _NT_TRANSACT)
_ANDX_END = 0xFF

_HEADER = struct.Struct("<BIBHH8sHHHHH")
_FRAME, _HEADER_BYTES = 4, 32
_ANSWER, _UNICODE, _EXTENDED_SECURITY = 0x80, 0x8000, 0x0800
_SIGNING_ENABLED, _SIGNING_REQUIRED = 0x04, 0x08
_DELETE_ON_CLOSE = 0x1000

_PIPE_TRANSACT = 0x26
_REMOTE_ADMINISTRATION = "\\PIPE\\LANMAN"
_PIPE_COMMANDS = {
    0x01: "SET_NMPIPE_STATE",
    0x11: "RAW_READ_NMPIPE",
    0x21: "QUERY_NMPIPE_STATE",
    0x22: "QUERY_NMPIPE_INFO",
    0x23: "PEEK_NMPIPE",
    0x26: "TRANSACT_NMPIPE",
    0x31: "RAW_WRITE_NMPIPE",
    0x36: "READ_NMPIPE",
    0x37: "WRITE_NMPIPE",
    0x53: "WAIT_NMPIPE",
    0x54: "CALL_NMPIPE",
}
_SET_PATH, _SET_FILE = 0x06, 0x08
_TRANS2_COMMANDS = {
    0x00: "OPEN2",
    0x01: "FIND_FIRST2",
    0x02: "FIND_NEXT2",
    0x03: "QUERY_FS_INFORMATION",
    0x04: "SET_FS_INFORMATION",
    0x05: "QUERY_PATH_INFORMATION",
    0x06: "SET_PATH_INFORMATION",
    0x07: "QUERY_FILE_INFORMATION",
    0x08: "SET_FILE_INFORMATION",
    0x09: "FSCTL",
    0x0A: "IOCTL2",
    0x0B: "FIND_NOTIFY_FIRST",
    0x0C: "FIND_NOTIFY_NEXT",
    0x0D: "CREATE_DIRECTORY",
    0x0E: "SESSION_SETUP",
    0x10: "GET_DFS_REFERRAL",
    0x11: "REPORT_DFS_INCONSISTENCY",
}
#: What ordinary work with files and printers asks for; the rest is told in smb_cmd (worms and their probes use it).
_ORDINARY_TRANS2 = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x0D, 0x10)
_ORDINARY_NT_TRANSACT = (2, 4, 6)
_DISPOSITION_LEVELS, _RENAME_LEVEL = (0x0102, 1013), 1010


@dataclass(frozen=True, slots=True)
class _Block:
    """One command: its words and bytes. ``at`` is where the bytes begin, counted from the header of the message."""

    command: int
    words: bytes
    data: bytes
    at: int


@dataclass(slots=True)
class _Header:
    """The header of a message."""

    status: int
    unicode: bool
    extended: bool
    tree: int
    user: int
    ts: int
    record: int


@dataclass(slots=True)
class _Asked:
    """A request that waits for its answer."""

    ts: int
    record: int
    share: Share | None = None
    file: OpenFile | None = None
    name: str | None = None
    delete: bool = False
    content: str = ""
    command: tuple[str, str | None] | None = None
    dialects: list[str] = field(default_factory=list)


class Smb1:
    """The side of a conversation that is in SMB 1."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._asked: dict[tuple[int, int], _Asked] = {}
        self._unasked: dict[int, None] = {}
        self._shares: dict[int, Share] = {}
        self._files: dict[int, OpenFile] = {}

    def message(self, message: Message) -> None:
        """Take one message, which may chain several commands."""
        raw = message.read(_FRAME, _HEADER_BYTES + 1)
        if len(raw) <= _HEADER_BYTES:
            return
        command, status, flags, flags2, high, _, _, tree, process, user, number = _HEADER.unpack_from(raw, 4)
        header = _Header(
            status, bool(flags2 & _UNICODE), bool(flags2 & _EXTENDED_SECURITY), tree, user, message.ts, message.record
        )
        key = (high << 16 | process, number)
        at, before = _HEADER_BYTES, 0
        answer = bool(flags & _ANSWER)
        asked = self._asked.pop(key, None) if answer else None
        more = False
        while before < at:
            block = _block(message, command, at)
            if block is None:
                break
            if answer:
                self._answer(header, block, message, asked)
                more = _goes_on(block)
            else:
                asked = self._request(header, block, message, asked)
            if command not in _ANDX or len(block.words) < 4 or block.words[0] == _ANDX_END:
                break
            command, before = block.words[0], at
            (at,) = struct.unpack_from("<H", block.words, 2)
        if not answer and asked is not None:
            self._unanswered(self._asked.pop(key, None))
            remember(self._asked, key, asked)
        elif more and asked is not None:
            asked.command = None  # told once
            remember(self._asked, key, asked)
        elif answer and asked is None and raw[4] in _TRANSACTIONS and number not in self._unasked:
            # DoublePulsar tells whether it is there in the number of an answer, which then is that of no request.
            remember(self._unasked, number, None)
            detail = f"command 0x{raw[4]:02x}, number {number}"
            connection, rows = self._conversation.connection, self._conversation.rows
            rows.weird(connection, "smb1_unasked_answer", detail, ts=message.ts, record=message.record)

    def close(self) -> None:
        """Tell of the commands out of the ordinary that were not answered (an implant may answer under another number)."""
        for asked in self._asked.values():
            self._unanswered(asked)
        self._asked.clear()

    def _unanswered(self, asked: _Asked | None) -> None:
        if asked is not None and asked.command is not None:
            name, function = asked.command
            self._conversation.command(asked.ts, asked.record, "SMB1", name, None, sub_command=function)

    # --- requests

    def _request(self, header: _Header, block: _Block, message: Message, chained: _Asked | None) -> _Asked | None:
        asked = chained or _Asked(header.ts, header.record)
        command, words = block.command, block.words
        if command == _NEGOTIATE:
            asked.dialects = [part.rstrip(b"\0").decode("latin-1") for part in block.data.split(b"\x02")[1:]]
        elif command == _SESSION_SETUP:
            if len(words) >= 24 and header.extended:
                (length,) = struct.unpack_from("<H", words, 14)
                self._token(header, message, block.at, length)
        elif command == _TREE_CONNECT:
            (length,) = struct.unpack_from("<H", words, 6)
            asked.share = Share(_string(block, length, header.unicode)[0])
        elif command == _TREE_DISCONNECT:
            self._shares.pop(header.tree, None)
        elif command == _NT_CREATE:
            self._create_request(header, block, asked)
        elif command == _OPEN_ANDX:
            asked.file = OpenFile(self._share(header), _string(block, 0, header.unicode)[0].lstrip("\\"))
        elif command in (_READ_ANDX, _WRITE_ANDX, _CLOSE):
            self._file_request(header, block, message, asked)
        elif command in (_DELETE, _RENAME):
            self._named_request(header, block, asked)
        elif command in _TRANSACTIONS:
            self._transaction(header, block, message, asked)
        else:
            return chained
        return asked

    def _share(self, header: _Header) -> Share:
        return self._shares.get(header.tree) or Share()

    def _file(self, header: _Header, number: int) -> OpenFile:
        found = self._files.get(number)
        if found is None:
            found = OpenFile(self._share(header))
            remember(self._files, number, found)
        return found

    def _create_request(self, header: _Header, block: _Block, asked: _Asked) -> None:
        (options,) = struct.unpack_from("<I", block.words, 39)
        name, _ = _string(block, 0, header.unicode)
        asked.file = OpenFile(self._share(header), name.lstrip("\\"))
        asked.file.delete_on_close = bool(options & _DELETE_ON_CLOSE)

    def _file_request(self, header: _Header, block: _Block, message: Message, asked: _Asked) -> None:
        (number,) = struct.unpack_from("<H", block.words, 0 if block.command == _CLOSE else 4)
        asked.file = file = self._file(header, number)
        if block.command == _CLOSE:
            self._files.pop(number, None)
        elif block.command == _WRITE_ANDX and file.is_pipe:
            high, low, offset = struct.unpack_from("<HHH", block.words, 18)
            data = message.read(_FRAME + offset, min(high << 16 | low, PIPE_BYTES))
            self._conversation.pipe_data(file, True, data, header.ts, header.record)
        elif block.command == _WRITE_ANDX and block.words[6:10] == bytes(4):
            (offset,) = struct.unpack_from("<H", block.words, 22)
            (size,) = struct.unpack_from("<H", block.words, 20)
            asked.content = kind(message.read(_FRAME + offset, min(size, LOOKED_AT)))

    def _named_request(self, header: _Header, block: _Block, asked: _Asked) -> None:
        """DELETE and RENAME name the file: a byte 4 and a string, for RENAME twice."""
        name, end = _string(block, 1, header.unicode)
        asked.file = OpenFile(self._share(header), name.lstrip("\\"))
        if block.command == _DELETE:
            asked.delete = True
        else:
            asked.name = _string(block, end + 1, header.unicode)[0].lstrip("\\")

    def _transaction(self, header: _Header, block: _Block, message: Message, asked: _Asked) -> None:
        words = block.words
        if block.command == _NT_TRANSACT:
            (function,) = struct.unpack_from("<H", words, 36)
            if function not in _ORDINARY_NT_TRANSACT:
                asked.command = ("NT_TRANSACT", str(function))
            return
        count, at, size, offset, setup = struct.unpack_from("<HHHHB", words, 18)
        function = int.from_bytes(words[28:30], "little") if setup and len(words) >= 30 else -1
        if block.command == _TRANSACTION:
            name, _ = _string(block, 0, header.unicode)
            if function == _PIPE_TRANSACT and len(words) >= 32:
                asked.file = self._file(header, int.from_bytes(words[30:32], "little"))
                data = message.read(_FRAME + offset, min(size, PIPE_BYTES))
                self._conversation.pipe_data(asked.file, True, data, header.ts, header.record)
            elif name.upper().startswith("\\PIPE") and name.upper() != _REMOTE_ADMINISTRATION:
                asked.command = ("TRANSACTION", _PIPE_COMMANDS.get(function) or str(function))
        elif function in (_SET_PATH, _SET_FILE):
            parameters = message.read(_FRAME + at, min(count, NAME_BYTES))
            self._set_information(header, function, parameters, message.read(_FRAME + offset, min(size, NAME_BYTES)), asked)
        elif function not in _ORDINARY_TRANS2:
            asked.command = ("TRANSACTION2", _TRANS2_COMMANDS.get(function) or str(function))

    def _set_information(self, header: _Header, function: int, parameters: bytes, data: bytes, asked: _Asked) -> None:
        if function == _SET_FILE:
            number, level = struct.unpack_from("<HH", parameters)
            asked.file = self._file(header, number)
        else:
            (level,) = struct.unpack_from("<H", parameters)
            name = parameters[6:].decode("utf-16-le" if header.unicode else "cp1252", "replace")
            asked.file = OpenFile(self._share(header), name.partition("\0")[0].lstrip("\\"))
        if level in _DISPOSITION_LEVELS:
            asked.delete = bool(data[:1] and data[0] & 1)
        elif level == _RENAME_LEVEL and len(data) > 12:
            (size,) = struct.unpack_from("<I", data, 8)
            asked.name = data[12 : 12 + size].decode("utf-16-le", "replace").lstrip("\\")

    # --- answers

    def _answer(self, header: _Header, block: _Block, message: Message, asked: _Asked | None) -> None:
        command = block.command
        if command == _SESSION_SETUP:
            self._logged_on(header, block, message)
        elif command == _NEGOTIATE:
            self._negotiated(header, block, asked)
        if asked is None:
            return
        if asked.command is not None:
            name, function = asked.command
            self._conversation.command(
                asked.ts, asked.record, "SMB1", name, header.status, sub_command=function, tree=self._share(header).path
            )
        elif asked.file is not None and command in (_READ_ANDX, _TRANSACTION):
            if header.status in (SUCCESS, BUFFER_OVERFLOW) and asked.file.is_pipe:
                self._pipe_answer(header, block, message, asked.file)
        elif header.status == SUCCESS:
            self._done(header, block, asked)

    def _done(self, header: _Header, block: _Block, asked: _Asked) -> None:
        """A request about a share or a file has succeeded."""
        conversation, file = self._conversation, asked.file
        if block.command == _TREE_CONNECT and asked.share is not None:
            self._connected(header, block, asked, asked.share)
        elif file is None:
            return
        elif block.command == _NT_CREATE:
            (number,) = struct.unpack_from("<H", block.words, 5)
            created, accessed, modified, changed = struct.unpack_from("<4Q", block.words, 11)
            (file.size,) = struct.unpack_from("<Q", block.words, 55)
            file.times = (modified, accessed, created, changed) if modified else None
            remember(self._files, number, file)
            conversation.opened(file, asked.ts, asked.record)
        elif block.command == _OPEN_ANDX:
            number, _, _, file.size = struct.unpack_from("<HHII", block.words, 4)
            remember(self._files, number, file)
            conversation.opened(file, asked.ts, asked.record)
        elif block.command == _CLOSE:
            conversation.closed(file, asked.ts, asked.record)
        elif asked.content:
            conversation.written(file, asked.content, asked.ts, asked.record)
        elif asked.name is not None:
            conversation.renamed(file, asked.name, asked.ts, asked.record)
        elif asked.delete:
            file.delete_on_close = False
            conversation.log("SMB::FILE_DELETE", file, asked.ts, asked.record)

    def _negotiated(self, header: _Header, block: _Block, asked: _Asked | None) -> None:
        if len(block.words) < 2 or header.status != SUCCESS:
            return
        (index,) = struct.unpack_from("<H", block.words)
        dialects = asked.dialects if asked else []
        name = dialects[index] if index < len(dialects) else None
        session: dict[str, Any] = {"dialect": name}
        if len(block.words) >= 3:
            mode = block.words[2]
            required, enabled = mode & _SIGNING_REQUIRED, mode & _SIGNING_ENABLED
            session["server_signing"] = "required" if required else "enabled" if enabled else "none"
        self._conversation.session |= session
        ts, record = (asked.ts, asked.record) if asked else (header.ts, header.record)
        self._conversation.command(ts, record, "SMB1", "NEGOTIATE", header.status, argument=name)

    def _logged_on(self, header: _Header, block: _Block, message: Message) -> None:
        if len(block.words) >= 8 and header.extended:
            self._token(header, message, block.at, struct.unpack_from("<H", block.words, 6)[0])
        if header.status != MORE_PROCESSING:
            self._conversation.authentication.outcome(header.status == SUCCESS, header.user)

    def _token(self, header: _Header, message: Message, at: int, length: int) -> None:
        data = message.read(_FRAME + at, min(length, TOKEN_BYTES))
        self._conversation.authentication.token(data, header.ts, header.record, header.user)

    def _connected(self, header: _Header, block: _Block, asked: _Asked, share: Share) -> None:
        service, _, rest = block.data.partition(b"\0")
        kind = service.decode("latin-1")
        share.kind = {"IPC": PIPE, "LPT1:": PRINT}.get(kind, DISK)
        system, _ = _string(block, len(service) + 1, header.unicode) if rest else ("", 0)
        remember(self._shares, header.tree, share)
        conversation = self._conversation
        conversation.rows.add(
            "smb_mapping",
            conversation.connection,
            asked.ts,
            asked.record,
            path=share.path,
            service=kind or None,
            native_file_system=system or None,
            share_type=share.kind,
        )

    def _pipe_answer(self, header: _Header, block: _Block, message: Message, file: OpenFile) -> None:
        if block.command == _READ_ANDX:
            size, offset = struct.unpack_from("<HH", block.words, 10)
        else:
            size, offset = struct.unpack_from("<HH", block.words, 12)
        data = message.read(_FRAME + offset, size)
        if data:
            self._conversation.pipe_data(file, False, data, header.ts, header.record)


def _goes_on(block: _Block) -> bool:
    """Whether the answer to a transaction is followed by another message with more of it, as a long directory's is."""
    if block.command in (_TRANSACTION, _TRANSACTION2) and len(block.words) >= 18:
        total, total_data, _, count, _, at, count_data, _, at_data = struct.unpack_from("<9H", block.words)
    elif block.command == _NT_TRANSACT and len(block.words) >= 35:
        total, total_data, count, _, at, count_data, _, at_data = struct.unpack_from("<8I", block.words, 3)
    else:
        return False
    return bool(at + count < total or at_data + count_data < total_data)


def _block(message: Message, command: int, at: int) -> _Block | None:
    """The command that begins at ``at`` from the header; None when its words are not all there."""
    count = message.read(_FRAME + at, 1)
    if not count:
        return None
    size = count[0] * 2
    words = message.read(_FRAME + at + 1, size + 2)
    if len(words) < size + 2:
        return None
    (length,) = struct.unpack_from("<H", words, size)
    # Of reads and writes the content is not wanted here; names and tokens are not longer than this.
    length = 0 if command in (_READ_ANDX, _WRITE_ANDX) else min(length, NAME_BYTES)
    start = at + 1 + size + 2
    return _Block(command, words[:size], message.read(_FRAME + start, length), start)


def _string(block: _Block, at: int, unicode: bool) -> tuple[str, int]:
    """The string at ``at`` of a command's bytes, and where it ends. UTF-16 is aligned to the message's header."""
    if not unicode:
        text, _, _ = block.data[at:].partition(b"\0")
        return text.decode("cp1252", "replace"), at + len(text) + 1
    at += (block.at + at) & 1
    end = at
    while end + 1 < len(block.data) and block.data[end : end + 2] != b"\0\0":
        end += 2
    return block.data[at:end].decode("utf-16-le", "replace"), end + 2
