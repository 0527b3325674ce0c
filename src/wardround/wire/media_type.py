"""The media type of content by its first bytes: what is common, and what is dangerous."""

from __future__ import annotations

#: How many bytes :func:`media_type` wants to see.
PREFIX = 256

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "application/x-dosexec"),
    (b"\x7fELF", "application/x-executable"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"Rar!\x1a\x07", "application/x-rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/x-gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "text/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (b"\xca\xfe\xba\xbe", "application/x-java-applet"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/x-ms-bmp"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"#!", "text/x-shellscript"),
    (b"<?php", "text/x-php"),
    (b"<?xml", "application/xml"),
)

_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<h1", b"<script", b"<table")

_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\f\b\x1b")


def media_type(prefix: bytes) -> str | None:
    """The media type of content that begins with ``prefix``, None where it cannot be told."""
    for magic, name in _MAGIC:
        if prefix.startswith(magic):
            return name
    if prefix[128:132] == b"DICM":
        return "application/dicom"
    if not prefix:
        return None
    start = prefix.lstrip(b"\xef\xbb\xbf \t\r\n")[:32].lower()
    if start.startswith(_HTML):
        return "text/html"
    if start.startswith((b"{", b"[")) and b'"' in start:
        return "text/json"
    return None if prefix.translate(None, _CONTROL) != prefix else "text/plain"
