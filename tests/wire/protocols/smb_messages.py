"""Messages of SMB, NTLM, SPNEGO and DCE/RPC, made for tests after the specifications."""

from __future__ import annotations

import struct
import uuid

FILETIME = 132_500_000_000_000_000


def netbios(body: bytes, kind: int = 0) -> bytes:
    """A NetBIOS session packet."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def smb2(
    command: int, body: bytes, *, number: int = 0, status: int = 0, answer: bool = False, tree: int = 0, session: int = 0,
    related: bool = False, following: int = 0,
) -> bytes:  # fmt: skip
    """One command of SMB2 with its header."""
    flags = (1 if answer else 0) | (4 if related else 0)
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, status, command, 1, flags, following, number, 0, tree, session)
    return header + bytes(16) + body


def compound(*commands: tuple[int, bytes, int], tree: int = 0) -> bytes:
    """Related requests (command, body, message number) in one message."""
    parts = [body + bytes(-(64 + len(body)) % 8) for _, body, _ in commands]
    made = b""
    for index, (command, _, number) in enumerate(commands):
        following = 0 if index + 1 == len(commands) else 64 + len(parts[index])
        made += smb2(command, parts[index], number=number, tree=tree, related=index > 0, following=following)
    return netbios(made)


def wide(text: str) -> bytes:
    """UTF-16."""
    return text.encode("utf-16-le")


def create(name: str, options: int = 0) -> bytes:
    """The body of an SMB2 CREATE request."""
    fixed = struct.pack("<HBBIQQIIIII", 57, 0, 0, 2, 0, 0, 0x120089, 0, 7, 1, options)
    return fixed + struct.pack("<HHII", 120, len(wide(name)), 0, 0) + wide(name)


def created(file: bytes, size: int = 4096) -> bytes:
    """The body of an SMB2 CREATE response."""
    times = struct.pack("<4Q", *(FILETIME + n * 10_000_000 for n in range(4)))
    return struct.pack("<HBBI", 89, 0, 0, 1) + times + struct.pack("<QQII", size, size, 0, 0) + file + bytes(8)


def closing(file: bytes) -> bytes:
    """The body of an SMB2 CLOSE request."""
    return struct.pack("<HHI", 24, 0, 0) + file


def set_info(file: bytes, information: int, data: bytes) -> bytes:
    """The body of an SMB2 SET_INFO request about a file."""
    return struct.pack("<HBBIHHI", 33, 1, information, len(data), 96, 0, 0) + file + data


def rename_to(name: str) -> bytes:
    """FILE_RENAME_INFORMATION."""
    return bytes(16) + struct.pack("<I", len(wide(name))) + wide(name)


def tree_connect(path: str) -> bytes:
    """The body of an SMB2 TREE_CONNECT request."""
    return struct.pack("<HHHH", 9, 0, 72, len(wide(path))) + wide(path)


def tree_connected(kind: int) -> bytes:
    """The body of an SMB2 TREE_CONNECT response; 1 disk, 2 pipe, 3 printer."""
    return struct.pack("<HBBIII", 16, kind, 0, 0, 0, 0)


def write(file: bytes, data: bytes) -> bytes:
    """The body of an SMB2 WRITE request."""
    return struct.pack("<HHIQ", 49, 112, len(data), 0) + file + bytes(16) + data


def read_request(file: bytes, size: int = 4096) -> bytes:
    """The body of an SMB2 READ request."""
    return struct.pack("<HBBIQ", 49, 0, 0, size, 0) + file + bytes(16)


def read_answer(data: bytes) -> bytes:
    """The body of an SMB2 READ response."""
    return struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data


def ioctl(file: bytes, data: bytes, code: int = 0x0011C017) -> bytes:
    """The body of an SMB2 IOCTL request."""
    fixed = struct.pack("<HHI", 57, 0, code) + file + struct.pack("<IIIIIIII", 120, len(data), 0, 0, 0, 4096, 1, 0)
    return fixed + data


def ioctl_answer(file: bytes, data: bytes, code: int = 0x0011C017) -> bytes:
    """The body of an SMB2 IOCTL response."""
    return struct.pack("<HHI", 49, 0, code) + file + struct.pack("<IIIIII", 112, 0, 112, len(data), 0, 0) + data


def smb1(
    command: int, words: bytes, data: bytes = b"", *, number: int = 1, status: int = 0, answer: bool = False, tree: int = 0,
    user: int = 0, flags2: int = 0xC801,
) -> bytes:  # fmt: skip
    """An SMB1 message of one command, in its NetBIOS packet."""
    flags = 0x98 if answer else 0x18
    header = b"\xffSMB" + struct.pack("<BIBHH8sHHHHH", command, status, flags, flags2, 0, bytes(8), 0, tree, 100, user, number)
    return netbios(header + bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data)


def der(tag: int, body: bytes) -> bytes:
    """A DER element."""
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


SPNEGO = bytes.fromhex("2b0601050502")
NTLMSSP = bytes.fromhex("2b06010401823702020a")
KRB5 = bytes.fromhex("2a864886f712010202")


def spnego_init(token: bytes, mechanism: bytes = NTLMSSP) -> bytes:
    """The first token of SPNEGO."""
    mechanisms = der(0xA0, der(0x30, der(0x06, mechanism)))
    return der(0x60, der(0x06, SPNEGO) + der(0xA0, der(0x30, mechanisms + der(0xA2, der(0x04, token)))))


def spnego_answer(token: bytes = b"", state: int | None = None) -> bytes:
    """A later token of SPNEGO."""
    body = der(0xA0, der(0x0A, bytes([state]))) if state is not None else b""
    if token:
        body += der(0xA2, der(0x04, token))
    return der(0xA1, der(0x30, body))


def ntlm_negotiate() -> bytes:
    """The first message of NTLM."""
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0x62890235) + bytes(16)


def ntlm_challenge(computer: str = "PACS1", dns: str = "pacs1.chu.example", tree: str = "chu.example") -> bytes:
    """The second message of NTLM."""
    pairs = b""
    for kind, text in ((1, computer), (3, dns), (5, tree)):
        pairs += struct.pack("<HH", kind, len(wide(text))) + wide(text)
    pairs += bytes(4)
    fixed = b"NTLMSSP\0" + struct.pack("<IHHII8s8s", 2, 0, 0, 48, 0x62890235, bytes(8), bytes(8))
    return fixed + struct.pack("<HHI", len(pairs), len(pairs), 48) + pairs


def ntlm_authenticate(user: str = "durand", domain: str = "CHU", host: str = "LECT1", unicode: bool = True) -> bytes:
    """The third message of NTLM."""
    texts = [wide(text) if unicode else text.encode("cp1252") for text in (domain, user, host)]
    at, fields, payload = 64, b"", b""
    for value in (b"", b"", *texts, b""):
        fields += struct.pack("<HHI", len(value), len(value), at + len(payload))
        payload += value
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<I", 0x01 if unicode else 0x02) + payload


def session_setup(token: bytes) -> bytes:
    """The body of an SMB2 SESSION_SETUP request."""
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token


def session_answer(token: bytes) -> bytes:
    """The body of an SMB2 SESSION_SETUP response."""
    return struct.pack("<HHHH", 9, 0, 72, len(token)) + token


def fragment(kind: int, body: bytes, call: int = 1, flags: int = 3, token: bytes = b"", order: str = "<") -> bytes:
    """A fragment of DCE/RPC; ``token`` is that of NTLM."""
    trailer = struct.pack("<BBBBI", 10, 6, 0, 0, 0) + token if token else b""
    size = 16 + len(body) + len(trailer)
    label = b"\x10\0\0\0" if order == "<" else b"\0\0\0\0"
    return bytes([5, 0, kind, flags]) + label + struct.pack(order + "HHI", size, len(token), call) + body + trailer


def bind(*interfaces: str, order: str = "<") -> bytes:
    """The body of a bind: a presentation context for each interface."""
    made = struct.pack(order + "HHIB3x", 4280, 4280, 0, len(interfaces))
    for number, name in enumerate(interfaces):
        identity = uuid.UUID(name)
        raw = identity.bytes_le if order == "<" else identity.bytes
        made += struct.pack(order + "HBB", number, 1, 0) + raw + struct.pack(order + "I", 1) + bytes(20)
    return made


def bound(address: str) -> bytes:
    """The body of a bind_ack with the secondary address."""
    text = address.encode() + b"\0"
    return struct.pack("<HHIH", 4280, 4280, 1, len(text)) + text + bytes(24)


def call(operation: int, context: int = 0, order: str = "<", stub: bytes = bytes(16)) -> bytes:
    """The body of a request."""
    return struct.pack(order + "IHH", len(stub), context, operation) + stub


def result(context: int = 0, order: str = "<") -> bytes:
    """The body of a response."""
    return struct.pack(order + "IHBB", 4, context, 0, 0) + bytes(4)
