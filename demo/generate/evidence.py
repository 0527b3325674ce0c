"""Puts the day's evidence together as the hospital would hand it over: several formats, compressions and accidents."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from demo.generate import gateways, mailbox, network_office
from demo.generate import hospital as h
from demo.generate import windows as w
from demo.generate.attack import attack
from demo.generate.broken import interrupted_evtx, interrupted_lines, service_dump
from demo.generate.happenings import CLOSING, HOUR, OPENING, SECOND, ZONE, Happening
from demo.generate.imaging import imaging_capture
from demo.generate.ordinary import ordinary_day
from demo.generate.suricata import eve_lines
from demo.generate.traps import traps
from demo.generate.windows import windows_events
from demo.generate.windows_exports import evtx_dump_line, numbered, winlogbeat_line
from demo.generate.zeek import Row, zeek_json, zeek_logs, zeek_text

#: What the hospital tells about itself: written by hand, bundled beside the evidence.
SITE_FILE = Path(__file__).resolve().parent.parent / "site.toml"

#: Zeek's logs that the sensor writes as JSON; the others are in Zeek's own text format.
_ZEEK_JSON = ("dhcp", "ssl")

#: The connection log is rotated this often.
_ROTATION = 4 * HOUR

#: The last connections were in a log that was still being written when it was copied.
_UNFINISHED = 60

_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
_ZIP_TIME = (2026, 3, 11, 9, 0, 0)


def the_day() -> list[Happening]:
    """Everything that happened, in order of time."""
    return sorted((*ordinary_day(), *traps(), *attack()), key=lambda happening: happening.at)


def evidence_files(day: list[Happening]) -> dict[str, bytes]:
    """Every file of the evidence by its path, as bytes."""
    files: dict[str, bytes] = {}
    files |= _windows_files(windows_events(day))
    files |= _zeek_files(zeek_logs(day))
    files["suricata/eve-2026-03-10.json.gz"] = _gzip("".join(eve_lines(day)))
    files["imaging/switch-2026-03-10.pcap.gz"] = _packed(imaging_capture())
    files |= network_office.files()
    files |= mailbox.files()
    files["vpn/vpn1.log"] = "\n".join((*gateways.fortigate(day), "")).encode()
    files["imaging/ct1-service.dmp"] = service_dump()
    files["imaging/xr2/Security.evtx"] = interrupted_evtx()
    files["site.toml"] = SITE_FILE.read_bytes()
    return dict(sorted(files.items()))


def write_evidence(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write the files below a directory, replacing those that are there."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _gzip(text: str) -> bytes:
    return _packed(text.encode())


def evidence_gzip(text: str) -> bytes:
    """A text, compressed into the same bytes by every version of Python."""
    return _gzip(text)


def _packed(content: bytes) -> bytes:
    # Python's own gzip header depends on its version; this one names no time and no system (RFC 1952).
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    trailer = struct.pack("<II", zlib.crc32(content), len(content))
    return _GZIP_HEADER + deflate.compress(content) + deflate.flush() + trailer


def _zip(members: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in members.items():
            entry = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode())
    return stream.getvalue()


def _windows_files(events: list[w.Event]) -> dict[str, bytes]:
    """Servers forwarded their events all day; workstations were exported one channel at a time, the day after."""
    forwarded = []
    exported: dict[h.Host, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record, event in numbered(events):
        if event.host in h.SERVERS:
            forwarded.append(winlogbeat_line(record, event))
        else:
            member = event.channel.replace("/", "%4") + ".jsonl"
            exported[event.host][member].append(evtx_dump_line(record, event))
    files = {"windows/winlogbeat-2026-03-10.ndjson.gz": _gzip("".join(forwarded))}
    for host, channels in exported.items():
        members = {name: "".join(lines) for name, lines in sorted(channels.items())}
        files[f"windows/{host.name.lower()}-evtx.zip"] = _zip(members)
    return files


def _zeek_files(logs: Mapping[str, list[Row]]) -> dict[str, bytes]:
    files = {}
    for log, rows in logs.items():
        if log in _ZEEK_JSON:
            files[f"zeek/{log}.log.gz"] = _gzip("".join(zeek_json(log, rows)))
        elif log == "conn":
            files |= _rotated(log, rows[:-_UNFINISHED])
        else:
            files[f"zeek/{log}.log.gz"] = _gzip(zeek_text(log, rows, _zeek_time(OPENING), _zeek_time(CLOSING)))
    unfinished = zeek_text("conn", logs["conn"][-_UNFINISHED:], _zeek_time(CLOSING - HOUR // 4), _zeek_time(CLOSING))
    files["zeek/current/conn.log"] = interrupted_lines(unfinished, 0.8).encode()
    return files


def _rotated(log: str, rows: Iterable[Row]) -> dict[str, bytes]:
    parts: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        at = row["ts"]
        assert isinstance(at, int)
        parts[(at - OPENING) // _ROTATION].append(row)
    files = {}
    for number, part in sorted(parts.items()):
        start = OPENING + number * _ROTATION
        name = f"zeek/{log}.{_zeek_time(start)}.log.gz"
        files[name] = _gzip(zeek_text(log, part, _zeek_time(start), _zeek_time(start + _ROTATION)))
    return files


def _zeek_time(at: int) -> str:
    return f"{datetime.datetime.fromtimestamp(at // SECOND, ZONE):%Y-%m-%d-%H-%M-%S}"
