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
    assert foreign.advice(b"GMB" + bytes(100)) == foreign.advice(b"") == ""
