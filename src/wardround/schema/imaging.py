"""Tables of the imaging department: DICOM and HL7 on the wire and on disk, and the audit trail.

Patients are never named: what identifies one is a keyed token (:mod:`wardround.privacy`), equal for equal values.
"""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

DICOM_ASSOCIATION = table(
    "dicom_association",
    "One row per DICOM association asked for (PS3.8): who called whom, what for, and what came of it.",
    f"""{CONNECTION}
calling_ae              text    AE title of the caller
called_ae               text    AE title that was called
result                  label   accepted, rejected, aborted (before an answer) or unanswered
reject_result           count   Of a rejection: 1 permanent, 2 transient (PS3.8 table 9-21)
reject_source           count   Of a rejection: 1 user, 2 provider (ACSE), 3 provider (presentation)
reject_reason           count   Of a rejection: the reason, whose meaning depends on the source
abort_source            count   Of an abort: 0 user, 2 provider
abort_reason            count   Of an abort by the provider: its reason (PS3.8 table 9-26)
aborted                 flag    Whether it ended in an abort
released                flag    Whether it was released in order
tls                     flag    Whether it ran inside TLS; then it is told by its port, and nothing else of it can be read
user_identity           label   How the user proved an identity: none, username, passcode, kerberos, saml, jwt
username                text    User named in the negotiation
calling_implementation  label   Implementation class UID of the caller
calling_version         text    Implementation version name of the caller
called_implementation   label   Implementation class UID of the called
called_version          text    Implementation version name of the called
calling_max_pdu         count   Largest PDU the caller takes, in bytes; 0 for no limit
called_max_pdu          count   Largest PDU the called takes, in bytes; 0 for no limit
proposed                texts   Abstract syntaxes (UIDs) proposed
proposed_transfer       texts   Transfer syntaxes (UIDs) proposed
accepted                texts   Abstract syntaxes (UIDs) accepted
accepted_transfer       texts   Transfer syntaxes (UIDs) accepted
refused                 count   Presentation contexts refused
operations              count   DIMSE operations seen in it
bulk                    count   P-DATA bytes of data sets (not of commands), both ways
orig_bytes              count   Payload bytes from the caller
resp_bytes              count   Payload bytes from the called
duration                seconds From the request to the last packet
""",
)

DICOM_OPERATION = table(
    "dicom_operation",
    "One row per DICOM operation: a DIMSE request with its answers (PS3.7), or a DICOMweb or WADO request (PS3.18).",
    f"""{CONNECTION}
transport         label   dimse, dicomweb, wado_uri, or vendor_web (an archive's own web interface: Orthanc)
tls               flag    Whether the request was protected by TLS
calling_ae        text    AE title of the caller
called_ae         text    AE title that was called
operation         label   C-ECHO, C-STORE, N-CREATE …; QIDO-RS, WADO-RS, WADO-URI, STOW-RS, DELETE; WEB-QUERY, WEB-RETRIEVE
message_id        count   Message ID of the request
is_orig           flag    Whether the originator of the connection asked; false for the C-STOREs of a C-GET
sop_class         label   SOP class UID
sop_class_name    text    Its name
status            label   Final status, as 0x and four hexadecimal digits; unset without an answer
status_class      label   success, warning, failure, cancel, pending (no final answer) or unanswered
responses         count   Answers with a match (C-FIND, QIDO-RS), or instances sent in answer
completed         count   Sub-operations completed
failed            count   Sub-operations failed
warning           count   Sub-operations completed with a warning
move_destination  text    AE title that a C-MOVE sends to
move_originator   text    AE title whose C-MOVE made this C-STORE
query_level       label   PATIENT, STUDY, SERIES, IMAGE, or WORKLIST
keys              texts   Keywords of the keys asked with a value
wildcard_keys     texts   Keywords of the keys asked with a wildcard (* or ?)
universal_keys    texts   Keywords of the keys asked empty: everything matches
date_range        text    Study date or scheduled date asked for, as in the query
modality          label   Modality asked for or sent
transfer_syntax   label   Transfer syntax UID of the data set
patient_token     label   Token of the patient ID
study_token       label   Token of the Study Instance UID
series_token      label   Token of the Series Instance UID
instance_token    label   Token of the SOP Instance UID
accession_token   label   Token of the accession number
studies           count   Different studies in the answers or asked for
patients          count   Different patients in the answers
named_patients    flag    Whether names or IDs of patients were readable on the wire
authentication    label   Of a web request: none, basic, bearer, digest, cookie …
status_code       count   Of a web request: HTTP status
user_agent        text    Of a web request: the program that asked
bytes             count   Bytes of data set sent with the request and its answers
duration          seconds From the request to the final answer
""",
)

