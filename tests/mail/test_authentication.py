"""Who may be believed: results of the receiver, not those that the sender wrote into the message."""

# ruff: noqa: E501 (headers are longer than lines)

from __future__ import annotations

import pytest

from wardround.mail.authentication import Authentication, assess
from wardround.mail.parse import parse
from wardround.model import Mail

OUTSIDE = (
    "Received: from mail.sender.example (mail.sender.example [203.0.113.9]) by mx.hospital.example (Postfix) with ESMTPS id 1\n"
    " for <a@hospital.example>; Mon, 2 Mar 2026 08:00:01 +0100\n"
)
# 203.0.113.0/24 is not routed: a public address is needed for a client outside.
OUTSIDE = OUTSIDE.replace("203.0.113.9", "8.8.4.4")
INSIDE = (
    "Received: from mx.hospital.example (mx.hospital.example [10.0.0.5]) by store.hospital.example with LMTP;\n"
    " Mon, 2 Mar 2026 08:00:02 +0100\n"
)
PASSED = "Authentication-Results: mx.hospital.example; spf=pass smtp.mailfrom=sender.example; dkim=pass header.d=sender.example; dmarc=pass\n"
FAILED = "Authentication-Results: mx.hospital.example; spf=fail smtp.mailfrom=bad.example; dkim=none; dmarc=fail header.from=sender.example\n"
REST = "From: Boss <boss@sender.example>\nTo: a@hospital.example\nSubject: x\n\nbody\n"


def told(text: str, mail: Mail | None = None) -> Authentication:
    return assess(parse(text.encode()), mail or Mail())


def test_results_above_the_border_are_the_receivers() -> None:
    found = told(INSIDE + PASSED + OUTSIDE + REST)
    assert (found.spf, found.dkim, found.dmarc, found.aligned) == ("pass", "pass", "pass", True)
    assert (found.source, found.receiver) == ("received", "mx.hospital.example")
    assert (found.external_address, found.external_name, found.external_tls) == ("8.8.4.4", "mail.sender.example", True)
    assert found.external_hop == 1


@pytest.mark.parametrize(
    "text",
    [
        INSIDE + OUTSIDE + PASSED + REST,  # written by the sender, below the receiver's headers
        INSIDE + OUTSIDE + PASSED.replace("mx.hospital", "mx.elsewhere") + REST,
        PASSED.replace("mx.hospital", "mx.elsewhere") + INSIDE + OUTSIDE + REST,  # above, but of a foreign name
        PASSED + REST,  # no Received header proves anything
    ],
)
def test_what_the_sender_can_write_is_not_believed(text: str) -> None:
    found = told(text)
    assert (found.spf, found.dkim, found.dmarc, found.aligned) == ("", "", "", None)


def test_forged_hops_below_the_border_move_nothing() -> None:
    forged = INSIDE.replace("store.", "mx2.") + PASSED + OUTSIDE.replace("8.8.4.4", "9.9.9.9")
    found = told(INSIDE + FAILED + OUTSIDE + forged + REST)
    assert (found.spf, found.dmarc, found.aligned) == ("fail", "fail", False)
    assert found.external_address == "8.8.4.4"


def test_a_greeting_with_the_receivers_name_is_still_outside() -> None:
    greeting = (
        "Received: from mx2.hospital.example ([8.8.4.4]) by mx.hospital.example with ESMTP; Mon, 2 Mar 2026 08:00:01 +0100\n"
    )
    found = told(greeting + PASSED + INSIDE + REST)
    assert (found.dmarc, found.external_address, found.external_helo) == ("", "8.8.4.4", "mx2.hospital.example")
    assert found.external_tls is False


def test_results_below_the_border_count_when_the_site_names_the_server_or_they_accuse() -> None:
    text = INSIDE + OUTSIDE + PASSED + REST
    site = told(text, Mail(receivers=("mx.hospital.example",)))
    assert (site.dmarc, site.source) == ("pass", "site")
    accused = told(INSIDE + OUTSIDE + FAILED + REST)
    assert (accused.spf, accused.dmarc, accused.source) == ("fail", "fail", "claimed")


def test_another_customer_of_the_same_operator_is_outside() -> None:
    server = "AM1.mail.protection.outlook.com (10.1.2.3) with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.20; Mon, 2 Mar 2026 08:00:01 +0000\n"
    inside = "Received: from AM1.eop-EUR01.prod.protection.outlook.com (2603:10a6:1::1) by B.eurprd01.prod.outlook.com (2603:10a6:2::2) with HTTPS; Mon, 2 Mar 2026 08:00:02 +0000\n"
    border = f"Received: from EUR1.outbound.protection.outlook.com (52.100.1.2) by {server}"
    results = (
        "Authentication-Results: spf=pass smtp.mailfrom=tenant.example; dkim=none; dmarc=fail header.from=sender.example\n"
    )
    theirs = "Authentication-Results: dkim=pass header.d=sender.example;dmarc=pass header.from=sender.example\n"
    below = "Received: from X.eurprd02.prod.outlook.com ([fe80::1]) by X.eurprd02.prod.outlook.com with mapi; Mon, 2 Mar 2026 08:00:00 +0000\n"
    found = told(inside + results + border + theirs + below + REST)
    assert (found.external_address, found.external_hop, found.dmarc, found.dkim, found.aligned) == (
        "52.100.1.2",
        1,
        "fail",
        "none",
        False,
    )


