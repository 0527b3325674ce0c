"""Linux kernels: packets that the filter logs (also of UniFi gateways), WireGuard; and wg-easy.

Source: Linux, net/netfilter/nf_log_syslog.c, drivers/net/wireguard (receive.c); Ubiquiti, firewall rule prefixes.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from ipaddress import ip_address

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of, part_of

PATTERN = r"\bIN=\S* .*\bSRC=|\bSRC=\S+ DST=\S+|\bwireguard: |\bwg\d+: "
_KEYS = Vocabulary(["IN", "OUT", "SRC", "DST", "PROTO", "SPT", "DPT", "LEN", "MAC", "DESCR"])

#: Rule prefixes: UniFi writes the decision as a letter, others as a word.
_ACTIONS = (
    (r"(?i)-D-\d|\bdrop|-D\]|DENY|BLOCK|\[UFW BLOCK|DPT_DROP", "drop"),
    (r"(?i)-R-\d|reject|-R\]", "deny"),
    (r"(?i)-A-\d|accept|allow|permit|-A\]|\[UFW ALLOW", "accept"),
)

_WG = r"wireguard: (?P<realm>\S+): "
_AT = r"(?P<source>[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?"
#: The kernel counts its peers; the number is nobody's name, and the key is not told.
_NUMBER = r"peer (?P<session>\d+) \(" + _AT + r"\)"

_WIREGUARD = (
    Kind("handshake", "vpn_session", _WG + r"(?P<reason>Invalid handshake (?:initiation|response)|Invalid MAC of handshake|Invalid endpoint.*?|Unknown message).*? from " + _AT, {"action": "negotiation", "outcome": "failure", "tunnel": "wireguard"}),
    Kind("handshake", "vpn_session", _WG + r"(?P<reason>Packet has unallowed src IP.*?|Packet is neither ipv4 nor ipv6|Packet has incorrect size|Packet has invalid nonce.*?) from " + _NUMBER, {"action": "message", "outcome": "failure", "tunnel": "wireguard"}),
    Kind("handshake", "vpn_session", _WG + r"Receiving handshake initiation from " + _NUMBER, {"action": "connection", "tunnel": "wireguard"}),
    # Both are sent and taken only after the other end has proved its key.
    Kind("handshake", "vpn_session", _WG + r"(?:Sending handshake response to|Receiving handshake response from) " + _NUMBER, {"action": "negotiation", "outcome": "success", "tunnel": "wireguard"}),
    Kind("handshake", "vpn_session", _WG + r"Handshake for " + _NUMBER + r" (?P<reason>did not complete after .*)", {"action": "negotiation", "outcome": "failure", "tunnel": "wireguard"}),
    Kind("handshake", "vpn_session", _WG + r"Sending keepalive packet to " + _NUMBER, {"action": "message", "tunnel": "wireguard"}),
    Kind("wireguard internals", None, r"wireguard|wg\d+"),
)  # fmt: skip


def _short(addresses: pa.Array) -> pa.Array:
    """Addresses of IPv6 as everybody else writes them; the kernel writes all their zeros."""
    if not pc.any(pc.match_substring(addresses, ":0")).as_py():
        return addresses
    encoded = addresses.dictionary_encode()
    short = []
    for text in encoded.dictionary.to_pylist():
        try:
            short.append(str(ip_address(text)))
        except ValueError:
            short.append(text)
    return pa.array(short, pa.string()).take(encoded.indices)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of logged packets and handshakes; returns the rest of the kernel's messages."""
    packets = chosen(pc.match_substring_regex(messages.text, r"\bSRC=\S+ .*\bDST=|\bSRC=\S+ DST=\S+"))
    if packets.any():
        pairs = Pairs.of(messages.take(packets), _KEYS)
        prefix = pc.struct_field(pc.extract_regex(pairs.messages.text, r"^(?P<p>.*?)\bIN="), [0])
        name = part_of(pairs.messages.text, r"\[(?P<p>[^\]]*?)-[ADR](?:-\d+)?\]|^(?:\S+ )?\[(?:\s*\d+\.\d+)\]")
        inward, outward = pc.fill_null(pairs.get("IN"), ""), pc.fill_null(pairs.get("OUT"), "")
        output.write(
            "firewall_event",
            "netfilter",
            pairs.messages,
            {
                "action": first_of(_ACTIONS, pc.fill_null(prefix, ""), "alert"),
                "source": _short(pairs.get("SRC")),
                "source_port": pairs.get("SPT"),
                "source_zone": inward,
                "destination": _short(pairs.get("DST")),
                "destination_port": pairs.get("DPT"),
                "destination_zone": outward,
                "proto": pairs.get("PROTO"),
                "policy": pc.coalesce(pairs.get("DESCR"), name, prefix),
                "message_id": "packet",
            },
        )
        messages = messages.take(~packets)
    tunnels = (
        chosen(pc.match_substring_regex(messages.text, "wireguard|wg\\d+:")) if len(messages) else pa.array([]).to_numpy(False)
    )
    rest = messages.take(~tunnels) if len(messages) else messages
    if len(messages) and tunnels.any():
        return Messages.joined(rest, apply(_WIREGUARD, "wireguard", messages.take(tunnels), output))
    return rest
