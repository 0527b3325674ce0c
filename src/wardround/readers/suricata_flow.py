"""Flow records of EVE as connections, and the two halves of a DNS lookup as one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.suricata_columns import Derived, Mapped, lists, merged, one_of, places, translated, words
from wardround.schema import tables

if TYPE_CHECKING:
    from wardround.readers.shred import Shredded

#: Suricata's names of protocols and Zeek's; null where Suricata could not tell.
SERVICES: dict[str, str | int | None] = {
    "failed": None,
    "unknown": None,
    "tls": "ssl",
    "dcerpc": "dce_rpc",
    "krb5": "krb",
    "ikev2": "ike",
    "http1": "http",
    "http2": "http",
    "ftp-data": "ftp-data",
    "pgsql": "postgresql",
}

_RCODES: dict[str, str | int | None] = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
    "YXDOMAIN": 6,
    "YXRRSET": 7,
    "NXRRSET": 8,
    "NOTAUTH": 9,
    "NOTZONE": 10,
}

_QTYPES: dict[str, str | int | None] = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "NULL": 10,
    "PTR": 12,
    "HINFO": 13,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "NAPTR": 35,
    "DS": 43,
    "RRSIG": 46,
    "NSEC": 47,
    "DNSKEY": 48,
    "SVCB": 64,
    "HTTPS": 65,
    "AXFR": 252,
    "ANY": 255,
}

#: Where the three shapes of DNS events name the type asked for.
_QUERY_TYPES = ("dns.rrtype", "dns.queries.rrtype", "dns.query.rrtype")

_FIN, _SYN, _RST = 0x01, 0x02, 0x04


def service(events: Shredded) -> pa.Array:
    """The application protocol of a flow in Zeek's words."""
    return translated(events.text("app_proto"), SERVICES)


def protocol(events: Shredded) -> pa.Array:
    """The transport protocol in Zeek's words."""
    return translated(pc.utf8_lower(events.text("proto")), {"ipv6-icmp": "icmp", "icmpv6": "icmp"})


def duration(start: str, end: str) -> Derived:
    """Seconds between two times."""

    def derive(events: Shredded) -> pa.Array:
        passed = pc.subtract(events.time(end), events.time(start))
        return pc.divide(passed.cast(pa.float64(), safe=False), 1e9)

    return derive


def _flags(events: Shredded, path: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """TCP flags, which EVE writes in hexadecimal without a prefix; -1 where there are none."""
    encoded = events.text(path, limit=4).dictionary_encode()
    meaning = []
    for word in encoded.dictionary.to_pylist():
        try:
            meaning.append(int(word, 16))
        except ValueError:
            meaning.append(-1)
    found = pa.array(meaning, pa.int64()).take(encoded.indices).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def connection_state(events: Shredded) -> pa.Array:
    """Zeek's state of a connection from the flags that each side sent; of other protocols, from who sent at all."""
    sent = events.int("flow.pkts_toserver").fill_null(-1).to_numpy(zero_copy_only=False)
    answered = events.int("flow.pkts_toclient").fill_null(-1).to_numpy(zero_copy_only=False)
    known = (sent >= 0) & (answered >= 0)
    orig, resp = _flags(events, "tcp.tcp_flags_ts"), _flags(events, "tcp.tcp_flags_tc")
    is_tcp = (orig >= 0) & (resp >= 0)
    orig, resp = np.maximum(orig, 0), np.maximum(resp, 0)
    opened = (orig & _SYN > 0) & (resp & _SYN > 0)
    asked = (orig & _SYN > 0) & (resp & _SYN == 0)
    silent = asked & (answered == 0)
    orig_fin, resp_fin = orig & _FIN > 0, resp & _FIN > 0
    orig_rst, resp_rst = orig & _RST > 0, resp & _RST > 0
    other = known & ~is_tcp
    # The first condition that holds decides.
    conditions = [
        (is_tcp & asked & resp_rst, "REJ"),
        (is_tcp & silent & orig_rst, "RSTOS0"),
        (is_tcp & silent & orig_fin, "SH"),
        (is_tcp & silent, "S0"),
        (is_tcp & opened & orig_rst, "RSTO"),
        (is_tcp & opened & resp_rst, "RSTR"),
        (is_tcp & opened & orig_fin & resp_fin, "SF"),
        (is_tcp & opened & orig_fin, "S2"),
        (is_tcp & opened & resp_fin, "S3"),
        (is_tcp & opened, "S1"),
        (is_tcp, "OTH"),
        (other & (sent > 0) & (answered > 0), "SF"),
        (other & (sent > 0), "S0"),
        (other & (answered > 0), "SHR"),
    ]
    state = np.select([condition for condition, _ in conditions], [name for _, name in conditions], default="")
    return pa.array(state, pa.string(), mask=state == "")


def _answer_flag(path: str) -> Derived:
    """EVE leaves out flags that are not set; they are known to be unset where the others were written."""

    def derive(events: Shredded) -> pa.Array:
        unset = pc.if_else(events.text("dns.flags").is_valid(), pa.scalar(False), pa.scalar(None, pa.bool_()))
        return pc.coalesce(events.flag(path), unset)

    return derive


def _grouped(events: Shredded) -> pa.ListArray:
    """Answers that are written grouped by their type only, joined to one list."""
    parts = [events.texts(path) for path in events.paths() if path.startswith("dns.grouped.")]
    if not parts:
        return pa.nulls(events.rows, pa.list_(pa.string()))
    owners = np.concatenate([np.asarray(pc.list_parent_indices(part), dtype=np.int64) for part in parts])
    return lists(pa.concat_arrays([part.flatten() for part in parts]), owners, events.rows)


def answers(events: Shredded) -> pa.Array:
    """The answers of a DNS event: listed, or one (the oldest format), or grouped by type."""
    listed = events.texts("dns.answers.rdata")
    single = events.texts("dns.rdata")
    listed = pc.if_else(listed.is_valid(), listed, single)
    return pc.if_else(listed.is_valid(), listed, _grouped(events))


def _query_type(events: Shredded) -> pa.Array:
    """The number of the type asked for."""
    names = pc.coalesce(*(events.text(path) for path in _QUERY_TYPES))
    return translated(names, _QTYPES, keep=False)


def _occurrence(keys: pa.ChunkedArray, is_answer: pa.Array) -> pa.Array:
    """How many queries (for a query) or answers (for an answer) of the same key come before each event."""
    codes = keys.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = codes * 2 + is_answer.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], sorted_codes[1:] != sorted_codes[:-1])))
    counts = np.arange(codes.size) - np.repeat(starts, np.diff(np.append(starts, codes.size)))
    before = np.empty(codes.size, np.int64)
    before[order] = counts
    return pa.array(before)


