"""OpenVPN servers, through syslog or their own log file.

Source: OpenVPN 2.x, messages of ssl_verify.c, multi.c, forward.c.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

TAG = r"^(?:ovpn|openvpn)"
#: How its own files are known.
PATTERN = r"\[AF_INET6?\]|\bTLS(?: Auth)? Error\b|\bVERIFY (?:OK|ERROR|EKU|KU|X509)|^\S*\s?(?:peer info: IV_|MULTI(?:_sva)?:|PUSH: |SENT CONTROL|OpenVPN \d|Outgoing Data Channel|Incoming Data Channel|Data Channel|Control Channel|TLS: |SIGUSR1|SIGTERM|TUN/TAP|Initialization Sequence)|\(status=1\)$|^us=\d+ |: ?peer info: |\d peer info: |Timers: ping|ifconfig_pool|LDAP (?:bind|user)|^Unable to bind as|AUTH: Received control|Authentication succeeded$|OpenSSL: error|Could not determine IPv4|^[\w.-]+,\d+\.\d+\.\d+\.\d+,$|Control Channel: TLS|Diffie-Hellman initialized|net_(?:route|iface|addr)\w*[: ]|Socket Buffers: R=|IFCONFIG POOL|MULTI: (?:multi_init|primary|bad|Learn)|UDPv[46] link|TCPv[46]\w* link|\bInactivity timeout \(--|^\[(?:stdout|stderr)#\w+\] "

#: An address of the fourth version, or one of the sixth, which stands in brackets where a port follows.
#: Newer servers put the transport before it.
_IP = r"(?:(?:udp|tcp)[46]?(?:-server)?:)?(?P<source>[0-9]+(?:\.[0-9]+){3}|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)(?::\d{1,5})?"
_PEER = r"(?:us=\d+ )?(?:(?P<user>[^/\s\[\]]+(?: [^/\s\[\]]+)?)/)?" + _IP + " "
#: Here no brackets part the address from its port: the last colon does.
_ADDRESS = r"\[AF_INET6?\](?:::ffff:)?(?P<source>[0-9A-Fa-f.:]+):\d{1,5}"

_KINDS = (
    Kind("AUTH", "vpn_session", _PEER + r"TLS Auth Error: Auth Username/Password verification failed", {"action": "login_failed", "reason": "password"}),
    Kind("AUTH", "vpn_session", r"(?:^|\s)" + _IP + r" TLS: Username/Password authentication succeeded for username '(?P<user>[^']*)'", {"action": "authenticated", "authentication": "password"}),
    Kind("AUTH", "vpn_session", _PEER + r"TLS: Username/Password authentication succeeded for username '(?P<realm>[^']*)'", {"action": "authenticated", "authentication": "password"}),
    Kind("AUTH", "vpn_session", _PEER + r"(?P<reason>AUTH: Received control message: AUTH_FAILED|SENT CONTROL \[[^\]]*\]: 'AUTH_FAILED.*|OpenSSL: error:.*certificate verify failed.*)", {"action": "login_failed"}),
    Kind("AUTH", "vpn_session", r"^(?P<source>[0-9.]+):\d+/(?P<user>\S+) Authentication succeeded", {"action": "authenticated"}),
    Kind("LDAP", "vpn_session", r"^(?P<reason>LDAP (?:bind failed: .*|user \"?(?P<user>[^\"]*?)\"? was not found.*))", {"action": "message"}),
    Kind("Peer Connection", "vpn_session", r"\[(?:UNDEF|(?P<user>[^\]]+))\] Peer Connection Initiated with " + _ADDRESS, {"action": "login", "authentication": "certificate"}),
    Kind("Learn", "vpn_session", r"MULTI(?:_sva)?: Learn: (?P<assigned_address>[0-9A-Fa-f.:]+) -> (?P<user>[^/]+)/" + _IP, {"action": "tunnel_up"}),
    Kind("Learn", "vpn_session", r"MULTI(?:_sva)?: (?:Learn:|primary virtual IP for) ?.*?(?P<user>[^/\s]+)/" + _IP + r": (?P<assigned_address>[0-9.]+)", {"action": "tunnel_up"}),
    # Only the certificate at depth 0 is the user's; those above it are of authorities.
    Kind("VERIFY ERROR", "vpn_session", r"(?:^|\s)" + _IP + r" VERIFY ERROR: depth=0, error=(?P<reason>[^:]*): .*?\bCN=(?P<user>[^,/]+)", {"action": "login_failed", "authentication": "certificate"}),
    Kind("VERIFY ERROR", "vpn_session", _PEER + r"VERIFY (?:X509NAME )?ERROR: (?:depth=\d+, )?(?:error=)?(?P<reason>.*)", {"action": "login_failed", "authentication": "certificate"}),
    Kind("TLS Error", "vpn_session", _PEER + r"(?P<reason>TLS Error: .*|TLS_ERROR: .*|tls-crypt unwrap error.*|Authenticate/Decrypt packet error.*|Bad encapsulated packet.*)", {"action": "negotiation", "outcome": "failure"}),
    Kind("TLS Error", "vpn_session", r"(?P<reason>TLS Error: .*?) (?:received )?from " + _ADDRESS, {"action": "negotiation", "outcome": "failure"}),
    Kind("SIGTERM", "vpn_session", _PEER + r"(?P<reason>SIGTERM\[.*|SIGUSR1\[.*|Connection reset.*|\[[^\]]*\] Inactivity timeout.*|Delayed exit.*)", {"action": "tunnel_down"}),
    Kind("address", "vpn_session", _PEER + r"MULTI(?:_sva)?: pool returned IPv4=(?P<assigned_address>[0-9.]+)", {"action": "message"}),
    Kind("AUTH", "vpn_session", r"^user '(?P<user>[^']*)' authenticated", {"action": "authenticated"}),
    Kind("AUTH", "vpn_session", r"^user '(?P<user>[^']*)' could not authenticate", {"action": "login_failed"}),
    Kind("LDAP", "vpn_session", r"^Incorrect (?P<reason>password) supplied for LDAP DN \"?(?:CN|cn|uid|UID)=(?P<user>[^,\"]*)", {"action": "login_failed", "authentication": "ldap"}),
    Kind("duplicate", "vpn_session", r"MULTI: new connection by client '(?P<user>[^']*)' will cause previous active sessions", {"action": "message"}),
    # The Access Server writes what its parts say as Python prints it.
    Kind("AUTH", "vpn_session", r"\bAUTH SUCCESS \{.*?'user': u?'(?P<user>[^']*)'(?:.*?'auth method': u?'(?P<authentication>[^']*)')?", {"action": "authenticated"}),
    Kind("AUTH", "vpn_session", r"\bAUTH FAIL(?:ED|URE)? \{.*?'user': u?'(?P<user>[^']*)'(?:.*?'reason': u?'(?P<reason>[^']*)')?", {"action": "login_failed"}),
    Kind("web logon", "logon", r"WEB LOGIN: user=(?P<user>[^,]*), ip=(?P<source>[0-9A-Fa-f.:]+), result=(?P<action>\w+)", {"service": "web"}, {"action": {"ok": "login", "success": "login", "*": "login_failed"}}),
    Kind("client program", "vpn_session", _PEER + r"peer info: (?:IV_GUI_VER=|IV_VER=)(?P<client>.*)", {"action": "client"}),
    Kind("client program", "vpn_session", _PEER + r"peer info: IV_PLAT=(?P<os>.*)", {"action": "client"}),
    Kind("connection", "vpn_session", _PEER + r"(?:TCP connection established with|TLS: Initial packet from) ", {"action": "connection"}),
    Kind("management", "device_event", r"MANAGEMENT: (?:CMD|Client connected) ?(?:from )?'?(?P<object>.*?)'?$", {"category": "config", "action": "command"}),
    Kind("openvpn internals", None, r".*"),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of OpenVPN messages; the server's remarks about itself are counted."""
    return apply(_KINDS, "openvpn", messages, output)


def mine(messages: Messages) -> pa.Array:
    """Which messages are OpenVPN's: by program, or in its own files by content."""
    named = pc.fill_null(pc.match_substring_regex(messages.tag, TAG), False)
    content = pc.and_(pc.is_null(messages.tag), pc.match_substring_regex(messages.text, PATTERN))
    return pc.or_(named, content)
