"""HTTP/1: requests with their replies, pipelined or not, and what they carry inside (CONNECT, upgrades).

Requests and replies are matched by their order. RFC 9112 for the framing; lengths are counted as Zeek does,
after the transfer coding and the content coding are taken off.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wardround.wire import applications, dicomweb, http_passwords, protocols, web_imaging
from wardround.wire.connection import Connection, Malformed, Rows, Stream
from wardround.wire.credentials import saw, unpacked
from wardround.wire.lines import Cursor, decode, when
from wardround.wire.media_type import PREFIX, media_type
from wardround.wire.protocols import http_secrets
from wardround.wire.protocols.gssapi import Authentication

SERVICE = "http"

#: Methods that make a request without a version (HTTP/0.9) believable.
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"TRACE ", b"CONNECT ")

#: Headers that tell of a proxy.
_PROXY_HEADERS = {
    "FORWARDED", "X-FORWARDED-FOR", "X-FORWARDED-FROM", "CLIENT-IP", "VIA", "XROXY-CONNECTION", "PROXY-CONNECTION",
}  # fmt: skip

#: Headers that carry tokens of NTLM and Negotiate (RFC 4559), and what such a value begins with.
_ANSWERS, _CHALLENGES = ("AUTHORIZATION", "PROXY-AUTHORIZATION"), ("WWW-AUTHENTICATE", "PROXY-AUTHENTICATE")
_NEGOTIATION = ("ntlm ", "negotiate ")

_TOKEN = bytes(code for code in range(33, 127) if code not in b'()<>@,;:\\"/[]?={}')
TCP_FIRST = _TOKEN
TCP_HEADS = ({1: _TOKEN, 2: _TOKEN},)
UDP_FIRST = b""

_URI = b":/?#[]@!$&'()*+,;=-._~%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#: Bytes of headers that are read of one message.
_HEAD_LIMIT = 262_144

#: Longer values of headers are not continued on further lines.
_FOLDED_LIMIT = 8_192

#: Compressed and decompressed bytes of one connection that are looked at; what follows is not counted.
_INFLATE_LIMIT = 64 << 20

#: How many times its size a compressed body may become, beyond a first megabyte.
_INFLATE_RATIO = 64

_UNTIL_END = 1 << 62


@dataclass(slots=True)
class _Message:
    """A request or a reply."""

    at: int
    line: bytes
    headers: dict[str, str] = field(default_factory=dict)
    proxied: list[str] = field(default_factory=list)
    body_length: int = 0
    prefix: bytes = b""
    wanted: int = PREFIX
    method: str = ""
    target: bytes = b""
    uri: str = ""
    version: str = ""
    code: int = 0
    reason: str | None = None
    end: int = 0


def sniff(connection: Connection) -> bool:
    """A request line or a status line."""
    reply = connection.resp.head(16)
    if reply.startswith((b"HTTP/1.", b"HTTP/0.9 ")):
        return True
    start = connection.orig.head(4096)
    line, found, _ = start.partition(b"\n")
    if not found and len(start) < 4096:
        return False
    line = line.rstrip()
    method = line[: len(line) - len(line.lstrip(_TOKEN))]
    if len(method) < 3 or line[len(method) : len(method) + 1] != b" ":
        return False
    if b" HTTP/1." in line[-10:] or (not found and line.startswith(_METHODS)):
        return True
    return line.startswith(_METHODS) and line[len(method) + 1 :].startswith((b"/", b"http://"))


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table http; inner protocols after CONNECT, and websocket after an upgrade."""
    _Conversation(connection, rows).run()


