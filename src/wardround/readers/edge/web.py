"""Requests in the logs of web servers, reverse proxies and forward proxies, as rows of ``http``.

Sources: Apache *mod_log_config* (common, combined), nginx *ngx_http_log_module*, HAProxy *HTTP log format*, Squid
*LogFormat* (squid), W3C *Extended Log File Format* and Microsoft's use of it (IIS), Microsoft *IIS Log File Format*.
"""

# Patterns and sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import ASSUMED, STATED, UTC
from wardround.readers.syslog_messages import Messages, Output

_REQUEST = r"\"(?:(?P<method>[A-Za-z_]{1,20}) (?P<uri>.*?)(?: HTTP/(?P<version>[\d.]{1,4}))?|(?P<broken>(?:[^\"\\]|\\.)*))\""
_TIME = (
    r"\[(?P<day>\d{1,2})/(?P<month>\w{2,3})/(?P<year>\d{4})[: ](?P<clock>\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?(?P<zone>[+-]\d{4}))?\]"
)

#: Common and combined, with the virtual host in front or not, and what servers append.
_COMBINED = (
    r"^(?:(?P<vhost>[^\s:\"]+)(?::(?P<vport>\d{1,5}))? )?(?P<client>[0-9A-Za-z.:_-]+)(?:,? [0-9A-Fa-f.:]+)* (?:\S+ )??(?P<ident>\S+) (?P<username>\S+|\S+ \S+) "
    + _TIME + r" " + _REQUEST + r" (?P<status>\d{3}|-)(?: (?P<length>\d+|-))?(?: \"(?P<referrer>(?:[^\"\\]|\\.)*)\" \"(?P<agent>(?:[^\"\\]|\\.)*)\")?"
)  # fmt: skip

_HAPROXY = (
    r"(?:^|\s)(?P<client>[0-9A-Fa-f.:]+|-):(?P<port>\d{1,5}) " + _TIME + r" (?P<frontend>\S+) (?P<backend>[^\s/]+)/(?P<server>\S+) "
    r"(?:[^\s\"]+ ){0,3}?[\d+/-]+ (?P<status>-?\d{1,3}) \+?(?P<length>\d+) \S+ \S+ \S{4} [\d/]+ [\d/]+ (?:\{(?P<captured>[^}]*)\} )?(?:\{[^}]*\} )?" + _REQUEST
)  # fmt: skip

#: Squid's own format; columns that a logformat adds (ports, sizes of headers, the version) stand between and behind.
_SQUID = (
    r"^(?P<epoch>\d{9,10})\.(?P<millis>\d{3}) +\d+ (?P<client>\S+) (?:(?P<port>\d{1,5}) )?(?P<result>[A-Z_]+)/(?P<status>\d{3}) (?P<length>\d+) "
    r"(?:[\d-]+ ){0,6}?(?P<method>[A-Za-z_]{1,20}) (?P<uri>\S*) (?:\d\.\d )?(?P<username>\S+) (?P<hierarchy>[A-Z_]+)/(?P<peer>\S*)"
)

#: A proxy that hands on connections instead of requests (HAProxy, TCP log format).
_CONNECTION = (
    r"(?:^|\s)(?P<source>[0-9A-Fa-f.:]+|-):(?P<source_port>\d{1,5}) " + _TIME + r" (?P<source_zone>\S+) (?P<policy>[^\s/]+)/(?P<destination_zone>\S+) "
    r"[\d+-]+/[\d+-]+/[\d+-]+ \+?(?P<bytes_in>\d+) (?P<state>\S{2}) [\d/]+ [\d/]+\s*$"
)  # fmt: skip

_CITRIX = (
    r"^(?P<client>[0-9A-Fa-f.:]+) -> (?P<server>[0-9A-Fa-f.:]+) "
    + _REQUEST
    + r" (?P<status>\d{3}) (?P<length>\d+) \"(?P<referrer>[^\"]*)\" \"(?P<agent>[^\"]*)\""
)

#: IIS's own format (not W3C): client, user, date, time, service, server's name and address, then sizes, status and request.
_IIS = (
    r"^(?P<client>[0-9A-Fa-f.:]+), (?P<username>[^,]*), (?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}), (?P<clock>\d{1,2}:\d\d:\d\d), "
    r"[^,]*, [^,]*, (?P<server>[0-9A-Fa-f.:]+), \d+, (?P<sent>\d+), (?P<length>\d+), (?P<status>\d{3}), \d+, (?P<method>[A-Za-z_]{1,20}), (?P<uri>[^,]*), (?P<query>.*?), ?$"
)

#: Remarks of a server about itself, in its error log.
ERRORS = r"^\[(?:[\w:]+:)?(?:emerg|alert|crit|error|warn|notice|info|debug|trace\d)\]|^\[?(?:emerg|alert|crit|error|warn|notice|info|debug)\]? \d+#\d+: |mod_jk|AH\d{5}:"

