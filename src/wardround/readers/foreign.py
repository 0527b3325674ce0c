"""Formats that are known but not read, above all captures of other analysers: what they are, and what to do about it.

Not readers: these bytes give no tables, but whoever brings them learns how to bring what is read.
Sources: the magic numbers that the documentation of these tools and of ``editcap -F`` give; LZ4's frame format.
"""

from __future__ import annotations

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


def advice(head: bytes) -> str:
    """What a file that begins so is and what to do about it, empty when that is not known either."""
    for magic, kind, remedy in _KNOWN:
        if head.startswith(magic):
            return f"{kind}, which is not read; {remedy}"
    return ""