HL7_MESSAGE = table(
    "hl7_message",
    "One row per HL7 version 2 message, over MLLP or HTTP.",
    f"""{CONNECTION}
is_orig                 flag    Whether the originator of the connection sent it
transport               label   mllp or http
tls                     flag    Whether it was protected by TLS
sending_application     text    MSH-3
sending_facility        text    MSH-4
receiving_application   text    MSH-5
receiving_facility      text    MSH-6
message_type            label   MSH-9.1: ADT, ORM, ORU, SIU, ACK …
trigger_event           label   MSH-9.2: A01, O01, R01, S12 …
control_id              text    MSH-10
processing_id           label   MSH-11: P production, T training, D debugging
version                 label   MSH-12
segments                texts   Names of the segments, each once, in order
has_pid                 flag    Whether a patient is identified (PID)
has_obx                 flag    Whether results are carried (OBX)
has_orc                 flag    Whether an order is carried (ORC)
patient_token           label   Token of the patient ID (PID-3.1)
prior_patient_token     label   Token of the former patient ID in a merge (MRG-1.1)
birth_token             label   Token of the birth date (PID-7)
order_token             label   Token of the filler or accession number (OBR-3, else OBR-2)
order_control           label   ORC-1: NW, CA, SC …
modality                label   OBR-24
scheduled_ts            time    When the examination or appointment is planned (SCH-11.4, TQ1-7 or OBR-36)
acknowledgement         label   MSA-1: AA, AE, AR, CA …
acknowledged_id         text    MSA-2: control ID of the message acknowledged
latency                 seconds From the message to its acknowledgement, on the message's row
answer                  label   Acknowledgement code that this message received; unset without an answer
bytes                   count   Length of the message
""",
)

DICOM_FILE = table(
    "dicom_file",
    "One row per DICOM file (PS3.10), data set without a header, or file that was one. ts is its modification time.",
    """
path                  text   Where the file is; what names the patient in it is replaced
size                  count  Size in bytes
part10                flag   Whether DICM stands at byte 128
preamble              label  The first 128 bytes: zero, tiff, text, executable, elf, script, archive, pdf, html, other, absent
readable              flag   Whether the data set could be read to its end or to the pixel data
transfer_syntax       label  Transfer syntax UID
sop_class             label  SOP class UID
sop_class_name        text   Its name
modality              label  Modality
manufacturer          text   Manufacturer
model                 text   Model name of the device
software              text   Software versions of the device
station_name          text   Station name
institution           text   Institution name
implementation        label  Implementation class UID of the program that wrote the file
implementation_name   text   Implementation version name
source_ae             text   AE title that the file came from
deidentified          label  Patient Identity Removed: YES, NO, unset when it does not say
burned_in             label  Burned In Annotation: YES, NO, unset
has_patient_name      flag   Whether a patient's name stands in it
has_patient_id        flag   Whether a patient ID stands in it
has_birth_date        flag   Whether a birth date stands in it
patient_token         label  Token of the patient ID
name_token            label  Token of the patient's name
birth_token           label  Token of the birth date
study_token           label  Token of the Study Instance UID
series_token          label  Token of the Series Instance UID
instance_token        label  Token of the SOP Instance UID
accession_token       label  Token of the accession number
study_date            label  Study date as YYYYMMDD
frames                count  Number of frames
rows                  count  Rows of the image
columns               count  Columns of the image
pixel_digest          label  SHA-256 of the pixel data as stored
derived               flag   Whether it says that it was derived or lossily compressed
encapsulated_mime     label  MIME type an encapsulated document says it has
encapsulated_kind     label  What the document is by its bytes
embedded              texts  Executable or archive content found inside, as kind@offset
trailing_bytes        count  Bytes after the end of the data set
anomalies             texts  Structural anomalies, by short name
""",
)

AUDIT_EVENT = table(
    "audit_event",
    "One row per audit message of imaging systems: DICOM PS3.15 A.5, IHE ATNA (RFC 3881), FHIR AuditEvent.",
    """
form              label   dicom, rfc3881 or fhir
event_id          label   Event code: 110102, 110104, 110106, 110112, 110113, 110114 …
event_name        text    Its meaning
event_types       texts   Codes of the event type
action            label   C, R, U, D or E
outcome           count   0 success, 4 minor, 8 serious, 12 major failure
outcome_text      text    Description of the outcome
user              text    User ID of the one who asked for it
user_alternative  text    Alternative user ID
roles             texts   Roles of that user
node              address Network access point of that user
source_node       text    AE title or node that data left
destination_node  text    AE title or node that data went to
source_id         text    Audit source
patient_token     label   Token of the patient ID
patients          count   Different patients
study_tokens      texts   Tokens of the Study Instance UIDs
studies           count   Different studies
instances         count   Instances named
query             flag    Whether it holds a query
host              text    Host that sent the message (syslog header)
""",
)

PREVIOUS_DICOM_FILE = table(
    "previous_dicom_file",
    "What the round before, where one was named, had in table dicom_file: one row per file of the archive as it was then.",
    """
path      text  Where the file was, as that round told it
part10    flag  Whether DICM stood at byte 128
readable  flag  Whether the data set could be read
""",
    provenance=False,
)

TABLES = (DICOM_ASSOCIATION, DICOM_OPERATION, HL7_MESSAGE, DICOM_FILE, PREVIOUS_DICOM_FILE, AUDIT_EVENT)
