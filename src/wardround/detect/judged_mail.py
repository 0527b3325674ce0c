"""What was judged of the mail, message by message: the signs of each with their weights, and what would have cleared it.

A mailbox may hold a hundred thousand frauds of three campaigns: the messages told are bounded, and every campaign has one
before a second of any. All of them stand in the table ``mail_message``.
"""

from __future__ import annotations

from typing import Any

from wardround.detect.analyses.fraudulent_mail import MESSAGES
from wardround.detect.tables import Tables
from wardround.mail import reasons
from wardround.mail.judge import model
from wardround.model import JudgedMail, JudgedMessage, MailSignal, Pointer

#: Messages told, and signs of one message.
MOST = 500
_SIGNS = 40

_FIRST = f"""
    WITH judged AS ({MESSAGES}), placed AS (
      SELECT evidence_id, record, part, probability, row_number() OVER (
          PARTITION BY campaign ORDER BY probability DESC, ts, evidence_id, record, part) AS place
      FROM judged
    )
    SELECT p.place, -p.probability AS ascending, m.ts, m.evidence_id, m.record, m.part, m.path, m.from_display AS display,
      m.from_address AS address, m.recipient, m.subject, m.verdict, m.fraud_probability AS probability, m.signals, m.weights,
      m.explanation
    FROM placed p JOIN mail_message m
      ON m.evidence_id = p.evidence_id AND m.record = p.record AND m.part IS NOT DISTINCT FROM p.part
"""  # noqa: S608 - only names of ours are put in


def judged(tables: Tables) -> JudgedMail | None:
    """The mail of a round; None where none was judged. Raises QueryError."""
    counted = {
        row["verdict"]: row["messages"]
        for row in tables.query("SELECT verdict, count(*) AS messages FROM mail_message WHERE verdict IS NOT NULL GROUP BY 1")
    }
    if not counted:
        return None
    by = model()
    messages = tuple(_message(row) for row in tables.query(_FIRST, limit=MOST))
    names = sorted({sign.name for message in messages for sign in message.signals})
    return JudgedMail(
        fraud=counted.get("fraud", 0),
        suspicious=counted.get("suspicious", 0),
        ordinary=counted.get("ordinary", 0),
        threshold=by.suspicious,
        constant=by.constant,
        messages=messages,
        meanings={name: reasons.meaning(name) for name in names},
    )


def _message(row: dict[str, Any]) -> JudgedMessage:
    signs = reasons.weighed(row["signals"], row["weights"])
    cleared = reasons.cleared(signs)
    seen = dict(zip(row["signals"] or (), row["explanation"] or (), strict=False))
    return JudgedMessage(
        evidence=Pointer(row["evidence_id"] or "", row["path"] or "", "mail_message", row["record"] or 0, row["ts"]),
        display=row["display"] or "",
        address=row["address"] or "",
        recipient=row["recipient"] or "",
        subject=row["subject"] or "",
        verdict=row["verdict"],
        probability=row["probability"] or 0.0,
        signals=tuple(_sign(name, weight, seen.get(name, "")) for name, weight in signs[:_SIGNS]),
        without=cleared.without,
        present=cleared.present,
        cleared=reasons.sentence(cleared),
    )


def _sign(name: str, weight: float, seen: str) -> MailSignal:
    return MailSignal(name, weight, "" if seen == name else seen)
