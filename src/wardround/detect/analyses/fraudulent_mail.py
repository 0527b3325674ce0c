"""Fraudulent mail by campaign (PH-A01): who was written to, what gave it away with which weight, what would have cleared it.

Messages of one campaign lead to the same place, carry the same file, or say the same. One finding for each, however many
mailboxes it reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from wardround.detect.tables import Tables
from wardround.mail import reasons
from wardround.site import Site

#: Messages looked at; a mailbox has some thousand frauds, an export of all mailboxes a hundred thousand.
_MOST = 200_000
_POINTERS = 10
_REASONS = 4

# Where many people put something, the organization says nothing: the whole address is the place.
_SHARED = "'link_shortened', 'link_redirector', 'link_to_form', 'link_on_storage'"

#: Messages that are judged a fraud or suspicious, each with what its campaign is known by.
MESSAGES = f"""
    WITH place AS (
      SELECT evidence_id, record, min(host) AS host,
        coalesce(min(CASE WHEN list_has_any(signals, [{_SHARED}]) THEN url END), min(organization)) AS place
      FROM mail_link
      WHERE verdict IN ('fraud', 'suspicious') AND len(signals) > 0 AND organization <> coalesce(from_organization, '')
      GROUP BY 1, 2
    ), file AS (
      SELECT evidence_id, record, min(sha256) AS sha256
      FROM mail_attachment WHERE verdict IN ('fraud', 'suspicious') AND len(signals) > 0 GROUP BY 1, 2
    )
    SELECT m.evidence_id, m.record, m.part, m.ts, m.verdict, m.from_display AS display,
      coalesce(m.from_organization, '') AS sender, m.recipient, m.subject, m.signals, m.weights, p.host,
      m.fraud_probability AS probability,
      coalesce(p.place, f.sha256, m.body_fingerprint, m.subject_fingerprint, m.from_address, '?') AS campaign
    FROM mail_message m
    LEFT JOIN place p ON p.evidence_id = m.evidence_id AND p.record = m.record
    LEFT JOIN file f ON f.evidence_id = m.evidence_id AND f.record = m.record
    WHERE m.verdict IN ('fraud', 'suspicious')
"""  # noqa: S608 - only names of this file are put in
#: What campaigns are counted by. Texts and signals are large, and asked for the worst message of each only.
_COUNTED = f"SELECT evidence_id, record, part, ts, verdict, recipient, probability, campaign FROM ({MESSAGES})"  # noqa: S608
_TOLD = f"""
    SELECT evidence_id, record, part, display, sender, subject, signals, weights, host FROM ({MESSAGES})
    WHERE (evidence_id, record) IN (SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[]))
"""  # noqa: S608 - only names of this file are put in
_AT_ONCE = 2_000


def campaigns(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per campaign, the most recipients first."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in tables.query(_COUNTED, most=_MOST):
        groups[row["campaign"]].append(row)
    campaigns = sorted(groups.values(), key=lambda group: (-len(group), group[0]["campaign"]))
    for at in range(0, len(campaigns), _AT_ONCE):
        some = [(messages, _worst(messages)) for messages in campaigns[at : at + _AT_ONCE]]
        keys = [[worst[name] for _, worst in some] for name in ("evidence_id", "record")]
        told = {_place(row): row for row in tables.query(_TOLD, keys)}
        for messages, worst in some:
            yield _row(messages, worst | told[_place(worst)])


def _worst(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return max(messages, key=lambda row: (row["probability"] or 0.0, -(row["record"] or 0)))


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["evidence_id"], row["record"], row["part"]


def _row(messages: list[dict[str, Any]], worst: dict[str, Any]) -> dict[str, Any]:
    times = [row["ts"] for row in messages if row["ts"] is not None]
    weighed = reasons.weighed(worst["signals"], worst["weights"])
    against = [(name, weight) for name, weight in weighed if weight > 0]
    without = reasons.cleared(weighed).without
    return {
        "sender": worst["sender"] or "?",
        "display": worst["display"] or worst["sender"] or "?",
        "subject": (worst["subject"] or "")[:120],
        "destination": worst["host"],
        "mails": len(messages),
        "mailboxes": len({row["recipient"] for row in messages if row["recipient"]}) or 1,
        "percent": round(100 * (worst["probability"] or 0.0)),
        **{f"reasons_{language}": _told(against[:_REASONS], language) for language in ("en", "fr")},
        **{f"cleared_{language}": reasons.listed(without, language) for language in ("en", "fr")},
        "first_ts": min(times) if times else None,
        "last_ts": max(times) if times else None,
        "events": len(messages),
        "level": "high" if worst["verdict"] == "fraud" else "medium",
        "confidence": "high" if worst["verdict"] == "fraud" else "medium",
        "evidence": [
            {"evidence_id": row["evidence_id"], "record": row["record"], "ts": row["ts"], "table": "mail_message"}
            for row in messages[:_POINTERS]
        ],
    }


def _told(against: list[reasons.Weighed], language: str) -> str:
    """The heaviest signals in words, each with its weight."""
    told = (f"{reasons.listed([name], language)} ({reasons.number(weight, language)})" for name, weight in against)
    return reasons.between(language).join(told)
