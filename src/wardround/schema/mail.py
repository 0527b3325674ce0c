"""Tables of mail: messages, their links and attachments, and what domains and receivers say about mail in general.

Bodies are never kept: only features, digests and short excerpts without what could identify a patient.
"""

from __future__ import annotations

from wardround.schema import table

MAIL_MESSAGE = table(
    "mail_message",
    "One row per message. ts is when the receiving server took it, else its Date. record is its index in the evidence, from 1.",
    """
path             text    Evidence it stands in, members of archives after an exclamation mark
folder           text    Mailbox or folder it lay in, where the evidence tells
part             text    Path of the part that holds it, when it was attached to another message
message_id       text    Message-ID without brackets
date             time    Date header
received         time    When the last server took it
from_display     text    Display name of From
from_address     text    Address of From
from_domain      text    Domain of From
from_organization text   Organizational domain of From (public suffix and one label)
from_count       count   Addresses in From
sender_address   text    Address of Sender
reply_to_address text    First address of Reply-To
reply_to_domain  text    Its domain
reply_to_organization text Its organizational domain
return_path_address text Address of Return-Path, or the envelope sender seen on the wire
return_path_domain text  Its domain
return_path_organization text Its organizational domain
to               texts   Addresses of To
cc               texts   Addresses of Cc
recipient        text    Whom it was delivered to: Delivered-To, the last Received header, or the only address of To
recipients       count   Addresses of To and Cc together
undisclosed      flag    No recipient is named in To or Cc
subject          text    Subject, without what could identify a patient
in_reply_to      text    Message-ID it answers
references       count   Message-IDs in References
answers          flag    The subject begins like an answer or a forwarded message (Re:, Fwd:, TR: …)
direction        label   inbound, outbound, internal; unset where the site file does not name its domains
list             flag    It came over a mailing list (List-Id or List-Post)
list_id          text    List-Id
bulk             flag    Says that it is bulk mail: Precedence, List-Unsubscribe or Feedback-ID
unsubscribe      flag    It names a way to unsubscribe (List-Unsubscribe)
automatic        flag    An automatic answer or notice (Auto-Submitted, or the empty envelope sender)
language         label   Language of the text: fr, en, de, es, it, nl, pt; unset when it cannot be told
spf              label   Believed result of SPF: pass, fail, softfail, neutral, none, temperror, permerror
dkim             label   Believed result of DKIM
dmarc            label   Believed result of DMARC
arc              label   Believed result of ARC
spf_domain       text    Domain that SPF was checked for
dkim_domains     texts   Domains whose signature passed
aligned          flag    SPF or DKIM passed for the organizational domain of From (RFC 7489, 3.1)
authentication_source label Whose results: site (a receiver it names), received (proven by the hops), verified here
receiver         text    Server whose results are believed
external_address address First client outside the receiving organization, as its server saw it
external_name    text    Its name, as looked up
external_helo    text    What it called itself
external_tls     flag    Whether it used TLS
originating_address address Address of the author's client, where a header tells (X-Originating-IP)
hops             count   Received headers
open_hops        count   Hops over the network that tell of SMTP without TLS
mailer           text    Program that wrote it (X-Mailer, User-Agent)
bytes            count   Size of the message
parts            count   Leaves of its structure
attachments      count   Attachments
links            count   Links
images           count   Images
text_characters  count   Characters of visible text
subject_fingerprint text Similarity hash of the subject (64 bits in hexadecimal)
body_fingerprint text    Similarity hash of the visible text (64 bits in hexadecimal)
body_sha256      text    SHA-256 of the letters of the first 20,000 characters of visible text
excerpt          text    Beginning of the visible text, without what could identify a patient
anomalies        texts   What deviates from the standards: names of faults
fraud_probability real   Probability that it is a fraud, from 0 to 1
verdict          label   fraud, suspicious or ordinary
signals          texts   Names of the signals that made the verdict, the heaviest first
weights          reals   Their weights, in the same order
explanation      texts   What was seen, in the same order
""",
)

