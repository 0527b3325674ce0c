"""Kinds of diagnostics in a sentence that anybody understands; the technical message stands beside it.

Every code that any module gives has its sentence here: a test reads them from the sources.
"""

from __future__ import annotations

from collections.abc import Callable

from wardround.report.texts import Language

_Translate = Callable[[str], str]


def sentence(code: str, language: Language) -> str:
    """What a diagnostic of this code means, empty for one that has no sentence."""
    return codes(language).get(code, "")


def codes(language: Language) -> dict[str, str]:
    """The sentence of every code."""
    _ = language.gettext
    told = {**_files(_), **_formats(_), **_contents(_), **_captures(_), **_mail(_), **_judgement(_)}
    return {code: text for text, names in told.items() for code in names.split()}


def _files(_: _Translate) -> dict[str, str]:
    """Files, archives and folders: sentence and codes."""
    return {
        _("The archive holds more than may be unpacked; the rest was not read."): "archive_too_large",
        _("The archive is damaged; it was read as far as possible."): "damaged_archive",
        _("The archive holds too many files; the rest was not read."): "too_many_members",
        _("A file in the archive is damaged; it was read as far as possible."): "damaged_member",
        _("A file in the archive is encrypted; it was not read."): "encrypted_member",
        _("Archives within archives, too deep to be followed."): "too_deep",
        _("The compressed file is damaged; it was read as far as possible."): "damaged_compression",
        _("The file unpacks to an abnormal size, as a trap would; it was not read to its end."): "decompression_bomb",
        _("The file is empty."): "empty",
        _("The file is cut off; it was read as far as it goes."): "file_truncated report_unfinished",
        _("The file or folder cannot be opened."): "unreadable",
        _("The beginning of the file is damaged; it was read as far as possible."): "header_damaged",
        _("The beginning of the file is missing; it could not be read."): "header_missing header_lost",
        _("A link to a directory; give the directory itself to have it examined."): "link_not_followed",
        _("Not a file; it was not opened."): "not_a_file",
        _("The file is larger than may be read at once; it was not read, or not to its end."): (
            "too_large document_too_large json_too_long xml_too_long decoded_too_large message_too_long"
        ),
        _("The share holds more files than are looked at; a sample of them was taken."): "share_sampled",
        _("Folders within folders, too deep to be followed."): "share_too_deep",
        _("A list of files tells names, sizes and times; what the files hold was not seen."): "content_not_seen",
        _("wardround itself failed on this file; please report it."): (
            "reader_defect parser_defect judge_defect wrong_column wrong_type"
        ),
        _("Reading this file failed; it was given up."): "reading_failed",
    }


def _formats(_: _Translate) -> dict[str, str]:
    """What is known and not known of the format: sentence and codes."""
    return {
        _("The format of this file is not known; it was not read."): "unknown_format",
        _("The format of this file is known, but it is not read; the message says what to do."): "foreign_format",
        _("This kind of log is not known; it was not read."): "unknown_log",
        _("The file is not what it seemed at its beginning; it was not read."): (
            "not_a_capture not_a_message not_a_report not_an_audit_message not_json not_windows_events not_a_setting "
            "unsupported_header"
        ),
        _("Left out on purpose: it holds no evidence."): "ignored ignored_kind",
        _("Some parts of this export tell nothing that is looked for; they were left out."): "not_read",
        _("Some columns are not known; they were left out."): "unknown_column",
        _("Some kinds of events are not known; they were left out."): "unknown_event",
        _("Some lines are of a kind that is not known; they were left out."): "unknown_line unknown_kind",
        _("The file refers to another one that was not read with it."): "not_included",
        _("The structure of the file is damaged; it was read as far as possible."): (
            "json_broken xml_broken archive_damaged bad_json damaged_compound_file damaged_data_file"
        ),
        _("The file is nested too deeply, as a trap would be; it was not read to its end."): "json_too_deep xml_too_deep",
        _("The file defines abbreviations that could grow without end; they were not followed."): "xml_entities",
        _("A mailbox of Outlook that needs a further package to be read; the message says which."): "outlook_data_file",
    }


