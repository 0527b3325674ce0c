"""Files that are known but not read: told as what they are, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardround.evidence import Walk
from wardround.readers import foreign
from wardround.reading import identify


@pytest.mark.parametrize(
    ("head", "what", "remedy"),
    [
        (b"GMBU\0\2\1\0" + bytes(100), "Network Monitor", "editcap -F pcapng"),
        (b"XCP\x00002.001" + bytes(100), "NetXRay", "editcap -F pcapng"),
        (b"TRSNIFF data    \x1a\1\0\x12\0\4\0\0\0" + bytes(100), "Sniffer", "editcap -F pcapng"),
        (b"\x04\x22\x4d\x18\x64\x40\xa7" + bytes(100), "LZ4", "lz4 -d"),
        (b"I: Association Received (10.0.0.4: CT1 -> PACS)\nI: Received Store Request (MsgID 1, CT)\n", "DCMTK", "pcapng"),
        (
            b"[PACS] UPACS THREAD 45: STARTED AT: Mon Mar  2 08:00:00 2026\n[PACS] Calling Application",
            "Conquest",
            "configuration",
        ),
        (b"Mon Mar  2 08:00:00 2026\nvncClient.cpp : authentication failed\n", "VNC", "Windows events"),
        (
            b"2026/03/02 08:00:00.120  3160  3604 S0   AuthenticationBlocker::Allocate: ok\n",
            "TeamViewer",
            "Connections_incoming",
        ),
        (b"[2026-03-02 08:00:00.120 +01:00] INFO [src/server/connection.rs:390] Connection opened\n", "RustDesk", "captures"),
        (b"INFO  2026-03-02 08:00:00,123 [Main Server Thread] com.mirth.connect.server.Mirth: started\n", "Mirth", "pcapng"),
        (b"I0302 08:00:00.123456             MAIN main.cpp:2041] Orthanc has started\n", "Orthanc", "orthanc.json"),
    ],
)
def test_what_is_known_but_not_read_is_told_with_a_remedy(head: bytes, what: str, remedy: str, tmp_path: Path) -> None:
    scratch, file = tmp_path / "scratch", tmp_path / "given"
    scratch.mkdir()
    file.write_bytes(head)
    found = identify(Walk(scratch).run([str(file)]))
    assert found.formats == {"e1": ("foreign", "")}
    (told,) = found.diagnostics
    assert (told.code, told.recovered) == ("foreign_format", False)
    assert what in told.message
    assert remedy in told.message


def test_other_bytes_stay_unknown() -> None:
    assert foreign.advice(b"I: am a letter.\nW0302 is a course; 08:00:00.123456 x:1 y\n") == ""
    assert foreign.advice(b"GMB" + bytes(100)) == foreign.advice(b"") == ""
