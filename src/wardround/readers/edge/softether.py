"""SoftEther VPN Server: the security log of a virtual hub, and the log of the server, which names the hub before the message.

Source: SoftEther VPN Project, *Manual*, 3.10 Logging Service. A connection (``CID``) logs on and becomes a session (``SID``).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

PATTERN = r"\b[Cc]onnection \"CID-|\b[Ss]ession \"(?:SID|RPC)-|^\[HUB \"|On the TCP Listener \(Port \d+\), a Client|^(?:IPsec (?:Client|IKE Session|ESP Session)|\w+ PPP Session) [\[\d(]|<(?:SECURITY|SERVER|PACKET)_LOG>: "

_IP = r"(?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f])"
_HUB = r"(?:^|.*? )(?:\[HUB \"(?P<realm>[^\"]*)\"\] )?"
_SESSION = _HUB + r"Session \"(?P<session>SID-[^\"]*)\": "

_KINDS = (
    Kind("authentication", "vpn_session", _HUB + r"Connection \"CID-[^\"]*\": User authentication failed\. The user name that has been provided was \"(?P<user>[^\"]*)\", from " + _IP, {"action": "login_failed"}),
    Kind("authentication", "vpn_session", _HUB + r"Connection \"CID-[^\"]*\": Successfully authenticated as user \"(?P<user>[^\"]*)\"", {"action": "authenticated"}),
    Kind("connection", "vpn_session", _HUB + r"The connection \"CID-[^\"]*\" \(IP address: " + _IP + r", Host name: (?P<hostname>.*?), Port number: \d+, Client name: \"(?P<client>[^\"]*)\".*?The auth type provided is \"(?P<authentication>[^\"]*)\" and the user name is \"(?P<user>[^\"]*)\"", {"action": "connection"}),
    Kind("session", "vpn_session", _HUB + r"Connection \"CID-[^\"]*\": The new session \"(?P<session>[^\"]*)\" has been created\. \(IP address: " + _IP + r"(?:, Port number: \d+, Physical underlying protocol: \"(?P<tunnel>[^\"]*)\")?", {"action": "login"}),
    Kind("session", "vpn_session", _SESSION + r"The session has been terminated\.(?:.*?Total outgoing data size: (?P<bytes_out>\d+) bytes, Total incoming data size: (?P<bytes_in>\d+) bytes)?", {"action": "logout"}),
    Kind("client program", "vpn_session", _SESSION + r"VPN Client details: \(Client product name: \"(?P<client>[^\"]*)\".*?Client OS name: \"(?P<os>[^\"]*)\".*?Client host name: \"(?P<hostname>[^\"]*)\", Client IP address: \"(?P<source>[^\"]*)\"", {"action": "client"}),
    Kind("administration", "logon", r"Connection \"CID-[^\"]*\" successfully logged in using administration mode", {"action": "login", "privilege": "admin"}),
    Kind("administration", "device_event", r"Administration mode \[[^\]]*\](?: \([^)]*\))?: (?P<message>.*)", {"category": "config"}),
    Kind("softether internals", None, r".*"),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of logons, sessions and administration; listeners, parameters and addresses are counted."""
    return apply(_KINDS, "softether", messages, output)