def lookups(rows: pa.Table, events: Shredded) -> pa.Table:
    """Make one row of a DNS query and its answer, which are two events (found in one block of the evidence)."""
    is_answer = one_of("dns.type", "answer", "response")(events).fill_null(False)
    times, nothing = events.time("timestamp"), pa.scalar(None, pa.int64())
    rows = rows.append_column("asked", pc.if_else(is_answer, nothing, times))
    rows = rows.append_column("answered", pc.if_else(is_answer, times, nothing))
    name = pc.coalesce(rows["query"], pa.scalar(""))
    key = pc.binary_join_element_wise(events.text("flow_id"), events.text("dns.id"), name, " ")
    # In the oldest format every record of an answer is an event of its own; else the nth answer is to the nth query.
    single = events.count("dns.rdata") > 0
    if not single:
        key = pc.binary_join_element_wise(key, _occurrence(key, is_answer).cast(pa.string()), " ")
    rows = merged(rows, key, ("answers", "TTLs") if single else ())
    waited = pc.subtract(rows["answered"], rows["asked"]).cast(pa.float64(), safe=False)
    return rows.append_column("rtt", pc.divide(waited, 1e9)).drop_columns(["asked", "answered"])


DNS = Mapped(
    tables()["dns"],
    places("""
trans_id    dns.id dns.query.id
query       dns.rrname dns.queries.rrname dns.query.rrname
qtype_name  dns.rrtype dns.queries.rrtype dns.query.rrtype
rcode_name  dns.rcode
TTLs        dns.answers.ttl dns.ttl
opcode      dns.opcode
Z           dns.z
"""),
    {
        "proto": protocol,
        "qtype": _query_type,
        "rcode": words("dns.rcode", _RCODES, keep=False),
        "AA": _answer_flag("dns.aa"),
        "TC": _answer_flag("dns.tc"),
        "RD": _answer_flag("dns.rd"),
        "RA": _answer_flag("dns.ra"),
        "answers": answers,
    },
    finish=lookups,
)

FLOW = Mapped(
    tables()["conn"],
    places("""
ts             flow.start timestamp
community_id   community_id
orig_pkts      flow.pkts_toserver
resp_pkts      flow.pkts_toclient
orig_ip_bytes  flow.bytes_toserver
resp_ip_bytes  flow.bytes_toclient
orig_l2_addr   ether.src_mac ether.src_macs
resp_l2_addr   ether.dest_mac ether.dest_macs
vlan           vlan
"""),
    {
        "proto": protocol,
        "service": service,
        "duration": duration("flow.start", "flow.end"),
        "conn_state": connection_state,
    },
)

#: One direction of a flow; the other one is another event.
NETFLOW = Mapped(
    tables()["conn"],
    places("""
ts             netflow.start timestamp
community_id   community_id
orig_pkts      netflow.pkts
orig_ip_bytes  netflow.bytes
"""),
    {"proto": protocol, "service": service, "duration": duration("netflow.start", "netflow.end")},
)
