"""How many lines of a FortiGate (key=value) are read a second, beside a plain reader in Python with regular expressions.

``python benchmarks/syslog_lines.py [--lines N]``: lines are invented with a fixed seed (traffic, inspection,
VPN, administration), about 600 bytes each. Compilation is done before the clock starts.
"""

from __future__ import annotations

import argparse
import random
import re
import time

import pyarrow as pa
from mutating import Memory


def invent(count: int, seed: int = 1) -> bytes:
    """Lines as a FortiGate writes them: nine of ten tell of traffic."""
    chance = random.Random(seed)
    lines = []
    for number in range(count):
        head = (
            f'date=2026-03-10 time=08:{number // 60 % 60:02}:{number % 60:02} devname="fgt1" devid="FGT60F0000000001" '
            f'eventtime={1773126000000000000 + number * 1000003} tz="+0100" '
        )
        inside, outside = f"10.20.{chance.randrange(256)}.{chance.randrange(256)}", f"203.0.113.{chance.randrange(256)}"
        if number % 10:
            lines.append(
                f'{head}logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip={inside} '
                f'srcport={chance.randrange(65536)} srcintf="lan" srcintfrole="lan" dstip={outside} dstport=443 dstintf="wan1" '
                f'dstintfrole="wan" srccountry="Reserved" dstcountry="France" sessionid={number} proto=6 action="close" '
                f'policyid=12 policytype="policy" poluuid="8f6b0c8a-2f2c-51ee-0a33-1d2b4c9f7e01" policyname="out" '
                f'service="HTTPS" trandisp="snat" transip=198.51.100.7 transport={chance.randrange(65536)} '
                f'appcat="unscanned" duration={chance.randrange(600)} sentbyte={chance.randrange(10**6)} '
                f"rcvdbyte={chance.randrange(10**7)} sentpkt=12 rcvdpkt=14"
            )
        else:
            lines.append(
                f'{head}logid="0101039426" type="event" subtype="vpn" level="alert" vd="root" logdesc="SSL VPN login fail" '
                f'action="ssl-login-fail" tunneltype="ssl-web" tunnelid=0 remip={outside} user="u{chance.randrange(500)}" '
                'group="N/A" dst_host="N/A" reason="sslvpn_login_permission_denied" msg="SSL user failed to logged in"'
            )
    return "\n".join(lines).encode() + b"\n"


class Count:
    """A sink that counts rows."""

    rows = 0

    def write(self, table: str, rows: pa.Table) -> None:
        """Count."""
        self.rows += rows.num_rows

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Nothing may go wrong here."""
        raise SystemExit(f"{code}: {message}")


def ours(data: bytes) -> int:
    """Read with wardround's reader; rows."""
    import wardround.preload  # noqa: F401 - as every process that reads does
    from wardround.readers.syslog import READER

    sink, source = Count(), Memory(data)
    for span in READER.split(source):
        READER.read(source, span, sink)
    return sink.rows


_PAIR = re.compile(r'([A-Za-z0-9_.\-]+)=("(?:[^"\\]|\\.)*"|[^\s]*)')


def plain(data: bytes) -> int:
    """What a short Python reader does: one expression per line, a dictionary each; rows."""
    rows = [{key: value.strip('"') for key, value in _PAIR.findall(line)} for line in data.decode().splitlines()]
    return len(rows)


def grok(data: bytes) -> int:
    """The same with pygrok, as log shippers work: one pattern over a line."""
    from pygrok import Grok  # type: ignore[import-not-found]

    pattern = Grok(
        "date=%{DATA:date} time=%{TIME:time} devname=%{QS:devname} devid=%{QS:devid} eventtime=%{INT:eventtime} tz=%{QS:tz} "
        "logid=%{QS:logid} type=%{QS:type} subtype=%{QS:subtype} level=%{QS:level} vd=%{QS:vd} %{GREEDYDATA:rest}"
    )
    return sum(pattern.match(line) is not None for line in data.decode().splitlines())


READERS = {"wardround": ours, "python re": plain, "pygrok": grok}


def _work(job: tuple[str, int, int]) -> tuple[float, int]:
    name, lines, seed = job
    data = invent(lines, seed)
    READERS[name](data[: data.index(b"\n", 200_000) + 1])
    begin = time.process_time()
    rows = READERS[name](data)
    return time.process_time() - begin, rows


def main() -> None:
    """Print a line per reader: lines per second of processor time, so that a busy machine does not matter."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=400_000)
    options = parser.parse_args()
    print(f"lines of {len(invent(1000)) // 1000} bytes on average, one process")
    for name in READERS:
        lines = options.lines if name == "wardround" else options.lines // 10
        try:
            used, rows = _work((name, lines, 1))
        except ModuleNotFoundError:
            print(f"{name:12} not installed")
            continue
        assert rows == lines, (name, rows)
        print(f"{name:12} {rows / used:12,.0f} lines a second of one core")


if __name__ == "__main__":
    main()
