"""Signals one by one, each beside what looks like it; the verdict as their sum; and hostile text in all of it."""

# ruff: noqa: E501 - a case a line
from __future__ import annotations

import io
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.mail import folding, links, markup, pdf, pictures
from wardround.mail.authentication import Authentication, assess
from wardround.mail.brands import imitated
from wardround.mail.domains import diced
from wardround.mail.judge import judge, log_odds, model, texts
from wardround.mail.letter import Letter, Seen
from wardround.mail.parse import parse
from wardround.mail.signals import FAMILIES, seen
from wardround.mail.signals.payments import valid_iban
from wardround.mail.verdict import Context
from wardround.model import Mail

SITE = Mail(domains=("chu-valmont.example",), partners=("labo-meridian.example",), people=("Claire Fontaine",))


def letter(
    body: str = "Bonjour,\n\nA demain.",
    *,
    author: str = "Marc <marc@labo-meridian.example>",
    subject: str = "Planning",
    html: bool = False,
    more: str = "",
    site: Mail | None = None,
    known: Authentication | None = None,
) -> Letter:
    kind = "text/html" if html else "text/plain"
    raw = (
        f"From: {author}\r\nTo: a@chu-valmont.example\r\nSubject: {subject}\r\nDate: Mon, 02 Mar 2026 08:00:00 +0100\r\n"
        f"Message-ID: <1@labo-meridian.example>\r\n{more}MIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n"
    )
    message = parse(raw.encode("utf-8"))
    return Letter(message, Context(site or Mail(), known or assess(message, site or Mail())))


