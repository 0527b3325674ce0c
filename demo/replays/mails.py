"""Mails of a replay: ordinary ones of the week, and the lure that began an attack, as messages of a mailbox (mbox)."""

# ruff: noqa: E501 (headers are long)

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP

from demo.generate import hospital as h

_ZIP_TIME = (2021, 3, 16, 9, 0, 0)
_ORDINARY = (
    (
        "Réunion de service jeudi",
        "Bonjour à tous,\n\nla réunion de service est déplacée à jeudi 14 h, salle B.\n\nCordialement",
    ),
    ("Astreintes d’avril", "Bonjour,\n\nle planning est affiché dans le bureau des manipulateurs.\n\nBonne journée"),
    ("Maintenance de l’IRM", "Bonjour,\n\nle constructeur passe mardi matin ; la salle sera libre à partir de 13 h.\n\nMerci"),
)


def mailbox(lure: EmailMessage, moment: datetime.datetime, reader: h.Account) -> bytes:
    """A mailbox with ordinary mails of colleagues and the lure."""
    messages = [(moment, lure)]
    for number, (subject, text) in enumerate(_ORDINARY * 3):
        when = moment + datetime.timedelta(days=number - 4, hours=number)
        message = _message(f"a.corvec@{h.PUBLIC_NAME}", reader, subject, when, number)
        message["Received"] = (
            f"from mail.{h.PUBLIC_NAME} (mail.{h.PUBLIC_NAME} [10.20.1.60]) by mx.{h.PUBLIC_NAME}; {when:%a, %d %b %Y %H:%M:%S +0000}"
        )
        message.set_content(text)
        messages.append((when, message))
    messages.sort(key=lambda pair: pair[0])
    return b"".join(_entry(when, message) for when, message in messages)


def lure(reader: h.Account, moment: datetime.datetime) -> EmailMessage:
    """A workbook that runs a program, from a stranger who calls himself the hospital's administration."""
    message = _message(
        '"Direction des ressources humaines" <rh@brumeval-gestion.example>',
        reader,
        "URGENT : planning des astreintes à valider aujourd’hui",
        moment,
        99,
    )
    message["Reply-To"] = "planning.astreintes@courriel-libre.example"
    message["Authentication-Results"] = (
        f"mx.{h.PUBLIC_NAME}; spf=fail smtp.mailfrom=brumeval-gestion.example; dkim=none; dmarc=fail header.from=brumeval-gestion.example"
    )
    message["Received"] = (
        f"from vps.hebergeur.example (vps.hebergeur.example [203.0.113.77]) by mx.{h.PUBLIC_NAME}; {moment:%a, %d %b %Y %H:%M:%S +0000}"
    )
    message.set_content(
        "Bonjour,\n\nvotre planning d’astreinte doit être validé immédiatement, sous peine de suspension de votre compte.\n"
        "Ouvrez le document joint et cliquez sur « Activer le contenu ».\n\nLa direction\n"
    )
    message.add_attachment(
        _workbook(), maintype="application", subtype="vnd.ms-excel.sheet.macroEnabled.12", filename="planning-astreintes.xlsm"
    )
    return message


def _message(sender: str, reader: h.Account, subject: str, moment: datetime.datetime, number: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = message["Delivered-To"] = f"{reader.name}@{h.PUBLIC_NAME}"
    message["Subject"] = subject
    message["Date"] = moment
    message["Message-ID"] = f"<replay-{number}@{h.PUBLIC_NAME}>"
    return message


def _workbook() -> bytes:
    """A workbook with a macro project (of no content) that opens by itself."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        kinds = (
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>'
            '<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
        )
        project = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + b"Attribute VB_Name\0Sub Workbook_Open()\0" * 8
        for name, content in (
            ("[Content_Types].xml", kinds.encode()),
            ("xl/workbook.xml", b"<workbook/>"),
            ("xl/vbaProject.bin", project),
        ):
            archive.writestr(zipfile.ZipInfo(name, date_time=_ZIP_TIME), content)
    return stream.getvalue()


def _entry(moment: datetime.datetime, message: EmailMessage) -> bytes:
    text = message.as_bytes(policy=message.policy.clone(linesep="\n"))
    return f"From MAILER {moment:%a %b %d %H:%M:%S %Y}\n".encode() + text.replace(b"\nFrom ", b"\n>From ") + b"\n"


def files(readers: Iterable[tuple[h.Account, datetime.datetime]]) -> dict[str, bytes]:
    """The mailbox of each reader with the lure that came at a moment."""
    return {f"mail/{reader.name}.mbox": mailbox(lure(reader, moment), moment, reader) for reader, moment in readers}