MAIL_LINK = table(
    "mail_link",
    "One row per link of a message; evidence_id and record are those of the message.",
    """
message_id   text   Message-ID of the message
recipient    text   Whom the message was delivered to
from_organization text Organizational domain of its From
url          text   Where it leads, unwrapped, without user name, password, fragment; ordinary mail: without values of the query
host         text   Host of the URL, in ASCII
organization text   Organizational domain of the host
scheme       label  Scheme of the URL
text         text   Visible text
text_host    text   Host that the visible text names
wrapper      label  Who had wrapped it: safelinks, proofpoint …
origin       label  Where it was found: html, text, form, qr, pdf, ics, svg, attachment
part         text   Path of the part
signals      texts  Signals about this link
verdict      label  Verdict about the message
""",
)

MAIL_ATTACHMENT = table(
    "mail_attachment",
    "One row per attachment or embedded file of a message; evidence_id and record are those of the message.",
    """
message_id   text   Message-ID of the message
recipient    text   Whom the message was delivered to
from_organization text Organizational domain of its From
part         text   Path of the part
filename     text   File name as written, without what could identify a patient
extension    label  Last extension of the name
declared     label  Declared media type
kind         label  What its bytes are: pdf, docx, html, executable, zip …
bytes        count  Size, decoded
sha256       text   SHA-256 of the decoded bytes, unset when they were more than are kept
disposition  label  attachment or inline
embedded     flag   Referred to by the text (Content-ID), not shown as an attachment
encrypted    flag   Encrypted archive or document
members      texts  Names within an archive, the first ones
signals      texts  Signals about this attachment
verdict      label  Verdict about the message
""",
)

DMARC_REPORT = table(
    "dmarc_report",
    "One row per record of a DMARC aggregate report (RFC 7489, 7.2): mail that claimed to be from a domain. ts is its end.",
    """
reporter       text    Organization that reports
report_id      text    Its number
begin          time    Begin of the time reported on
end            time    End of the time reported on
domain         text    Domain whose policy was applied
policy         label   Published policy: none, quarantine, reject
subdomain_policy label Published policy for subdomains
percent        int     Share of mail the policy applies to
dkim_alignment label   r (relaxed) or s (strict)
spf_alignment  label   r (relaxed) or s (strict)
source         address Address that sent
messages       count   Messages
disposition    label   What the receiver did: none, quarantine, reject
dkim           label   Aligned result of DKIM
spf            label   Aligned result of SPF
reasons        texts   Why the receiver deviated from the policy
header_from    text    Domain of From
envelope_from  text    Domain of the envelope sender
envelope_to    text    Domain of the recipients
dkim_domains   texts   Domains that signed
dkim_results   texts   Result of each
dkim_selectors texts   Selector of each
spf_domain     text    Domain that SPF was checked for
spf_result     label   Result of SPF
""",
)

TLS_REPORT = table(
    "tls_report",
    "One row per policy, or per kind of failure under it, of an SMTP TLS report (RFC 8460). ts is its end.",
    """
reporter       text    Organization that reports
report_id      text    Its number
begin          time    Begin of the time reported on
end            time    End of the time reported on
policy_type    label   sts, tlsa or no-policy-found
domain         text    Domain the policy is for
successes      count   Sessions that succeeded
failures       count   Sessions that failed
failure        label   Kind of failure (result-type)
failed_sessions count  Sessions that failed so
sending_address address Address that sent
receiving_host text    Mail exchanger
receiving_address address Its address
reason         text    Reason code or further information
""",
)

MAIL_POLICY = table(
    "mail_policy",
    "One row per DNS record about mail of a domain, from a zone export or checkdmarc's JSON. record is the line or position.",
    """
domain     text    Domain it is for
kind       label   spf, dmarc, dkim, mx, mta_sts, tls_rpt, bimi
selector   text    Selector of a DKIM key
value      text    The record as published; unset when the domain publishes none and that is known
valid      flag    Whether it is valid, where the source says so
policy     label   spf: what its last mechanism says (pass, neutral, softfail, fail); dmarc: none, quarantine, reject
subdomain_policy label dmarc: policy for subdomains, as published or inherited
percent    int     dmarc: share of mail
lookups    int     spf: DNS lookups it takes, where the source says so
key_bits   int     dkim: bits of the key
problems   texts   What is wrong, in the words of the source
source     label   zone, checkdmarc or dns
""",
)

TABLES = (MAIL_MESSAGE, MAIL_LINK, MAIL_ATTACHMENT, DMARC_REPORT, TLS_REPORT, MAIL_POLICY)