def attached(name: str, data: bytes, kind: str = "application/octet-stream", **more: str) -> Letter:
    import base64

    content = base64.encodebytes(data).decode()
    body = (
        "--x\r\nContent-Type: text/plain\r\n\r\nVoir la facture.\r\n"
        f'--x\r\nContent-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n--x--\r\n"
    )
    head = f"From: {more.get('author', 'x@labo-meridian.example')}\r\nSubject: Facture\r\nMIME-Version: 1.0\r\n"
    return Letter(parse((head + 'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + body).encode()), Context())


def names(of: Letter) -> set[str]:
    return {s.name for s in seen(of)}


def link(
    url: str, text: str = "Ouvrir", *, author: str = "Marc <marc@labo-meridian.example>", subject: str = "Planning"
) -> Letter:
    return letter(f'<p>Bonjour</p><a href="{url}">{text}</a>', html=True, author=author, subject=subject)


FIRES: list[tuple[str, Letter]] = [
    ("name_of_brand", letter(author="Assurance Maladie <info@maison-garage.example>")),
    ("name_of_authority", letter(author="Assurance Maladie <info@maison-garage.example>")),
    ("freemail_for_brand", letter(author="DHL Express <dhl.x1@gmail.com>")),
    ("name_of_staff", letter(author="Claire Fontaine <direction.x@gmail.com>", site=SITE)),
    ("name_holds_address", letter(author='"support@microsoft.com" <x@maison.example>')),
    ("author_domain_imitates", letter(author="Service <x@arneli-pro.com>")),
    ("author_imitates_site", letter(author="IT <it@chu-vaImont.example>".replace("I", "1"), site=SITE)),
    ("author_domain_malformed", letter(author="Correios <contato@correios>")),
    ("author_domain_cheap", letter(author="Info <info@maison.top>")),
    ("reply_to_freemail", letter(more="Reply-To: other@gmail.com\r\n")),
    ("link_text_differs", link("https://evil.example/x", "https://www.impots.gouv.fr")),
    ("link_userinfo", link("https://www.ameli.fr@evil.example/")),
    ("link_to_address", link("http://203.0.113.9/login")),
    ("link_shortened", link("https://bit.ly/3abc")),
    ("link_on_hosting", link("https://ameli-x.web.app/")),
    ("link_on_storage", link("https://storage.googleapis.com/bucket/index.html")),
    ("link_to_form", link("https://docs.google.com/forms/d/x")),
    ("link_redirects", link("https://www.google.com/url?q=https://evil.example/a")),
    ("link_imitates", link("https://arneli.fr.example/")),
    ("link_active", link("javascript:alert(1)")),
    ("link_addressed", link("https://evil.example/#a@chu-valmont.example")),
    ("link_downloads", link("https://evil.example/facture.iso")),
    ("brand_without_its_links", link("https://evil.example/x", subject="Votre compte Netflix")),
    ("meeting_link_imitates", link("https://evil.example/x", subject="Microsoft Teams : réunion manquée")),
    ("says_mailbox", letter("Your mailbox is full. Keep same password or your mailbox will be closed.")),
    ("says_bec", letter("Êtes-vous disponible ? Je suis en réunion, cela reste entre nous.")),
    ("demand_under_pressure", letter("Votre compte suspendu : verifiez votre identité sous 24 heures, cliquez ici, compte bloque.")),
    ("wallet_address", letter("I hacked your webcam. Pay bitcoin: bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh")),
    ("bank_details_change", letter("Nouveau RIB pour vos prochains règlements : FR76 3000 6000 0112 3456 7890 189")),
    ("words_split", letter("pass\u200bword ver\u200bify acc\u200bount su\u200bspended", html=True)),
    ("letters_of_two_scripts", letter("Your аccount pаssword".replace("pa", "pа"), html=True)),
    ("subject_disguised", letter(subject="Your 𝗔𝗰𝗰𝗼𝘂𝗻𝘁")),
    ("picture_only", letter('<a href="https://evil.example/x"><img src="https://evil.example/i.png"></a>', html=True)),
    ("text_hidden", letter(f'<div style="display:none">{"mot " * 80}</div><p>Bonjour</p>', html=True)),
    ("form_asks_password", letter('<form action="https://evil.example"><input type="password"></form>', html=True)),
    ("script_in_mail", letter("<script>new Blob([atob('x')])</script>", html=True)),
    ("recipients_hidden", Letter(parse(b"From: a@b.example\r\nSubject: x\r\n\r\nx"), Context())),
    ("answer_to_nothing", letter(subject="RE: facture")),
    ("spf_fails", letter(known=Authentication(spf="fail", source="received"))),
    ("own_domain_forged", letter(author="x@chu-valmont.example", site=SITE, known=Authentication(source="received", aligned=False, direction="inbound"))),
    ("attached_program", attached("facture.js", b"var a=1;")),
    ("attached_two_extensions", attached("facture.pdf.lnk", b"L\x00\x00\x00\x01\x14\x02\x00")),
    ("attached_disk_image", attached("cd.iso", b"\x00" * 0x8001 + b"CD001" + b"\x00" * 99)),
    ("attached_onenote", attached("a.one", b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3")),
    ("attached_rdp", attached("a.rdp", b"full address:s:evil.example\r\n")),
    ("attached_encrypted", attached("a.zip", b"PK\x03\x04\x14\x00\x01\x00" + b"\x00" * 40)),
    ("attached_macro", attached("a.docm", b"PK\x03\x04\x14\x00\x00\x00word/vbaProject.bin")),
    ("attached_page_scripted", attached("a.html", b"<html><script>new Blob([atob('x')])</script></html>", "text/html")),
    ("attached_drawing_active", attached("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "image/svg+xml")),
    ("attached_otherwise", attached("a.pdf", b"MZ\x90\x00" + b"\x00" * 64)),
]  # fmt: skip

QUIET: list[tuple[str, Letter]] = [
    ("name_of_brand", letter(author="Assurance Maladie <ne-pas-repondre@info.ameli.fr>")),
    ("name_of_staff", letter(author="Claire Fontaine <claire.fontaine@chu-valmont.example>", site=SITE)),
    ("author_domain_imitates", letter(author="Doctolib <no-reply@doctolib.fr>")),
    ("author_imitates_site", letter(author="IT <it@chu-valmont.example>", site=SITE)),
    ("reply_to_freemail", letter(author="a@gmail.com", more="Reply-To: a@gmail.com\r\n")),
    ("link_text_differs", link("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.impots.gouv.fr%2F", "www.impots.gouv.fr")),
    ("link_text_differs", link("https://x.us3.list-manage.com/track/click?u=1", "www.labo-meridian.example")),
    ("links_strange", link("https://www.labo-meridian.example/a")),
    ("link_redirects", link("https://urldefense.com/v3/__https://www.labo-meridian.example/x__;!!a", "Ouvrir")),
    ("brand_without_its_links", link("https://www.netflix.com/x", subject="Netflix", author="Netflix <info@mailer.netflix.com>")),
    ("meeting_link_imitates", link("https://teams.microsoft.com/l/meetup-join/x", subject="Microsoft Teams : réunion")),
    ("bank_details_change", letter("Facture jointe, IBAN habituel : FR76 3000 6000 0112 3456 7890 189")),
    ("says_dating", letter("The date of the single meeting is fixed.", subject="Date")),
    ("words_split", letter("<p>Nouvelles</p>" + "&zwnj;&nbsp;" * 50, html=True)),
    ("spf_fails", letter(known=Authentication(spf="none"))),
    ("own_domain_forged", letter(author="x@chu-valmont.example", site=SITE, known=Authentication(direction="inbound"))),
    ("attached_encrypted", attached("a.zip", b"PK\x03\x04\x14\x00\x00\x00" + b"\x00" * 40)),
    ("attached_otherwise", attached("a.pdf", b"%PDF-1.4\n")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "of"), FIRES, ids=[f"{i}-{n}" for i, (n, _) in enumerate(FIRES)])
def test_a_signal_is_seen(name: str, of: Letter) -> None:
    assert name in names(of)


@pytest.mark.parametrize(("name", "of"), QUIET, ids=[f"{i}-{n}" for i, (n, _) in enumerate(QUIET)])
def test_what_looks_like_it_is_not(name: str, of: Letter) -> None:
    assert name not in names(of)


def test_every_signal_is_explained_and_weighed() -> None:
    assert set(model().weights) == set(texts())
    for name, text in texts().items():
        assert text.en.endswith(".") and text.fr.endswith("."), name
        assert text.expected * model().weights[name] >= 0, name
    assert len(FAMILIES) == len({name for name, _ in FAMILIES})


def test_names_that_are_seen_are_explained() -> None:
    for _, of in (*FIRES, *QUIET):
        assert names(of) <= set(texts())


def test_passing_authentication_is_no_innocence_and_its_absence_no_guilt() -> None:
    passed = Authentication(spf="pass", dkim="pass", dmarc="pass", aligned=True, source="received")
    lure = '<p>Votre compte bloque sera ferme. Verifiez votre identite sous 24h.</p><a href="https://ameli-x.web.app/">Cliquez ici</a>'
    first = letter(lure, html=True, author="Ameli <x@maison.top>", subject="Dernier rappel : compte suspendu")
    second = letter(lure, html=True, author="Ameli <x@maison.top>", subject="Dernier rappel : compte suspendu", known=passed)
    assert judge(first.message, first.context).verdict == judge(second.message, second.context).verdict == "fraud"
    plain = letter(known=Authentication())
    assert judge(plain.message, plain.context).verdict == "ordinary"


def test_what_speaks_for_a_message_counts_to_a_limit() -> None:
    by = model()
    favour = [Seen(name) for name, weight in by.weights.items() if weight < 0]
    assert log_odds(favour, by) == pytest.approx(by.constant + by.limit)


def test_a_verdict_names_its_signals_with_weights_the_heaviest_first() -> None:
    of = link("https://ameli-verif.web.app/x", author="Ameli <info@maison.top>", subject="Carte Vitale : action requise")
    verdict = judge(of.message, of.context)
    weights = [abs(signal.weight) for signal in verdict.signals]
    assert verdict.verdict == "fraud" and weights == sorted(weights, reverse=True) and weights[0] > 1
    assert [found.host for found in verdict.links] == ["ameli-verif.web.app"]


@pytest.mark.parametrize(
    ("written", "host", "wrapper"),
    [
        (
            "https://eur01.safelinks.protection.outlook.com/?url=http%3A%2F%2Fevil.example%2Fa&data=x",
            "evil.example",
            "safelinks",
        ),
        ("https://urldefense.proofpoint.com/v2/url?u=http-3A__evil.example_a&d=x", "evil.example", "proofpoint"),
        ("https://urldefense.com/v3/__https://evil.example/a__;!!x", "evil.example", "proofpoint"),
        ("https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fevil.example%2f&c=E", "evil.example", "barracuda"),
        ("https://protect-eu.mimecast.com/s/abc?domain=evil.example", "evil.example", "mimecast"),
        ("https://eu-central-1.protection.sophos.com/?d=evil.example&u=aHR0cHM6Ly9ldmlsLmV4YW1wbGUv", "evil.example", "sophos"),
        ("https://clicktime.symantec.com/x?u=https%3A%2F%2Fevil.example%2F", "evil.example", "symantec"),
        ("http://3405803777/a", "203.0.113.1", ""),
        ("https://аmeli.fr/", "xn--meli-43d.fr", ""),
        ("http:\\\\evil.example\\a", "evil.example", ""),
    ],
)
def test_links_are_unwrapped(written: str, host: str, wrapper: str) -> None:
    found = links.target(written)
    assert (found.host, found.wrapper) == (host, wrapper)


def test_folding_takes_disguises_back() -> None:
    found = folding.fold("Vеrify уour pass\u200bword 𝗡𝗲𝘁𝗳𝗹𝗶𝘅 aܿcܿcܿount bIoqueado Réunion")
    assert found.text == "verify your password netflix account bloqueado reunion"
    assert found.mixed and found.split and found.styled and found.swapped


def test_imitations_and_dice() -> None:
    assert imitated("paypa1.com") and imitated("micros0ft-login.example") and imitated("www.ameli-remboursement.info")
    assert not imitated("www.paypal.com") and not imitated("amelie-poulain.example") and not imitated("microscope.example")
    assert diced("gzd451j2jyitknv8jbic") and diced("rygudjrjpfsdrgx") and not diced("sparkling") and not diced("chu-valmont")


def test_check_digits_of_accounts() -> None:
    assert (
        valid_iban("FR7630006000011234567890189") and not valid_iban("FR7630006000011234567890188") and not valid_iban("FR76")
    )


def test_codes_in_pictures_and_documents() -> None:
    zxing, image = pytest.importorskip("zxingcpp"), pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    code = zxing.create_barcode("https://evil.example/mfa", zxing.BarcodeFormat.QRCode)
    drawn = image.fromarray(numpy.asarray(zxing.write_barcode_to_image(code, scale=5)))
    png, jpeg = io.BytesIO(), io.BytesIO()
    drawn.save(png, "PNG")
    drawn.convert("L").save(jpeg, "JPEG")
    assert pictures.codes(png.getvalue()) == pictures.codes(jpeg.getvalue()) == ["https://evil.example/mfa"]
    document = io.BytesIO()
    drawn.convert("RGB").save(document, "PDF")
    of = attached("mfa.pdf", document.getvalue(), "application/pdf")
    assert {"code_leads_to_web", "code_leads_elsewhere"} <= names(of)


def test_pictures_have_limits() -> None:
    huge = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00" + b"\x00" * 99
    assert pictures.codes(huge) == []
    assert pictures.codes_of(pictures.Raw(b"", 50_000, 50_000, 1)) == []


def test_documents_have_limits() -> None:
    import zlib

    bomb = zlib.compress(b"\x00" * (40 << 20))
    body = b"%PDF-1.4\n" + b"1 0 obj << /Filter /FlateDecode >> stream\n" + bomb + b"\nendstream endobj\n"
    assert pdf.inside(body * 3).links == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=400), st.binary(max_size=400))
def test_hostile_text_stops_nothing(text: str, data: bytes) -> None:
    markup.read(text)
    markup.read("<a href='" + text)
    folding.fold(text)
    links.target(text)
    links.target("https://" + text)
    pdf.inside(b"%PDF-1.4\n1 0 obj << /Subtype /Image /Width 9 /Height 9 /Filter /FlateDecode >> stream\n" + data)
    pictures.codes(b"\x89PNG\r\n\x1a\n" + data)
    pictures.codes(b"\xff\xd8\xff" + data)
    judge(parse(data), Context())
    judge(parse(b"From: x\r\nContent-Type: text/html\r\n\r\n" + text.encode()), Context())


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<!--", "<div style='display:none'>", "<script>", "http://", "&#", "a@", "<a href=x>", "IBAN FR76 ", "\u200b"],
)
def test_repetition_is_linear(piece: str) -> None:
    """A megabyte of one piece: what is quadratic would not come back within the time that a test run has."""
    body = (piece * (1_000_000 // len(piece))).encode()
    for kind in (b"text/html", b"text/plain"):
        judge(
            parse(
                b"From: x@y.example\r\nSubject: "
                + body[:4_000].replace(b"\n", b"")
                + b"\r\nContent-Type: "
                + kind
                + b"\r\n\r\n"
                + body
            ),
            Context(),
        )


def test_an_alarm_without_any_header_is_no_fraud_and_a_lure_without_any_is_told() -> None:
    def told(raw: bytes) -> str | None:
        return judge(parse(raw), Context()).verdict

    assert told(b"\r\nTube over temperature, gantry 3.\r\n") == "ordinary"
    assert (
        told(b"Received: from ct1 by mx.chu.example; Mon, 02 Mar 2026 08:00:00 +0100\r\n\r\nTube over temperature.\r\n")
        == "ordinary"
    )
    lure = b"Dear user, your mailbox has exceeded its limit and your account will be suspended within 24 hours. "
    lure += b"Click here to verify your password: http://192.0.2.7/owa/login.php"
    assert told(b"\r\n" + lure + b"\r\n") in ("suspicious", "fraud")


def test_half_a_surrogate_pair_does_not_save_a_fraud_from_its_judge() -> None:
    half = b"+26I-"  # U+DBA2 alone, as UTF-7 can write it
    data = (
        b"From: Assurance Maladie <info@garage-solaire.example>\nTo: a@chu.example\n"
        b"Subject: =?utf-7?Q?Votre_carte_Vitale_expire_" + half + b"?=\n"
        b"Content-Type: text/html; charset=utf-7\n\n"
        b"<p>Votre carte Vitale expire " + half + b" sous 48 heures, votre compte sera suspendu. "
        b'<a href="http://203.0.113.9/x">Cliquez ici</a></p>\n'
    )
    message = parse(data)
    assert "\ufffd" in message.html
    assert "\ufffd" in message.subject
    assert judge(message, Context()).verdict == "fraud"
    for text in (message.html, message.subject, folding.folded("carte \udba2 Vitale")):
        text.encode()


def _zip(*members: tuple[str, bytes]) -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def plainly(name: str, data: bytes, kind: str = "octet-stream") -> bytes:
    """A short letter as mail software writes it, with a file."""
    message = EmailMessage()
    message["From"], message["To"] = "Marc Petit <marc.petit@labo-meridian.example>", "a@chu-valmont.example"
    message["Subject"], message["Date"] = "Dossier de cet après-midi", "Mon, 02 Mar 2026 08:00:00 +0100"
    message["Message-ID"] = "<20260302.1@labo-meridian.example>"
    message.set_content("Bonjour,\n\nVoici le fichier dont nous avons parlé.\n\nBien à vous,\nMarc Petit\n")
    message.add_attachment(data, maintype="application", subtype=kind, filename=name)
    return message.as_bytes()


@pytest.mark.parametrize(
    ("message", "ordinary"),
    [
        (plainly("dossier.vbs", b'WScript.Echo "a"'), False),
        (plainly("acces.rdp", b"full address:s:203.0.113.9\r\n"), False),
        (
            plainly("images.zip", _zip(("viewer/viewer.exe", b"MZ\x90\x00" + bytes(64)), ("DICOMDIR", bytes(128) + b"DICM"))),
            True,
        ),
        (plainly("patient.iso", b"\x00" * 0x8001 + b"CD001" + b"\x00" * 99), True),
        (plainly("planning.xlsx", _zip(("xl/workbook.xml", b"<x/>")), "vnd.ms-excel"), True),
    ],
)
def test_a_program_in_a_plain_letter_is_enough_and_a_disc_of_images_is_not(message: bytes, ordinary: bool) -> None:
    assert (judge(parse(message), Context()).verdict == "ordinary") is ordinary
