"""Tables about the round itself: the evidence, what could not be read, what rules matched."""

from __future__ import annotations

from wardround.schema import table

EVIDENCE = table(
    "evidence",
    "One row per piece of evidence: a file, or a member of an archive.",
    """
evidence_id  label  Short name of the evidence within this round (e1, e2 … in order of path)
path         text   Path as given; members of an archive after an exclamation mark
sha256       text   SHA-256 of the bytes of the file, in hexadecimal
format       label  What its bytes are (evtx, zeek_tsv, suricata_eve …), unknown when no reader recognises it
reader       label  The reader that took it, empty when none did
bytes        count  Size of the file in bytes, as stored
records      count  Rows read from it, over all tables
diagnostics  count  Diagnostics about it
first_ts     time   Earliest event read from it
last_ts      time   Latest event read from it
""",
    provenance=False,
)

DIAGNOSTIC = table(
    "diagnostic",
    "One row per problem met while reading: evidence that could not be (fully) read.",
    """
evidence_id  label  The evidence concerned (table evidence), empty when the round as a whole is
source       text   Its path
offset       int    Byte offset or record number of the problem, -1 when unknown
code         label  Short name of the kind of problem
message      text   What happened, in a sentence
recovered    flag   Whether reading went on after the problem
count        count  How many times; repeated problems of one kind are counted after the first few
""",
    provenance=False,
)

MATCH = table(
    "match",
    "One row per event that a rule matched.",
    """
rule_id      label  Identifier (uuid) of the rule
rule_name    text   Title of the rule
table        label  Table that holds the event
ts           time   When the event happened
evidence_id  label  The evidence it was read from
record       int    Position in that evidence
""",
    provenance=False,
)

TABLES = (EVIDENCE, DIAGNOSTIC, MATCH)
