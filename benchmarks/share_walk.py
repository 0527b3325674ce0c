"""A share of DICOM files, a tenth of it encrypted in place: counted rightly, nothing on the untouched tree, and how fast.

``python benchmarks/share_walk.py DIR [FILES]`` makes the tree (default 100,000 files; uncompressed, JPEG and JPEG 2000 in
turn), examines it untouched, encrypts a tenth of it in place, examines it again, and times the walk beside ``find`` and
``file``. DIR is emptied first. Exits 1 when anything is found on the untouched tree or the count is not right.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import measure

FILES = 100_000
PER_FOLDER = 200
_HEAD = bytes(128) + b"DICM\x02\0\0\0UL\x04\0\xc4\0\0\0"
_FRAGMENT = b"\xfe\xff\0\xe0\0\0\0\0"


def _content(noise: random.Random, number: int) -> bytes:
    if number % 3 == 0:
        return _HEAD + bytes(noise.choices(range(60), k=256)) * 24
    return _HEAD + _FRAGMENT + (b"\xff\xd8\xff\xe0" if number % 3 == 1 else b"\xffO\xffQ") + noise.randbytes(6_000)


def make(root: Path, files: int) -> list[Path]:
    """Write the tree; every other file has the ending .dcm, as archives differ in that."""
    noise, made = random.Random(3), []
    for number in range(files):
        folder = root / f"{2016 + number * 10 // files}" / f"study{number // PER_FOLDER:06d}"
        folder.mkdir(parents=True, exist_ok=True)
        made.append(folder / (f"IM{number:07d}.dcm" if number % 2 else f"IM{number:07d}"))
        made[-1].write_bytes(_content(noise, number))
    return made


def _found(share: Path) -> dict[str, int]:
    from wardround import pipeline

    with tempfile.TemporaryDirectory() as scratch:
        document = pipeline.examine(pipeline.Request(paths=(), out=Path(scratch) / "round", shares=(str(share),)))
    return {finding.detection: finding.events for finding in document.findings}


def _walk_alone(share: Path) -> float:
    from wardround.evidence import FileSource
    from wardround.readers.share.walk import READER

    class Nothing:
        def write(self, table: str, rows: object) -> None:
            """Rows are not wanted here."""

        def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
            """Nor are diagnostics."""

    source = FileSource("e1", str(share), share)
    start = time.monotonic()
    for span in READER.split(source):
        READER.read(source, span, Nothing())
    return time.monotonic() - start


def main(arguments: list[str]) -> int:
    """Make, examine, encrypt, examine again, and time."""
    plain = [argument for argument in arguments if not argument.startswith("--")]
    root, files = Path(plain[0]), int(plain[1]) if len(plain) > 1 else FILES
    shutil.rmtree(root, ignore_errors=True)
    start = time.monotonic()
    made = make(root, files)
    print(f"made {files} files in {time.monotonic() - start:.1f} s")
    untouched = _found(root)
    print(f"untouched: findings {untouched or 'none'}")
    alone = _walk_alone(root)
    print(f"walk alone, one process: {alone:.2f} s, {files / alone:,.0f} files/s")
    examine = [sys.executable, "-m", "wardround", "examine", "-q", "--share", str(root), "-o", f"{root}-round"]
    whole = measure("examine", examine)
    shutil.rmtree(f"{root}-round", ignore_errors=True)
    print(f"examine --share, end to end: {whole.seconds:.2f} s, {files / whole.seconds:,.0f} files/s, {whole.peak_mib:.0f} MiB")
    for name, command in (
        ("find", f"find {root} -type f -printf '%i %s %T@ %p\\n' > /dev/null"),
        ("find + file", f"find {root} -type f -print0 | xargs -0 file --mime-type > /dev/null"),
    ):
        if shutil.which(name.split()[-1]) is None:
            print(f"{name}: not installed")
            continue
        start = time.monotonic()
        subprocess.run(["sh", "-c", command], check=True)
        taken = time.monotonic() - start
        print(f"{name}: {taken:.2f} s, {files / taken:,.0f} files/s")
    noise = random.Random(5)
    for path in noise.sample(made, files // 10):
        path.write_bytes(noise.randbytes(path.stat().st_size))
    encrypted = _found(root)
    print(f"{files // 10} encrypted in place: findings {encrypted}")
    return 0 if not untouched and encrypted.get("RW-A03") == files // 10 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
