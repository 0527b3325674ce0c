"""Name servers and DHCP servers as their logs tell: who asked for which name, and which address a machine was given.

BIND and Infoblox, unbound, dnsmasq (Pi-hole); ISC dhcpd, Kea, dnsmasq. A lease is one row of ``dhcp`` when it is granted;
what leads to it is left out. A log of queries knows the question and who asked, seldom the answer.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

_IP = r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"
_MAC = r"(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})"
_CLIENT = r"client (?:@0x[0-9A-Fa-f]+ )?(?P<client>" + _IP + r")#(?P<client_port>\d+)"
_SERVER = r"\((?P<server>" + _IP + r")\)"

#: Groups of patterns cannot hold the dots of columns; these are the columns of table ``dns``.
_COLUMNS = {"client": "id.orig_h", "client_port": "id.orig_p", "server": "id.resp_h"}

_KINDS = (
    Kind("answer (BIND)", "dns", r"\b" + _CLIENT + r" \([^)]*\): (?:view \S+: )?answer: (?P<query>\S+) IN (?P<qtype_name>[A-Z0-9]+) .*?" + _SERVER + r" -> (?P<rcode_name>[A-Z]+)"),
    Kind("response (Infoblox)", "dns", r"\b" + _CLIENT + r": (?:\S+ )?(?:UDP|TCP): query: (?P<query>\S+) IN (?P<qtype_name>[A-Z0-9]+) response: (?P<rcode_name>[A-Z]+)"),
    Kind("query (BIND)", "dns", r"\b" + _CLIENT + r"(?: \([^)]*\))?: (?:view \S+: )?query: (?P<query>\S+) IN (?P<qtype_name>[A-Z0-9]+) \S+(?: " + _SERVER + ")?"),
    Kind("query (unbound)", "dns", r"^(?:\[\d+:\d+\] )?info: (?P<client>" + _IP + r") (?P<query>\S+?)\.? (?P<qtype_name>[A-Z0-9]+) IN(?: (?P<rcode_name>[A-Z]+) [0-9.]+ [01] \d+)?$"),
    Kind("query (dnsmasq)", "dns", r"^(?:\d+ \S+/\d+ )?query\[(?P<qtype_name>[A-Z0-9]+)\] (?P<query>\S+) from (?P<client>" + _IP + ")$"),
    Kind("lease (ISC dhcpd)", "dhcp", r"\bDHCPACK on (?P<assigned_addr>[0-9.]+) to " + _MAC + r"(?: \((?P<host_name>[^)]*)\))? via "),
    Kind("lease (dnsmasq)", "dhcp", r"^(?:\d+ )?DHCPACK\([^)]*\) (?P<assigned_addr>[0-9A-Fa-f.:]+) " + _MAC + r"(?: (?P<host_name>\S+))?$"),
    Kind("lease (Kea)", "dhcp", r"\bDHCP4_LEASE_ALLOC \[hwtype=1 " + _MAC + r"\].*?lease (?P<assigned_addr>[0-9.]+) has been allocated for (?P<lease_time>\d+) seconds"),
    Kind("addresses (DHCP)", None, r"\bDHCP[46]_[A-Z_]+ |^(?:\d+ )?DHCP[A-Z]+\(|\bDHCP(?:ACK|REQUEST|DISCOVER|OFFER|INFORM|NAK|RELEASE|EXPIRE|DECLINE)\b"),
    Kind("names (dnsmasq)", None, r"^(?:\d+ \S+/\d+ )?(?:forwarded|reply|cached|config|/etc/\S+|gravity blocked|validation|regex denied|nameserver|dnssec-query\[\w+\]) \S+ (?:to|is) "),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write queries and leases; count what leads to them; returns what nobody knows."""
    return apply(_KINDS, "names and addresses", messages, output, _COLUMNS)
