"""Telnet: the service, and logons in clear as far as the prompts tell them. RFC 854."""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import saw

SERVICE = "telnet"
TCP_FIRST = b"\xff"
UDP_FIRST = b""

_IAC, _SUB, _SUB_END = 0xFF, 0xFA, 0xF0

_USER_PROMPTS = (b"login:", b"username:", b"user name:", b"user:")
_PASSWORD_PROMPTS = (b"password:", b"passwd:", b"passcode:")
_REFUSALS = (b"incorrect", b"invalid", b"fail", b"denied", b"bad password")

#: Bytes of the conversation in which logons are looked for, and of one answer.
_LIMIT = 65_536
_ANSWER_LIMIT = 256


def sniff(connection: Connection) -> bool:
    """Options negotiated at the very beginning."""
    return any(_negotiates(stream.head(3)) for stream in (connection.orig, connection.resp))


def _negotiates(data: bytes) -> bool:
    return len(data) == 3 and data[0] == _IAC and 0xFB <= data[1] <= 0xFE and data[2] < 50


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table clear_credential."""
    connection.confirm(SERVICE)
    prompt = typed = user = password = b""
    asked: tuple[int, int] | None = None
    read = 0
    for from_orig, chunk in connection.events():
        read += len(chunk.data)
        if read > _LIMIT:
            break
        text = _without_commands(chunk.data)
        if not from_orig:
            prompt = (prompt + text)[-_ANSWER_LIMIT:]
            if asked is not None and text.strip():
                refused = any(word in prompt.lower() for word in _REFUSALS)
                saw(rows, connection, asked, SERVICE, user, password, False if refused else None)
                asked = None
            continue
        typed = (typed + text)[:_ANSWER_LIMIT]
        if b"\r" not in typed and b"\n" not in typed:
            continue
        answer = typed.replace(b"\n", b"\r").partition(b"\r")[0]
        question = _asked_for(prompt, answer)
        if question.endswith(_PASSWORD_PROMPTS):
            password, asked = answer, (chunk.ts, chunk.record)
        elif question.endswith(_USER_PROMPTS) and answer:
            user = answer
        prompt = typed = b""
    if asked is not None:
        saw(rows, connection, asked, SERVICE, user, password, None)


def _asked_for(prompt: bytes, answer: bytes) -> bytes:
    """What the server asked, in small letters: what it said last, without the echo of what the client typed so far."""
    said = prompt.rstrip()
    for size in range(len(answer), 0, -1):
        # Of a line that came in one piece the echo may be late; a password has none.
        if size < len(answer) and said.lower().endswith(_PASSWORD_PROMPTS):
            break
        if said.endswith(answer[:size]):
            return said[:-size].rstrip().lower()
    return said.lower()


def _without_commands(data: bytes) -> bytes:
    """Text without the commands and options of Telnet."""
    if _IAC not in data:
        return data.replace(b"\0", b"")
    text = bytearray()
    at = 0
    while at < len(data):
        if data[at] != _IAC:
            end = data.find(b"\xff", at)
            end = len(data) if end < 0 else end
            text += data[at:end]
            at = end
            continue
        command = data[at + 1] if at + 1 < len(data) else 0
        if command == _SUB:
            end = data.find(bytes((_IAC, _SUB_END)), at)
            at = len(data) if end < 0 else end + 2
        elif command == _IAC:
            text.append(_IAC)
            at += 2
        else:
            at += 3 if command >= 0xFB else 2
    return bytes(text).replace(b"\0", b"")