FORMATS = (("combined", _COMBINED), ("haproxy", _HAPROXY), ("squid", _SQUID), ("citrix", _CITRIX), ("iis", _IIS))


def _clock(messages: Messages, groups: dict[str, pa.Array]) -> None:
    """Put the time of the requests into the messages."""
    if "epoch" in groups:
        seconds = groups["epoch"].cast(pa.int64()).to_numpy(zero_copy_only=False)
        millis = groups["millis"].cast(pa.int64()).to_numpy(zero_copy_only=False)
        messages.ts, messages.zone = seconds * 10**9 + millis * 10**6, np.full(len(messages), UTC, np.uint8)
    elif "clock" in groups:
        clock = pc.utf8_lpad(groups["clock"], 8, "0")
        local = cells.iso_date(groups["day"], groups["month"], groups["year"], clock)
        value, good, stated = cells.times(local, groups.get("zone", pa.nulls(len(clock), pa.string())))
        messages.ts = np.where(good, value, messages.ts)
        messages.zone = np.where(good, np.where(stated, STATED, ASSUMED), messages.zone).astype(np.uint8)


def request(groups: dict[str, pa.Array], messages: Messages, output: Output) -> None:
    """Write the requests whose parts are given: client, method, uri, status, agent and so on, where there are any."""
    uri = pc.coalesce(cells.known(groups["uri"]), cells.known(groups["broken"])) if "broken" in groups else groups["uri"]
    # A forward proxy's requests hold the whole address: the host is then its middle part, or what CONNECT names.
    whole = pc.extract_regex(
        pc.fill_null(uri, ""), r"^(?:\w{1,10}://)(?:[^/@]*@)?(?P<h>[^/:?#]+)|^(?P<c>[^/:]+):(?P<p>\d{1,5})$"
    )
    port = cells.known(pc.struct_field(whole, [2]))
    host = pc.coalesce(cells.known(pc.struct_field(whole, [0])), cells.known(pc.struct_field(whole, [1])))
    if "host" in groups:
        host = pc.coalesce(cells.known(groups["host"]), host)
    if "vhost" in groups:
        host = pc.coalesce(host, cells.known(groups["vhost"]))
    columns: dict[str, pa.Array | str | None] = {
        "id.orig_h": groups.get("client"),
        "id.orig_p": groups.get("port"),
        "id.resp_h": groups["server"] if "server" in groups else groups.get("peer"),
        "id.resp_p": groups["server_port"]
        if "server_port" in groups
        else pc.coalesce(cells.known(groups["vport"]), port)
        if "vport" in groups
        else port,
        "method": pc.utf8_upper(groups["method"]),
        "host": host,
        "uri": uri,
        "version": groups.get("version"),
        "status_code": groups.get("status"),
        "response_body_len": groups.get("length"),
        "request_body_len": groups.get("sent"),
        "referrer": groups.get("referrer"),
        "user_agent": groups.get("agent"),
        "username": groups.get("username"),
    }
    output.write("http", "", messages, columns)


def _connections(messages: Messages, output: Output) -> Messages:
    """Write the connections among messages; returns the messages that are none.

    The state ``PR`` says that the proxy itself refused it.
    """
    parts = pc.extract_regex(messages.text, _CONNECTION)
    matched = parts.is_valid().to_numpy(zero_copy_only=False)
    if not matched.any():
        return messages
    mine, kept = replace(messages.take(matched)), parts.filter(pa.array(matched))
    groups = {kept.type.field(i).name: pc.struct_field(kept, [i]) for i in range(kept.type.num_fields)}
    _clock(mine, groups)
    refused = pc.match_substring_regex(groups["state"], "^PR")
    columns = {
        name: groups[name] for name in ("source", "source_port", "source_zone", "policy", "destination_zone", "bytes_in")
    }
    action = pc.if_else(refused, "deny", "close")
    output.write("firewall_event", "haproxy", mine, columns | {"action": action, "proto": "tcp"})
    return messages.take(~matched)


def read(messages: Messages, output: Output) -> Messages:
    """Write the requests among messages; returns the messages that are none."""
    for _, pattern in FORMATS:
        if not len(messages):
            break
        parts = pc.extract_regex(messages.text, pattern)
        matched = parts.is_valid().to_numpy(zero_copy_only=False)
        if not matched.any():
            continue
        mine = replace(messages.take(matched))
        messages = messages.take(~matched)
        kept = parts.filter(pa.array(matched))
        groups = {kept.type.field(i).name: pc.struct_field(kept, [i]) for i in range(kept.type.num_fields)}
        _clock(mine, groups)
        if "query" in groups:
            groups["uri"] = pc.coalesce(
                pc.binary_join_element_wise(groups["uri"], cells.known(groups["query"]), "?"), groups["uri"]
            )
        request(groups, mine, output)
    return _connections(messages, output) if len(messages) else messages
