"""Tables of cloud services: what their audits record, and messages in transit."""

from __future__ import annotations

from wardround.schema import table

CLOUD_EVENT = table(
    "cloud_event",
    "One row per operation that the audit of a cloud service recorded (Microsoft 365, Entra ID), but for logons, which are in "
    "logon. Names of files and subjects of messages are not kept.",
    """
service      label    exchange, entra, sharepoint, onedrive, teams …
operation    text     The service's name of the operation
kind         label    rule, forwarding, permission, consent, second_factor, role, access, deletion, audit, other
user         text     Who did it
source       address  From where
client       text     Program used, as it names itself
outcome      label    success or failure
mailbox      text     Mailbox or account that it is about
target       text     Where mail is sent, who gets the right, which application or role
hides        text     How a rule puts messages aside: delete, or the folder
words        text     What a rule looks for; of a consent, for whom (Principal: one person, AllPrincipals: everybody)
permissions  text     Rights given to an application or a person
""",
)

MAIL_TRACE = table(
    "mail_trace",
    "One row per message, event and recipient that a mail server tells (Exchange tracking, message traces). No subjects.",
    """
message_id  text     Message-ID
sender      text     Sender's address
recipient   text     Recipient's address
recipients  count    Recipients of the message in this event
related     text     Address in whose place the recipient stands (redirect)
event       label    receive, send, deliver, fail, redirect, delivered …
via         label    smtp, storedriver, mailboxrule, routing …
source      address  Address of the client
server      text     Server
direction   label    incoming, originating, inbound, outbound, as told
bytes       count    Size
""",
)

TABLES = (CLOUD_EVENT, MAIL_TRACE)