def test_a_gateway_that_the_site_names_is_within() -> None:
    relay = (
        "Received: from gw.filter.example (gw.filter.example [9.9.9.9]) by mx.hospital.example with ESMTPS;\n"
        " Mon, 2 Mar 2026 08:00:03 +0100\n"
    )
    first = OUTSIDE.replace("mx.hospital.example", "gw.filter.example")
    results = PASSED.replace("mx.hospital.example", "gw.filter.example")
    assert told(relay + results + first + REST).external_address == "9.9.9.9"
    named = told(relay + results + first + REST, Mail(receivers=("filter.example",)))
    assert (named.external_address, named.dmarc, named.source) == ("8.8.4.4", "pass", "site")


def test_fetched_mail_trusts_the_server_it_was_fetched_from() -> None:
    fetched = "Received: from imap.provider.example [8.8.8.8] by localhost with IMAP (fetchmail-6.4); Mon, 2 Mar 2026 09:00:00 +0100\n"
    results = PASSED.replace("mx.hospital.example", "in.provider.example")
    border = OUTSIDE.replace("mx.hospital.example", "in.provider.example")
    found = told(fetched + results + border + REST)
    assert (found.dmarc, found.external_address) == ("pass", "8.8.4.4")


def test_alignment_is_of_organizational_domains() -> None:
    sub = PASSED.replace("mailfrom=sender.example", "mailfrom=bounce.news.sender.example").replace(
        "header.d=sender.example", "header.d=esp.example"
    )
    assert told(sub + OUTSIDE + REST).aligned is True
    suffix = PASSED.replace("sender.example", "one.co.uk")
    assert told(suffix + OUTSIDE + REST.replace("sender.example", "two.co.uk")).aligned is False


def test_arc_results_of_the_receiver_count_and_foreign_ones_do_not() -> None:
    arc = PASSED.replace("Authentication-Results: ", "ARC-Authentication-Results: i=1; ")
    assert told(arc + OUTSIDE + REST).dmarc == "pass"
    assert told(arc.replace("mx.hospital", "mx.list") + OUTSIDE + REST).dmarc == ""
    sealed = told(arc.replace("mx.hospital", "mx.list") + OUTSIDE + REST, Mail(receivers=("mx.list.example",)))
    assert (sealed.dmarc, sealed.source) == ("pass", "site")


def test_direction_follows_the_domains_of_the_site() -> None:
    own = Mail(domains=("hospital.example",))
    assert told(OUTSIDE + REST, own).direction == "inbound"
    assert told(REST.replace("sender.example", "hospital.example"), own).direction == "internal"
    assert told(REST.replace("sender.example", "hospital.example").replace("a@hospital", "b@else"), own).direction == "outbound"
    assert told(OUTSIDE + REST.replace("boss@sender.example", "boss@hospital.example"), own).direction == "inbound"
    assert told(OUTSIDE + REST).direction == ""


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "from a.example (b.example [8.8.8.8]) by mx.c.example (Postfix) with ESMTPS id 4; Mon, 2 Mar 2026 08:00:00 +0000",
            ("a.example", "b.example", "8.8.8.8", "mx.c.example", True),
        ),
        (
            "from b.example ([2001:4860::8] helo=a.example) by mx.c.example with esmtp (Exim 4.96) id 1; Mon, 2 Mar 2026 08:00:00 +0000",
            ("a.example", "b.example", "2001:4860::8", "mx.c.example", False),
        ),
        (
            "from A.PROD.EXAMPLE (2603:10a6:10:130::24) by B.PROD.EXAMPLE (2603:10b6:a03::19) with Microsoft SMTP Server "
            "(version=TLS1_2, cipher=X) id 15.20; Mon, 2 Mar 2026 08:00:00 +0000",
            ("a.prod.example", "", "2603:10a6:10:130::24", "b.prod.example", True),
        ),
        (
            "from unknown (HELO a.example) (8.8.8.8) by mx.c.example with SMTP; 2 Mar 2026 08:00:00 -0000",
            ("a.example", "", "8.8.8.8", "mx.c.example", False),
        ),
        (
            "from a.example (b.example [8.8.8.8] (may be forged)) by mx.c.example (8.18.1/8.18.1) with ESMTP id 5; "
            "Mon, 2 Mar 2026 08:00:00 +0000",
            ("a.example", "", "8.8.8.8", "mx.c.example", False),
        ),
        ("by 2002:a05:1:2 with SMTP id x; Mon, 2 Mar 2026 08:00:00 -0800", ("", "", "", "2002:a05:1:2", False)),
        ("(qmail 12 invoked by uid 0); 2 Mar 2026 08:00:00 -0000", ("", "", "", "uid", None)),
    ],
)
def test_received_headers(header: str, expected: tuple[str, str, str, str, bool | None]) -> None:
    hop = parse(f"Received: {header}\n\n".encode()).received[0]
    assert (hop.helo, hop.host, hop.address, hop.by, hop.tls) == expected
    assert hop.ts is not None
