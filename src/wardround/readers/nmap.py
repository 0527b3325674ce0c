"""Reader of port scans the user made with nmap (XML) or masscan (XML, JSON, list) into ``service`` and ``software``.

Format: nmap's nmap.dtd (version 1.05) and masscan's outputs. wardround reads scans; it never makes one. ``record`` is
the line where the port stands. Results that scripts gave about a host as a whole stand with each of its open ports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.xml_events import Element, elements, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Formats.
XML = "nmap_xml"
MASSCAN = "masscan_json"
MASSCAN_LIST = "masscan_list"

#: Ports kept of one host: all there are, tcp and udp and sctp.
MOST_PORTS = 3 * 65_536

#: Characters kept of what a script said, and scripts kept of one port or host.
_SCRIPT_CHARACTERS = 2_000
_MOST_SCRIPTS = 64

#: Scripts whose results detections and people need. Others are left out: some print passwords or their hashes.
_SCRIPT_NAMES = """
banner dicom-ping dns-recursion ftp-anon http-auth http-server-header http-title ike-version ldap-rootdse mongodb-info
ms-sql-info mysql-info nbstat ntp-info pptp-version rdp-enum-encryption rdp-ntlm-info realvnc-auth-bypass rpcinfo
sip-methods smb-os-discovery smb-protocols smb-security-mode smb2-capabilities smb2-security-mode snmp-info
snmp-sysdescr ssh2-enum-algos ssl-cert ssl-enum-ciphers sslv2 telnet-encryption upnp-info vnc-info vnc-title vulners
"""
_SCRIPTS = frozenset(_SCRIPT_NAMES.split())

#: A line of masscan's JSON is not longer.
_LINE_BYTES = 64 * 1024

_JSON_HEAD = re.compile(rb'^[\[\s]*\{[^{}]*"ip"\s*:\s*"[^"]{2,64}"[^{}]*"ports"\s*:\s*\[')
#: A port, or what it answered, with the second at the end or before the answer (``-oL``).
_LISTED = re.compile(rb"(open|closed|banner) (tcp|udp|sctp) (\d{1,5}) ([0-9A-Fa-f.:]{2,45}) (\d{9,10})(?: (\S{1,40}) (.*))?$")
_LIST_HEAD = b"#masscan"
_LAST_SECOND = 9_223_372_036


@dataclass(slots=True)
class Port:
    """A port of a host, with what the scan says of its service."""

    record: int
    port: int | None
    proto: str
    state: str = ""
    service: dict[str, str] = field(default_factory=dict)
    cpe: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Host:
    """A host that was scanned; ``ts`` is when, in ns UTC."""

    ts: int | None = None
    address: str = ""
    mac: str = ""
    hostname: str = ""
    os: str = ""
    os_accuracy: int = -1
    ports: list[Port] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


class NmapReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "nmap"

    def sniff(self, head: bytes) -> str | None:
        """An XML document whose root is ``nmaprun``, or masscan's array of objects with ``ip`` and ``ports``."""
        if _JSON_HEAD.match(head[:4096]):
            return MASSCAN
        if head.startswith(_LIST_HEAD):
            return MASSCAN_LIST
        return XML if b"nmaprun" in head and root_name(head) == "nmaprun" else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the scan, host by host."""
        batches = Batches(sink)
        with source.open() as stream:
            head = stream.read(4096)
        with source.open() as stream:
            try:
                if _JSON_HEAD.match(head):
                    _read_masscan(stream, batches)
                elif head.startswith(_LIST_HEAD):
                    _read_list(stream, batches)
                else:
                    _read_xml(stream, batches)
            finally:
                batches.close()


def _read_xml(stream: BinaryIO, batches: Batches) -> None:
    host: Host | None = None
    started: int | None = None
    for element in elements(stream, batches.sink):
        if element.path == ("nmaprun",) and element.start:
            started = _seconds(element.attributes.get("start"))
        elif element.path == ("nmaprun", "host"):
            if element.start:
                host = Host(ts=_seconds(element.attributes.get("starttime") or element.attributes.get("endtime")) or started)
            elif host is not None:
                write(host, batches)
                host = None
        elif host is not None:
            _of_host(host, element, batches.sink)
    if host is not None:  # the scan was cut short within a host
        write(host, batches)


def _of_host(host: Host, element: Element, sink: Sink) -> None:
    """Take what one element within a host says."""
    name, attributes, inside = element.name, element.attributes, element.path[2:-1]
    if inside == ("ports",) and name == "port" and element.start:
        if len(host.ports) >= MOST_PORTS:
            sink.diagnose("too_many_ports", f"A host has more than {MOST_PORTS} ports; the rest was not read.", element.line)
            return
        number = whole(attributes.get("portid"), 65_535)
        host.ports.append(Port(element.line, number, attributes.get("protocol", "")))
    elif inside[:2] == ("ports", "port") and host.ports:
        _of_port(host.ports[-1], element)
    elif inside == () and name == "address" and element.start:
        if attributes.get("addrtype") == "mac":
            host.mac = attributes.get("addr", "").lower()
        else:
            host.address = host.address or attributes.get("addr", "")
    elif inside == ("hostnames",) and name == "hostname" and element.start:
        host.hostname = host.hostname or attributes.get("name", "")
    elif inside == ("os",) and name == "osmatch" and element.start:
        accuracy = whole(attributes.get("accuracy"), 100) or 0
        if accuracy > host.os_accuracy:
            host.os, host.os_accuracy = attributes.get("name", ""), accuracy
    elif inside == ("hostscript",) and name == "script" and element.start:
        keep_script(host.scripts, attributes)


def _of_port(port: Port, element: Element) -> None:
    inside = element.path[4:]
    if element.start and inside == ("state",):
        port.state = element.attributes.get("state", "")
    elif element.start and inside == ("service",):
        port.service = dict(element.attributes)
    elif element.start and inside == ("script",):
        keep_script(port.scripts, element.attributes)
    elif not element.start and inside == ("service", "cpe") and element.text:
        port.cpe.append(element.text)


def keep_script(scripts: list[str], attributes: Any) -> None:
    """Keep what a script (``id``) said (``output``), if it is one whose results are of use."""
    name = attributes.get("id", "")
    if len(scripts) < _MOST_SCRIPTS and (name in _SCRIPTS or name.startswith("smb-vuln-")):
        text = " ".join(attributes.get("output", "")[: 4 * _SCRIPT_CHARACTERS].split())
        scripts.append(f"{name}: {text}"[:_SCRIPT_CHARACTERS])


def write(host: Host, batches: Batches, *, zone: str = "utc") -> None:
    """Write the rows of a host; ``zone`` tells how the zone of its time is known."""
    if not host.address:
        return
    when: dict[str, Any] = {"ts": host.ts, "ts_zone": zone if host.ts is not None else "none"}
    for port in host.ports:
        service = port.service
        product, version = service.get("product", "").strip(), service.get("version", "").strip()
        batches.add(
            "service",
            **when,
            record=port.record,
            host=host.address,
            hostname=host.hostname,
            mac=host.mac,
            port=port.port,
            proto=port.proto,
            state=port.state,
            service=service.get("name", ""),
            product=product,
            version=version,
            extra=service.get("extrainfo", ""),
            os=host.os or service.get("ostype", ""),
            cpe=port.cpe,
            tls=service.get("tunnel") == "ssl" or service.get("name") in ("https", "imaps", "pop3s", "ldaps", "dicom-tls"),
            scripts=[*port.scripts, *(host.scripts if port.state == "open" else [])],
        )
        if product and port.state == "open":
            batches.add(
                "software",
                **when,
                record=port.record,
                host=host.address,
                host_p=port.port,
                software_type=service.get("name", ""),
                name=product,
                version=version,
                unparsed_version=" ".join(part for part in (product, version) if part),
                cpe=next(iter(port.cpe), ""),
                source="scan",
            )


def _seconds(text: object) -> int | None:
    """Nanoseconds of whole seconds since 1970 written in digits."""
    number = whole(text, _LAST_SECOND)
    return number * 1_000_000_000 if number else None


def _read_masscan(stream: BinaryIO, batches: Batches) -> None:
    """One object per line inside an array, in some versions with a comma too many at the end."""
    number = 0
    while line := stream.readline(_LINE_BYTES):
        number += 1
        text = line.strip().strip(b"[],").strip()
        if not text or text == b"{finished: 1}":
            continue
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            batches.sink.diagnose("json_broken", "A line is not an object of masscan.", number)
            continue
        if not isinstance(found, dict) or not isinstance(found.get("ip"), str):
            batches.sink.diagnose("json_broken", "A line is not an object of masscan.", number)
            continue
        ts = _seconds(found.get("timestamp"))
        ports = found.get("ports")
        for port in ports if isinstance(ports, list) else []:
            if isinstance(port, dict):
                _masscan_port(found["ip"], ts, port, number, batches)


def _read_list(stream: BinaryIO, batches: Batches) -> None:
    """One port or answer per line; lines that begin with a number sign are remarks."""
    number = 0
    while line := stream.readline(_LINE_BYTES):
        number += 1
        text = line.strip()
        found = _LISTED.match(text)
        if found is not None:
            kind, proto, port, address, second, name, answer = (part.decode("utf-8", "replace") for part in found.groups(b""))
            told: dict[str, Any] = {"port": port, "proto": proto, "status": "open" if kind == "banner" else kind}
            if kind == "banner":
                told["service"] = {"name": name, "banner": answer}
            _masscan_port(address, _seconds(second), told, number, batches)
        elif text and not text.startswith(b"#"):
            batches.sink.diagnose("bad_line", "A line is none of masscan's list.", number)


def _masscan_port(address: str, ts: int | None, port: dict[str, Any], number: int, batches: Batches) -> None:
    service = port.get("service")
    banner = service if isinstance(service, dict) else {}
    batches.add(
        "service",
        ts=ts,
        ts_zone="utc" if ts is not None else "none",
        record=number,
        host=address,
        port=whole(port.get("port"), 65_535),
        proto=str(port.get("proto", "")),
        state=str(port.get("status") or ("open" if banner else "")),
        service=str(banner.get("name", "")),
        extra=str(banner.get("banner", ""))[:_SCRIPT_CHARACTERS],
        tls=str(banner.get("name", "")) in ("ssl", "X509"),
    )


READER: Reader = NmapReader()