class _Conversation:
    """The requests and replies of one connection."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.depth = 0
        self._inflation = _INFLATE_LIMIT
        self._known: tuple[bytes, bytes] | None = None
        self._authentication: Authentication | None = None
        self._imaging = web_imaging.WebImaging(connection, rows)

    def run(self) -> None:
        try:
            self._run()
        finally:
            self._imaging.close()
            if self._authentication is not None:
                self._authentication.close()

    def _run(self) -> None:
        requests = self._requests()
        replies = Cursor(self.connection.resp)
        request = next(requests, None)
        info: _Message | None = None
        while True:
            reply = self._reply(replies, request)
            if reply is None:
                break
            if 100 <= reply.code < 200 and reply.code != 101:
                info = reply
                continue
            self._row(request, reply, info or (reply if reply.code == 101 else None))
            info = None
            if request is not None and self._switched(request, reply):
                return
            request = next(requests, None)
        while request is not None:
            self._row(request, info, info)
            info = None
            request = next(requests, None)

    def _requests(self) -> Iterator[_Message]:
        cursor = Cursor(self.connection.orig)
        while True:
            at, line = _first_line(cursor)
            if line is None:
                return
            message = _Message(at, line)
            if not _request_line(message):
                self.rows.weird(self.connection, "bad_HTTP_request")
                return
            self.connection.confirm(SERVICE)
            whole = _headers(cursor, message)
            if whole:
                self._body(cursor, message, self._length(message, message.version))
            message.end = cursor.at
            yield message
            if not whole or not _readable(cursor):
                return

    def _reply(self, cursor: Cursor, request: _Message | None) -> _Message | None:
        """The next reply; None where there is none, or nothing that is one."""
        if request is not None and request.version == "0.9":
            return self._old_reply(cursor)
        at, line = _first_line(cursor)
        if line is None:
            return None
        reply = _Message(at, line)
        if not _status_line(reply):
            self.rows.weird(self.connection, "bad_HTTP_reply")
            return None
        self.connection.confirm(SERVICE)
        if _headers(cursor, reply):
            length = self._length(reply, reply.version) if _has_body(request, reply) else 0
            self._body(cursor, reply, _UNTIL_END if length is None else length)
        reply.end = cursor.at
        if not _readable(cursor):
            cursor.at = cursor.length
        return reply

    def _old_reply(self, cursor: Cursor) -> _Message | None:
        """The reply to a request of HTTP/0.9: all that the server sends."""
        if cursor.ended:
            return None
        reply = _Message(cursor.at, b"", version="0.9", prefix=cursor.peek(PREFIX))
        reply.body_length = cursor.skip(_UNTIL_END)
        reply.end = cursor.at
        return reply

    def _length(self, message: _Message, version: str) -> int | None:
        """How long the body is that the headers announce: None unsaid, -1 chunked."""
        headers = message.headers
        if headers.get("TRANSFER-ENCODING", "").lower().startswith("chunked") and version == "1.1":
            return -1
        length = _number(headers.get("CONTENT-LENGTH", ""))
        span = headers.get("CONTENT-RANGE", "")
        if message.code == 206 and span.startswith("bytes"):
            first, _, last = span[5:].partition("/")[0].replace(" ", "").partition("-")
            begin, end = _number(first), _number(last)
            if begin is not None and end is not None and end >= begin:
                ranged = end - begin + 1
                if length is not None and ranged != length:
                    self.rows.weird(self.connection, "HTTP_range_not_matching_len")
                length = max(ranged, length or 0)
        return length

    def _body(self, cursor: Cursor, message: _Message, length: int | None) -> None:
        if not length:
            return
        message.wanted = max(PREFIX, web_imaging.wanted(message.headers), http_secrets.wanted(message.headers))
        coding = message.headers.get("CONTENT-ENCODING", "").lower()
        inflater = _Inflater(coding, self._inflation, message.wanted) if coding in ("gzip", "x-gzip", "deflate") else None
        if length < 0:
            self._chunks(cursor, message, inflater)
        else:
            _span(cursor, message, length, inflater)
        if inflater is not None:
            message.body_length = inflater.size
            message.prefix = inflater.prefix
            self._inflation -= inflater.size

    def _chunks(self, cursor: Cursor, message: _Message, inflater: _Inflater | None) -> None:
        while True:
            line = cursor.line(1024)
            if line is None:
                return
            size = _number(line.partition(b";")[0].strip().decode("latin-1"), 16)
            if size is None:
                self.rows.weird(self.connection, "HTTP_bad_chunk_size")
                return
            if size == 0:
                trailer = _Message(cursor.at, b"")
                _headers(cursor, trailer)
                return
            _span(cursor, message, size, inflater)
            if cursor.line(1024) is None:
                return

    def _switched(self, request: _Message, reply: _Message) -> bool:
        """Whether the connection now speaks something else, which is then read."""
        tunnel = request.method.upper() == "CONNECT" and reply.code // 100 == 2
        upgrade = reply.headers.get("UPGRADE", "").lower() if reply.code == 101 else ""
        if not tunnel and not upgrade:
            return False
        if upgrade == "websocket":
            self._websocket(request, reply)
        else:
            protocols.parse_inner(self.connection, "", self.rows, request.end, reply.end)
        return True

    def _websocket(self, request: _Message, reply: _Message) -> None:
        self.connection.confirm("websocket")
        ts, record = when(self.connection, self.connection.resp, reply.at)
        asked, chosen = request.headers, reply.headers
        self.rows.add(
            "websocket", self.connection, ts, record,
            host=asked.get("HOST"), uri=request.uri, user_agent=asked.get("USER-AGENT"),
            subprotocol=chosen.get("SEC-WEBSOCKET-PROTOCOL"),
            client_protocols=_listed(asked.get("SEC-WEBSOCKET-PROTOCOL")),
            server_extensions=_listed(chosen.get("SEC-WEBSOCKET-EXTENSIONS")),
            client_extensions=_listed(asked.get("SEC-WEBSOCKET-EXTENSIONS")),
        )  # fmt: skip

    def _row(self, request: _Message | None, reply: _Message | None, info: _Message | None) -> None:
        self.depth += 1
        columns: dict[str, Any] = {"trans_depth": self.depth, "request_body_len": 0, "response_body_len": 0}
        stream: Stream = self.connection.resp
        first = reply
        if request is not None:
            columns |= _request_columns(request)
            stream, first = self.connection.orig, request
        if reply is not None:
            self.connection.confirm(SERVICE)
            columns |= _reply_columns(reply)
        if info is not None:
            columns |= {"info_code": info.code, "info_msg": info.reason}
        ts, record = when(self.connection, stream, first.at if first else 0)
        self.rows.add("http", self.connection, ts, record, **columns)
        kind = applications.tunnel_of(request.method, request.uri) if request is not None else None
        if kind is not None:
            established = reply is not None and reply.code // 100 in (1, 2)
            self.rows.add("vpn_tunnel", self.connection, ts, record, proto="tcp", kind=kind, established=established)
        if request is not None:
            self._imaging.take(
                request.method, request.target, reply.code if reply else None,
                web_imaging.Side(ts, record, request.headers, request.prefix, request.body_length),
                self._side(reply) if reply else None,
            )  # fmt: skip
        if request is not None:
            self._logon(request, reply, (ts, record))
            self._negotiated(request, reply, (ts, record))
            served = reply is not None and reply.code == 200
            if served and http_secrets.command_without_logon(request.uri, request.headers, request.prefix):
                self.rows.weird(self.connection, "wsman_command_without_logon", ts=ts, record=record)

    def _logon(self, request: _Message, reply: _Message | None, seen: tuple[int, int]) -> None:
        """Note a logon in clear, once for requests that repeat it."""
        refused = reply is not None and reply.code in (401, 403, 407)
        pair, success = _basic(request.headers), None if reply is None else not refused
        if pair is None:
            # a form that is answered tells nothing of its success: pages say it in words
            pair = http_secrets.logon(request.headers, request.prefix)
            if pair is None and (refused or reply is None or reply.code < 400):  # no page there: nobody took a password
                pair = http_passwords.logon(request.target.partition(b"?")[2])
            success = False if refused else None
        if pair is not None and pair != self._known:
            self._known = pair
            saw(self.rows, self.connection, seen, SERVICE, *pair, success)

    def _negotiated(self, request: _Message, reply: _Message | None, seen: tuple[int, int]) -> None:
        """Follow a logon by NTLM or Negotiate over the requests that it takes; a refusal with a token asks on."""
        tokens = _tokens(request, _ANSWERS)
        if not tokens:
            return
        if self._authentication is None:
            self._authentication = Authentication(self.connection, self.rows)
        for token in tokens:
            self._authentication.header(token, *seen)
        if reply is not None:
            challenges, refused = _tokens(reply, _CHALLENGES), reply.code in (401, 407)
            for token in challenges:
                self._authentication.header(token, *when(self.connection, self.connection.resp, reply.at))
            if not (refused and challenges):
                self._authentication.outcome(not refused)

    def _side(self, reply: _Message) -> web_imaging.Side:
        ts, record = when(self.connection, self.connection.resp, reply.at)
        return web_imaging.Side(ts, record, reply.headers, reply.prefix, reply.body_length)


class _Inflater:
    """Counts what a compressed body holds, within a limit."""

    def __init__(self, coding: str, limit: int, wanted: int) -> None:
        self.size = 0
        self._wanted = wanted
        self.prefix = b""
        self._limit = limit
        self._allowed = 1 << 20
        # 47: gzip or zlib, told by the header; some servers send deflate without one (-15).
        self._stream = zlib.decompressobj(47)
        self._bare = coding == "deflate"
        self._ended = limit <= 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._allowed += len(data) * _INFLATE_RATIO
        while data and not self._ended:
            try:
                out = self._stream.decompress(data, 262_144)
            except zlib.error:
                if not self._bare or self.size:
                    self._ended = True
                    return
                self._bare, self._stream = False, zlib.decompressobj(-15)
                continue
            self.size += len(out)
            if len(self.prefix) < self._wanted:
                self.prefix += out[: self._wanted - len(self.prefix)]
            data = self._stream.unconsumed_tail
            self._ended = self._stream.eof or self.size >= min(self._limit, self._allowed)


def _span(cursor: Cursor, message: _Message, size: int, inflater: _Inflater | None) -> None:
    """Pass over ``size`` bytes of body."""
    if len(message.prefix) < message.wanted:
        message.prefix += cursor.peek(min(size, message.wanted - len(message.prefix)))
    if inflater is not None:
        begin, left = cursor.at, min(size, _INFLATE_LIMIT)
        while left > 0:
            data = cursor.stream.read(begin, min(left, 65_536))
            if not data:
                break
            inflater.feed(data)
            begin += len(data)
            left -= len(data)
    message.body_length += cursor.skip(size)


def _first_line(cursor: Cursor) -> tuple[int, bytes | None]:
    """Where the next message begins, and its first line; empty lines before it are passed over."""
    while True:
        at = cursor.at
        line = cursor.line()
        if line != b"":
            return at, line


def _has_body(request: _Message | None, reply: _Message) -> bool:
    """Whether a reply has a body at all: it depends on what was asked."""
    method = request.method.upper() if request is not None else ""
    if method == "HEAD" or (method == "CONNECT" and reply.code // 100 == 2):
        return False
    return reply.code < 100 or (reply.code >= 200 and reply.code not in (204, 304))


def _readable(cursor: Cursor) -> bool:
    """Whether the stream goes on here without a gap."""
    return bool(cursor.peek(1))


def _request_line(message: _Message) -> bool:
    line = message.line
    method = line[: len(line) - len(line.lstrip(_TOKEN))]
    rest = line[len(method) :].lstrip(b" \t")
    if not method or len(rest) + len(method) == len(line):
        return False
    past = len(rest) - len(rest.lstrip(_URI))
    mark = 0 if rest.startswith(b"HTTP/") and past == len(rest) else rest.find(b"HTTP/", past)
    if mark < 0:
        message.version, uri = "0.9", rest.rstrip(b" \t")
        if len(method) < 3 or not uri:
            return False
    else:
        uri = rest[:mark].rstrip(b" \t")
        message.version = _version(rest[mark + 5 :])
    message.method = decode(method)
    message.target = uri
    message.uri = dicomweb.mask(uri)
    return True


def _status_line(message: _Message) -> bool:
    line = message.line
    if not line.startswith(b"HTTP/"):
        return False
    parts = line[5:].split(None, 2)
    if len(parts) < 2 or len(parts[1]) < 3:
        return False
    message.version = _version(parts[0])
    message.code = _number(parts[1][:3].decode("latin-1")) or 0
    message.reason = decode(parts[2]) if len(parts) > 2 else None
    return True


def _version(text: bytes) -> str:
    """``1.1`` and the like; empty where it is malformed."""
    good = len(text) >= 3 and text[:1].isdigit() and text[1:2] == b"." and text[2:3].isdigit()
    return text[:3].decode("ascii") if good else ""


def _headers(cursor: Cursor, message: _Message) -> bool:
    """Read headers up to the empty line; False when the stream ends before it."""
    name, begin = "", cursor.at
    while True:
        line = cursor.line()
        if line is None:
            return False
        if not line:
            return True
        if cursor.at - begin > _HEAD_LIMIT:
            raise Malformed("HTTP_header_too_long")
        if line[:1] in b" \t":
            if name and len(message.headers[name]) < _FOLDED_LIMIT:
                message.headers[name] += " " + decode(line.strip())
            continue
        key, colon, value = line.partition(b":")
        name = decode(key.strip()).upper() if colon else ""
        if name in _CHALLENGES and _tokens(message, (name,)):
            name = ""  # of several the one with a token counts
        if name:
            message.headers[name] = decode(value.strip())
            if name in _PROXY_HEADERS:
                message.proxied.append(f"{name} -> {message.headers[name]}")


def _tokens(message: _Message, names: tuple[str, ...]) -> list[str]:
    """The headers of those names that hold a token of NTLM or Negotiate."""
    values = (message.headers.get(name, "") for name in names)
    return [value for value in values if value[:10].lower().startswith(_NEGOTIATION)]


def _number(text: str, base: int = 10) -> int | None:
    """A number without sign as it leads a text, None where there is none or it is beyond all measure."""
    text = text.strip()
    digits = "0123456789abcdefABCDEF" if base == 16 else "0123456789"
    lead = text[: len(text) - len(text.lstrip(digits))]
    return int(lead, base) if 0 < len(lead) <= 15 else None


def _listed(value: str | None) -> list[str] | None:
    return [part.strip() for part in value.split(",")] if value else None


def _file_name(message: _Message) -> str | None:
    """The name that a Content-Disposition header gives."""
    for part in message.headers.get("CONTENT-DISPOSITION", "").split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.strip().lower() == "filename":
            return value.strip().strip('"') or None
    return None


def _content(message: _Message, side: str) -> dict[str, Any]:
    name = _file_name(message)
    kind = media_type(message.prefix[:PREFIX]) if message.body_length else None
    return {f"{side}_filenames": [name] if name else None, f"{side}_mime_types": [kind] if kind else None}


def _basic(headers: dict[str, str]) -> tuple[bytes, bytes] | None:
    """User and password of basic authentication; both empty where they cannot be decoded."""
    value = headers.get("AUTHORIZATION") or headers.get("PROXY-AUTHORIZATION") or ""
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    user, colon, password = unpacked(token.encode("utf-8")).partition(b":")
    return (user, password) if colon else (b"", b"")


def _user(headers: dict[str, str]) -> str | None:
    pair = _basic(headers)
    return None if pair is None else decode(pair[0]) or "<problem-decoding>"


def _request_columns(request: _Message) -> dict[str, Any]:
    headers = request.headers
    return {
        "method": request.method,
        "uri": request.uri,
        "host": headers.get("HOST"),
        "referrer": dicomweb.masked(headers.get("REFERER")),
        "user_agent": headers.get("USER-AGENT"),
        "origin": headers.get("ORIGIN"),
        "username": _user(headers),
        "proxied": request.proxied or None,
        "session_tokens": http_secrets.session_tokens(headers),
        "request_body_len": request.body_length,
        **_content(request, "orig"),
    }


def _reply_columns(reply: _Message) -> dict[str, Any]:
    return {
        "version": reply.version or None,
        "status_code": reply.code,
        "status_msg": reply.reason if reply.reason is not None else "<empty>",
        "location": dicomweb.masked(reply.headers.get("LOCATION")),
        "response_body_len": reply.body_length,
        **_content(reply, "resp"),
    }
