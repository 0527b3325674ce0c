"""Formats that are known but not read, above all captures of other analysers: what they are, and what to do about it.

Not readers: these bytes give no tables, but whoever brings them learns how to bring what is read.
Sources: the magic numbers that the documentation of these tools and of ``editcap -F`` give; LZ4's frame format.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import re

_CONVERT = "save it as pcapng, or convert it with: editcap -F pcapng IN OUT"

#: First bytes, what they begin, and what to do.
_KNOWN = (
    (b"GMBU", "a capture of Microsoft's Network Monitor", _CONVERT),
    (b"RTSS", "a capture of Microsoft's Network Monitor 1", _CONVERT),
    (b"TRSNIFF data    \x1a", "a capture of the Sniffer", _CONVERT),
    (b"XCP\0", "a capture of NetXRay or the Sniffer for Windows", _CONVERT),
    (b"ObserverPktBuffer", "a capture of Observer", _CONVERT),
    (b"\x7fver", "a capture of OmniPeek or EtherPeek", _CONVERT),
    (b"TR\0\x64\0", "a trace of HP-UX (nettl)", _CONVERT),
    (b"iptrace 1.0", "a trace of AIX (iptrace)", _CONVERT),
    (b"iptrace 2.0", "a trace of AIX (iptrace)", _CONVERT),
    (b"\x05VNF", "a capture of Visual Networks", _CONVERT),
    (b"\xaa\xaa\xaa\xaa\x20\0\0\0", "a capture of InfoVista 5View", _CONVERT),
    (b"\x01\x10\x4c\0\x01\x05Trace Display", "a capture of Novell's LANalyzer", _CONVERT),
    (b"+---------+---------------+----------+", "packets written as text by a K12 analyser", _CONVERT),
    (b"\x04\x22\x4d\x18", "compressed by LZ4", "decompress it first: lz4 -d IN OUT"),
)

_CAPTURE = "record the exchange itself (pcapng), or give what the archive knows of its partners (its configuration)"

#: How the first lines of outputs and logs begin that hold nothing for a table, what they are, and what to do.
_SHAPED = (
    (rb"(?m)^[DIWEFT]: +(?:Association |Requesting |Request(?:ed)? |Received |Sending |Listening|\$dcmtk|checking input)", "messages of a DCMTK program", _CAPTURE),
    (rb"(?m)^(?:\[[\w-]{1,40}\] )?(?:UPACS THREAD \d|UPACS CONNECT|DGATE \()", "the log of a Conquest DICOM server", _CAPTURE),
    (rb"(?m)^ ?(?:INFO|WARN|ERROR|DEBUG) +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} +\[[^\]\n]{1,200}\] +com\.mirth\.", "the program log of Mirth Connect", _CAPTURE),
    (rb"(?m)^vnc\w{1,30}\.cpp ?: ", "the log of TightVNC or WinVNC, whose lines bear no time", "give the Windows events of this computer"),
    (rb"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3} +\d{1,9} +\d{1,9} +[A-Z]\d?[!+ -]* ", "the program log of TeamViewer", "give Connections_incoming.txt, which lies beside it"),
    (rb"(?m)^(?:\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} [+-]\d\d:\d\d\] \w{4,5} \[(?:src|libs)/)", "the program log of RustDesk", "give the Windows events or captures of this computer"),
    (rb"(?m)^[TIWE]\d{4} \d\d:\d\d:\d\d\.\d{6} +(?:\S+ )?[\w.-]{1,60}:\d{1,6}\] ", "the program log of Orthanc", "give its configuration (orthanc.json) and the log of the web server before it"),
)  # fmt: skip
_SHAPES = tuple((re.compile(pattern), kind, remedy) for pattern, kind, remedy in _SHAPED)
_SHAPED_BYTES = 4096


def advice(head: bytes) -> str:
    """What a file that begins so is and what to do about it, empty when that is not known either."""
    for magic, kind, remedy in _KNOWN:
        if head.startswith(magic):
            return f"{kind}, which is not read; {remedy}"
    for shape, kind, remedy in _SHAPES:
        if shape.search(head[:_SHAPED_BYTES]):
            return f"{kind}, which is not read; {remedy}"
    return ""
