"""The walk over evidence: what is found, what is opened, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError, UserError
from wardround.evidence import FileSource, Found, Limits, Walk
from wardround.readers.base import SNIFF_BYTES

TEXT = b"#separator \\x09\n" + b"line of a log\n" * 100


def walk(tmp_path: Path, *paths: Path | str, limits: Limits | None = None, stdin: bytes | None = None) -> Found:
    scratch = tmp_path / ".scratch"
    scratch.mkdir(exist_ok=True)
    stream = io.BytesIO(stdin) if stdin is not None else None
    return Walk(scratch, limits or Limits()).run([str(path) for path in paths], stream)


def content(source: FileSource) -> bytes:
    with source.open() as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("plain", bytes),
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("gzip in zstd", lambda data: zstandard.ZstdCompressor().compress(gzip.compress(data))),
        ("two gzip members", lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:])),
        (
            "two zstd frames",
            lambda data: zstandard.ZstdCompressor().compress(data[:50]) + zstandard.ZstdCompressor().compress(data[50:]),
        ),
    ],
)
def test_compression_is_recognised_by_its_bytes(tmp_path: Path, name: str, pack: object) -> None:
    file = tmp_path / "evidence.bin"
    file.write_bytes(pack(TEXT))  # type: ignore[operator]
    found = walk(tmp_path, file)
    assert [content(s) for s in found.sources] == [TEXT]
    assert found.diagnostics == []
    with found.sources[0].local() as path:
        assert path.read_bytes() == TEXT


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_of(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [zip_of, tar_of, lambda m: tar_of(m, "w:gz"), lambda m: zip_of({"inner.zip": zip_of(m)})])
def test_archive_members_are_evidence(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "export"
    file.write_bytes(pack({"a/conn.log": TEXT, "b/dns.log.gz": gzip.compress(b"second")}))  # type: ignore[operator]
    found = walk(tmp_path, file)
    leaves = {s.path.rpartition("!")[2]: content(s) for s in found.sources if s.evidence_id not in found.containers}
    assert leaves == {"a/conn.log": TEXT, "b/dns.log.gz": b"second"}
    assert all("!" in s.path for s in found.sources[1:])


def test_member_names_are_never_paths(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    file = tmp_path / "evil.tar"
    file.write_bytes(tar_of({"../../outside": b"x", "/etc/wardround-test": b"y"}))
    found = walk(tmp_path, file)
    assert not outside.exists()
    assert not Path("/etc/wardround-test").exists()
    assert [s.path.partition("!")[2] for s in found.sources[1:]] == ["../../outside", "/etc/wardround-test"]
    assert all(tmp_path / ".scratch" in s.file.parents for s in found.sources[1:])


def test_decompression_bomb_is_stopped(tmp_path: Path) -> None:
    limits = Limits(ratio=50, ratio_from=1 << 20)
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(bytes(64 << 20)))
    found = walk(tmp_path, file, limits=limits)
    with pytest.raises(ReaderError) as caught, found.sources[0].open() as stream:
        while stream.read(1 << 16):
            pass
    assert caught.value.code == "decompression_bomb"


@pytest.mark.parametrize("pack", [zip_of, lambda m: tar_of(m, "w:gz")])
def test_archive_bomb_is_stopped_and_told(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "bomb"
    file.write_bytes(pack({"big": bytes(64 << 20), "small": b"still read"}))  # type: ignore[operator]
    found = walk(tmp_path, file, limits=Limits(ratio=50, ratio_from=1 << 20))
    assert "decompression_bomb" in {d.code for d in found.diagnostics}
    assert sum(f.stat().st_size for f in (tmp_path / ".scratch").iterdir()) < 8 << 20


def test_scratch_space_and_member_count_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "many.zip"
    file.write_bytes(zip_of({f"m{i}": os.urandom(1000) for i in range(20)}))
    found = walk(tmp_path, file, limits=Limits(members=5))
    assert len(found.sources) == 6
    assert [d.code for d in found.diagnostics] == ["too_many_members"]
    for left in (tmp_path / ".scratch").iterdir():
        left.unlink()
    found = walk(tmp_path, file, limits=Limits(scratch=4000))
    assert {d.code for d in found.diagnostics} == {"archive_too_large"}


def test_nested_archives_stop_at_the_depth(tmp_path: Path) -> None:
    data = TEXT
    for level in range(8):
        data = zip_of({f"level{level}.zip": data})
    file = tmp_path / "nested.zip"
    file.write_bytes(data)
    found = walk(tmp_path, file)
    assert [d.code for d in found.diagnostics] == ["too_deep"]
    assert len(found.sources) == Limits().depth + 1


def test_encrypted_and_damaged_members_are_told(tmp_path: Path) -> None:
    data = bytearray(zip_of({"log": TEXT}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1  # the flag bit "encrypted"
    (tmp_path / "encrypted.zip").write_bytes(data)
    (tmp_path / "cut.zip").write_bytes(zip_of({"log": TEXT})[:-30])
    (tmp_path / "cut.tar.gz").write_bytes(tar_of({"log": os.urandom(50_000)}, "w:gz")[:20_000])
    codes = {d.source.partition("!")[0].rpartition("/")[2]: d.code for d in walk(tmp_path, tmp_path).diagnostics}
    assert codes["encrypted.zip"] == "encrypted_member"
    assert codes["cut.zip"] == "damaged_archive"
    assert codes["cut.tar.gz"] == "damaged_compression"


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("size", [40_000, 3_000_000])
def test_what_comes_before_the_end_of_a_cut_compression_is_evidence(
    compress: Callable[[bytes], bytes], size: int, tmp_path: Path
) -> None:
    """A capture that is still being written, or a copy that broke off: it was refused as a whole before."""
    data = random.Random(1).randbytes(size)
    whole = b"".join(compress(data[at : at + 10_000]) for at in range(0, size, 10_000))
    file = tmp_path / "cut"
    file.write_bytes(whole[: len(whole) * 3 // 4 + 50])
    (source,) = walk(tmp_path, file).sources
    assert source.head() == data[: min(SNIFF_BYTES, len(source.head()))]
    assert len(source.head()) >= min(SNIFF_BYTES, size // 2)
    kept = b""
    with pytest.raises(ReaderError, match="ends or breaks") as told, source.local() as path:
        kept = path.read_bytes()
    assert told.value.code == "damaged_compression"
    assert size // 2 < len(kept) < size
    assert data.startswith(kept)


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "broken").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder)
    found = walk(tmp_path, folder)
    assert found.sources == []
    assert sorted(d.code for d in found.diagnostics) == ["link_not_followed", "not_a_file", "unreadable"]


def test_standard_input_is_evidence(tmp_path: Path) -> None:
    found = walk(tmp_path, "-", stdin=gzip.compress(TEXT))
    assert [(s.path, content(s)) for s in found.sources] == [("stdin", TEXT)]


def test_standard_input_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="more than may be laid out"):
        walk(tmp_path, "-", stdin=bytes(5000), limits=Limits(scratch=4000))


def test_a_path_that_is_not_there_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        walk(tmp_path, tmp_path / "missing")


def test_the_same_folder_gives_the_same_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    for name in ("z", "a", "b/m"):
        (folder / name).write_bytes(b"x")
    first = [(s.evidence_id, s.path) for s in walk(tmp_path, folder).sources]
    assert first == [(s.evidence_id, s.path) for s in walk(tmp_path, folder).sources]
    assert [path.removeprefix(f"{folder}/") for _, path in first] == ["a", "z", "b/m"]


PACKED = [
    gzip.compress(TEXT),
    zstandard.ZstdCompressor().compress(TEXT),
    zip_of({"x": TEXT}),
    tar_of({"x": TEXT}),
    lzma.compress(TEXT),
]


@settings(max_examples=120, deadline=None)
@given(
    data=st.sampled_from(PACKED),
    cut=st.integers(0, 2000),
    flips=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 255)), max_size=6),
)
def test_damaged_containers_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int, flips: list[tuple[int, int]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("fuzz")
    hostile = bytearray(data[: max(1, len(data) - cut)])
    for position, mask in flips:
        hostile[position % len(hostile)] ^= mask
    file = tmp_path / "evidence"
    file.write_bytes(hostile)
    found = walk(tmp_path, file, limits=Limits(scratch=1 << 20))
    for source in found.sources:
        try:
            source.head()
        except ReaderError as error:
            assert error.code


def test_links_to_directories_are_told_and_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "a.log").write_text("a")
    (folder / "link").symlink_to(folder / "real", target_is_directory=True)
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    found = walk(tmp_path, folder)
    assert [Path(source.path).name for source in found.sources] == ["a.log"]
    assert {(Path(d.source).name, d.code) for d in found.diagnostics} == {
        ("circle", "link_not_followed"),
        ("link", "link_not_followed"),
    }


def test_a_member_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("good", "x" * 9)
        archive.writestr("bad", "y" * 9)
    content = file.read_bytes()
    second = content.rindex(b"PK\x03\x04")
    file.write_bytes(content[:second] + b"PK\x00\x00" + content[second + 4 :])
    found = walk(tmp_path, file)
    assert [Path(source.path).name for source in found.sources] == ["a.zip", "a.zip!good"]
    assert [d.code for d in found.diagnostics] == ["damaged_member"]
