"""IPsec daemons: strongSwan (charon), Libreswan (pluto).

Source: strongSwan, log messages of libcharon (sa/ikev2/tasks, plugins eap, xauth).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

TAG = r"^(?:charon|strongswan|pluto|ipsec|iked|racoon|ipsec_starter|charon-systemd|swanctl)"
PATTERN = r"^\d{2}\[(?:IKE|NET|ENC|CFG|KNL|JOB|MGR|LIB|DMN|TNC|CHD|ASN|ESP|APP|IMC|IMV|PTS|TLS)\d?\]"

_SA = r"\[\w+\] (?:<(?P<realm>[^|>]*)(?:\|(?P<session>\d+))?> )?"

_STATE = r"^\"(?P<realm>[^\"]*)\"(?:\[\d+\])?(?: (?P<source>[0-9A-Fa-f.:]+))? #\d+: "

_KINDS = (
    Kind("EAP", "vpn_session", _SA + r"EAP method \S+ succeeded", {"action": "authenticated", "authentication": "eap"}),
    Kind("EAP", "vpn_session", _SA + r"(?P<reason>EAP-?\S* (?:method .*failed|verification failed.*|authentication failed.*))(?: for peer (?P<user>\S+))?", {"action": "login_failed", "authentication": "eap"}),
    Kind("EAP", "vpn_session", _SA + r"(?P<reason>RADIUS authentication of '(?P<user>[^']*)' failed)", {"action": "login_failed", "authentication": "radius"}),
    Kind("EAP", "vpn_session", _SA + r"RADIUS authentication of '(?P<user>[^']*)' successful", {"action": "authenticated", "authentication": "radius"}),
    Kind("XAuth", "vpn_session", _SA + r"(?P<reason>XAuth \S+ for '(?P<user>[^']*)' failed.*)", {"action": "message", "authentication": "xauth"}),
    Kind("XAuth", "vpn_session", _SA + r"XAuth authentication of '(?P<user>[^']*)' failed", {"action": "login_failed", "authentication": "xauth"}),
    Kind("XAuth", "vpn_session", _SA + r"XAuth authentication of '(?P<user>[^']*)' (?:\([^)]*\) )?successful", {"action": "authenticated", "authentication": "xauth"}),
    Kind("authentication", "vpn_session", _SA + r"authentication of '(?P<user>[^']*)' with (?P<authentication>.+?) successful", {"action": "authenticated"}),
    Kind("authentication", "vpn_session", _SA + r"authentication of '(?P<user>[^']*)' with (?P<authentication>.+?) failed", {"action": "login_failed"}),
    Kind("authentication", "vpn_session", _SA + r"(?P<reason>no EAP key found) for hosts '[^']*' - '(?P<user>[^']*)'", {"action": "negotiation", "outcome": "failure"}),
    Kind("authentication", "vpn_session", _SA + r"(?P<reason>no (?:shared key|trusted \S+ public key|EAP key|IKE config|matching peer config) found.*|received AUTHENTICATION_FAILED.*|tried \d+ shared key.*|constraint check failed.*|selected peer config .* unacceptable.*|received proposals (?:unacceptable|inacceptable).*|no (?:acceptable )?proposal (?:found|chosen).*|received NO_PROPOSAL_CHOSEN.*|peer requested EAP, config (?:un|in)acceptable)", {"action": "negotiation", "outcome": "failure"}),
    Kind("address", "vpn_session", _SA + r"assigning virtual IP (?P<assigned_address>\S+) to peer '(?P<user>[^']*)'", {"action": "tunnel_up"}),
    Kind("IKE_SA", "vpn_session", _SA + r"IKE_SA \S+ established between \S+?\[.*?\]\.\.\.(?P<source>[0-9A-Fa-f.:]+)\[(?P<user>.*)\]", {"action": "login"}),
    Kind("IKE_SA", "vpn_session", _SA + r"deleting IKE_SA \S+ between \S+?\[.*?\]\.\.\.(?P<source>[0-9A-Fa-f.:]+)\[(?P<user>.*)\]", {"action": "tunnel_down"}),
    Kind("IKE_SA", "vpn_session", _SA + r"(?P<source>[0-9A-Fa-f.:]+) is initiating an? (?P<authentication>.*?)(?: IKE_SA)?$", {"action": "connection"}),
    # Libreswan: the connection, the instance, the peer's address and the number of the state.
    Kind("XAUTH", "vpn_session", _STATE + r"XAUTH: User (?P<user>.*?): Authentication Successful", {"action": "authenticated", "authentication": "xauth"}),
    Kind("XAUTH", "vpn_session", _STATE + r"XAUTH: User (?P<user>.*?): Authentication Failed: (?P<reason>.*)", {"action": "login_failed", "authentication": "xauth"}),
    Kind("XAUTH", "vpn_session", _STATE + r"XAUTH: User (?P<user>.*?): Attempting to login", {"action": "connection", "authentication": "xauth"}),
    Kind("pluto", "vpn_session", _STATE + r"(?P<reason>authentication failed: .*|(?:responding to|dropping) .*\b(?:AUTHENTICATION_FAILED|NO_PROPOSAL_CHOSEN|INVALID_ID_INFORMATION)\b.*|no (?:suitable connection|acceptable) .*)", {"action": "negotiation", "outcome": "failure"}),
    Kind("pluto", "vpn_session", _STATE + r"(?:[^;]*; )?(?:IPsec SA established|established (?:IPsec|Child) SA|negotiated connection)\b(?:.*?\b(?:username|XAUTHuser)=(?P<user>[^\s}]+))?", {"action": "tunnel_up"}),
    Kind("strongswan internals", None, r".*"),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of IPsec daemons; packets, payloads and other internals are counted."""
    kinds = [Kind(k.name, k.table, k.pattern, {**k.values, **({"tunnel": "ipsec"} if k.table else {})}) for k in _KINDS]
    return apply(kinds, "strongswan", messages, output)