def _contents(_: _Translate) -> dict[str, str]:
    """Lines, records and values: sentence and codes."""
    return {
        _("Some values are not what their column should hold; they were left out."): "bad_cell",
        _("Some lines are damaged; they were left out."): "bad_line bad_row short_row",
        _("Some records are damaged; they were left out."): (
            "bad_record bad_entry data_set_broken record_unreadable raw_unreadable audit_message_broken"
        ),
        _("Some lines are abnormally long; they were left out."): "line_too_long record_too_long",
        _("Some values are abnormally long; they were cut."): "value_cut",
        _("Some characters could not be told; they were replaced."): "not_utf8",
        _("A part of the log is damaged; what could be recovered was read."): "chunk_damaged",
        _("There is more of one kind than is looked at; the rest was left out."): (
            "many_records too_many_columns too_many_hosts too_many_names too_many_parts too_many_ports too_many_products "
            "too_many_records too_many_settings"
        ),
        _("Some events bear no time."): "time_missing no_time",
        _("The times bear no zone; universal time was assumed."): "time_without_zone",
        _("The times bear no year; it was told from what is around them."): "year_assumed no_year",
        _("The computer is not named in what it tells; give the file the name of the computer."): "host_not_named",
        _("The exclusions of the antivirus were hidden from whoever made the export."): "exclusions_hidden",
    }


def _captures(_: _Translate) -> dict[str, str]:
    """Captures: sentence and codes."""
    return {
        _("The capture kept only the beginning of packets; what came after could not be seen."): "cut_packets",
        _("The capture is damaged; it was read as far as possible."): "damaged_capture",
        _("The capture is cut off; it was read as far as it goes."): "truncated_capture",
        _("Packets are missing from the capture; what they held could not be seen."): "packets_lost",
        _("Some packets come from a kind of network that is not read."): "unknown_link",
        _("Too many connections at once; some were closed before their end."): "evicted",
        _(
            "Some connections were too long to be followed to their end; what they carried later was not seen."
        ): "payload_given_up",
        _("Some packets came in pieces that could not be put together."): "fragments_dropped",
        _("Odd packets of the same kind are only counted after the first few."): "weirds_not_shown",
        _("Lines of a log tell of more repetitions than were counted."): "repetitions_cut",
        _("A table of Windows events holds messages without their fields; save the log as .evtx or XML instead."): (
            "events_without_fields"
        ),
    }


def _mail(_: _Translate) -> dict[str, str]:
    """Messages: sentence and codes."""
    return {
        _("A zone too large for its keys to be used; signatures of mail were not checked with them."): "keys_not_read",
        _("The message has no headers, or no sender; it was read as far as possible."): "no_headers no_from",
        _("The parts of the message are not what it announces, as is often so in fraud; it was read as far as possible."): (
            "boundary_not_found no_boundary unclosed_multipart malformed_part_header unknown_transfer_encoding"
        ),
        _("The message holds many others; only the first of them were read."): "many_attached_messages",
        _("The characters of the message are not in the set that it announces."): "unknown_charset wrong_charset",
    }


def _judgement(_: _Translate) -> dict[str, str]:
    """What follows from the evidence: sentence and codes."""
    return {
        _("The machines and their roles could not be told."): "assets_failed",
        _("The services and what an attack would cost them could not be told."): "care_failed",
        _("What belongs together could not be told."): "incidents_failed",
        _("Why messages count as frauds could not be told."): "mail_failed",
        _("A check could not be made; it counts as not assessed."): "detection_failed",
        _("A check found more than is shown; the first are shown."): "too_many_findings",
        _("There were more rows than one question looks at; the rest was not looked at."): "rows_cut",
        _("Events without a time could not be put in order with others."): "events_without_time",
    }
