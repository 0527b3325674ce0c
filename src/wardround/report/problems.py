"""Kinds of diagnostics in a sentence that anybody understands; the technical message stands beside it."""

from __future__ import annotations

from wardround.report.texts import Language


def sentence(code: str, language: Language) -> str:
    """What a diagnostic of this code means, empty for one that has no sentence."""
    _ = language.gettext
    sentences = {
        "archive_too_large": _("The archive holds more than may be unpacked; the rest was not read."),
        "assets_failed": _("The machines and their roles could not be told."),
        "bad_cell": _("Some values are not what their column should hold; they were left out."),
        "bad_line": _("Some lines are damaged; they were left out."),
        "bad_record": _("Some records are damaged; they were left out."),
        "care_failed": _("The services and what an attack would cost them could not be told."),
        "chunk_damaged": _("A part of the log is damaged; what could be recovered was read."),
        "cut_packets": _("The capture kept only the beginning of packets; what came after could not be seen."),
        "damaged_archive": _("The archive is damaged; it was read as far as possible."),
        "damaged_capture": _("The capture is damaged; it was read as far as possible."),
        "damaged_compression": _("The compressed file is damaged; it was read as far as possible."),
        "damaged_member": _("A file in the archive is damaged; it was read as far as possible."),
        "decompression_bomb": _("The file unpacks to an abnormal size, as a trap would; it was not read to its end."),
        "empty": _("The file is empty."),
        "encrypted_member": _("A file in the archive is encrypted; it was not read."),
        "evicted": _("Too many connections at once; some were closed before their end."),
        "file_truncated": _("The file is cut off; it was read as far as it goes."),
        "header_damaged": _("The beginning of the file is damaged; it was read as far as possible."),
        "header_missing": _("The beginning of the file is missing; it could not be read."),
        "incidents_failed": _("What belongs together could not be told."),
        "ignored": _("Left out on purpose: it holds no evidence."),
        "link_not_followed": _("A link to a directory; give the directory itself to have it examined."),
        "line_too_long": _("Some lines are abnormally long; they were left out."),
        "not_a_file": _("Not a file; it was not opened."),
        "keys_not_read": _("A zone too large for its keys to be used; signatures of mail were not checked with them."),
        "outlook_data_file": _("A mailbox of Outlook that needs a further package to be read; the message says which."),
        "packets_lost": _("Packets are missing from the capture; what they held could not be seen."),
        "reader_defect": _("wardround itself failed on this file; please report it."),
        "reading_failed": _("Reading this file failed; it was given up."),
        "record_unreadable": _("Some records are damaged; they were left out."),
        "time_missing": _("Some events bear no time."),
        "time_without_zone": _("The times bear no zone; universal time was assumed."),
        "too_deep": _("Archives within archives, too deep to be followed."),
        "too_many_members": _("The archive holds too many files; the rest was not read."),
        "truncated_capture": _("The capture is cut off; it was read as far as it goes."),
        "unknown_column": _("Some columns are not known; they were left out."),
        "unknown_event": _("Some kinds of events are not known; they were left out."),
        "unknown_format": _("The format of this file is not known; it was not read."),
        "unknown_log": _("This kind of log is not known; it was not read."),
        "unreadable": _("The file cannot be opened."),
        "value_cut": _("Some values are abnormally long; they were cut."),
    }
    return sentences.get(code, "")
