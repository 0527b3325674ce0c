"""What a message asks for, each beside what looks like it: codes, consent, cards, accounts, programs, commands, calls."""

# ruff: noqa: E501 - a case a line
from __future__ import annotations

from email.message import EmailMessage

import pytest

from wardround.mail import deeds
from wardround.mail.authentication import assess
from wardround.mail.folding import folded
from wardround.mail.judge import judge
from wardround.mail.letter import Letter
from wardround.mail.parse import parse
from wardround.mail.signals import seen
from wardround.mail.verdict import Context
from wardround.model import Mail

OUTSIDE = "Paul Martin <paul.martin@fournisseur-x.example>"
INSIDE = "Paul Martin <paul.martin@chu-valmont.example>"
PRIVATE = "Paul Martin <paul.martin@gmail.com>"
DISC = b"\x00" * 0x8000 + b"\x01CD001\x01\x00" + b"\x00" * 4_000
NOTEBOOK = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
LOCKED = b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + b"\x07" * 200
CONSENT = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=1&redirect_uri=https%3A%2F%2Fappli.example%2Fcb&scope="
QUOTE = "\n\n> De : Achats <achats@chu-valmont.example>\n> Envoyé : lundi\n> Où en est-on ?"


def letter(
    text: str,
    *,
    author: str = OUTSIDE,
    subject: str = "Bonjour",
    html: bool = False,
    answers: bool = False,
    file: tuple[str, bytes] | None = None,
    ics: str = "",
    to: str = "a@chu-valmont.example",
    site: Mail | None = None,
    more: dict[str, str] | None = None,
) -> Letter:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = author, to, subject
    message["Message-ID"] = "<1@fournisseur-x.example>"
    if answers:
        message["In-Reply-To"] = message["References"] = "<0@chu-valmont.example>"
    for name, value in (more or {}).items():
        message[name] = value
    message.set_content(text, subtype="html" if html else "plain")
    if file:
        message.add_attachment(file[1], maintype="application", subtype="octet-stream", filename=file[0])
    if ics:
        body = f"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nLOCATION:{ics}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        message.add_attachment(body.encode(), maintype="text", subtype="calendar", filename="a.ics")
    read = parse(bytes(message))
    return Letter(read, Context(site or Mail(), assess(read, site or Mail())))


def names(of: Letter) -> set[str]:
    return {found.name for found in seen(of)}


FIRES: list[tuple[str, Letter]] = [
    ("asks_device_code", letter("Ouvrez https://microsoft.com/devicelogin et saisissez le code GT7KQ2LMX.")),
    ("asks_device_code", letter('<p>Your code: ABCD-EFGH</p><a href="https://www.google.com/device">Continue</a>', html=True)),
    ("asks_consent", letter("Acceptez : " + CONSENT + "Mail.Read%20offline_access")),
    ("asks_consent", letter("https://login.microsoftonline.com/common/adminconsent?client_id=1")),
    ("call_to_contest", letter("Votre achat de 299,00 € sera prélevé. Pour annuler, appelez le 01 99 00 12 34.", author=PRIVATE)),
    ("call_to_contest", letter("You were charged $499.00. To cancel this, call +1 (808) 555-0147 now.", author="Norton <x@maison.example>")),
    ("call_to_contest", letter("Votre ordinateur est bloqué. Appelez le 09 70 00 12 34.")),
    ("asks_gift_cards", letter("Achetez des cartes cadeaux et envoyez-moi les codes. Je suis en réunion.", author=PRIVATE)),
    ("asks_gift_cards", letter("Can you get some iTunes cards? Scratch them and keep it between us.")),
    ("asks_salary_account", letter("Je change de banque : versez mon salaire sur mon nouveau compte.", author=PRIVATE)),
    ("asks_salary_account", letter("I would like to update my bank details before the next payroll.")),
    ("conversation_changes_account", letter("Payez sur notre nouveau compte, l'ancien est sous audit." + QUOTE, answers=True, subject="Re: facture")),
    ("conversation_brings_lure", letter("Voici le document. https://doc-x.web.app/" + QUOTE, answers=True, subject="Re: devis")),
    ("conversation_brings_lure", letter("Mot de passe : 1234" + QUOTE, answers=True, subject="Re: devis", file=("a.zip", LOCKED))),
    ("asks_remote_control", letter("Lancez AnyDesk et donnez-nous le numéro affiché.")),
    ("asks_remote_control", letter("Join the session: https://r1.screenconnect.com/Bin/Client.exe and run it")),
    ("asks_to_install", letter("Installez ce correctif aujourd'hui : https://maj.example/p.msi")),
    ("asks_to_paste_command", letter("Press Windows + R, paste with Ctrl + V and press Enter.")),
    ("asks_to_paste_command", letter("Collez ceci puis validez : powershell -w hidden -c x")),
    ("asks_work_account", letter("Lisez le fax : https://fax.example/1 avec vos identifiants de messagerie. Connectez-vous.")),
    ("invitation_asks", letter("Validez le document.", ics="https://paie.example/v")),
    ("disc_instead_of_document", letter("Votre facture est jointe.", file=("facture.iso", DISC))),
    ("disc_instead_of_document", letter("Bonjour.", file=("images.vhd", b"vhdxfile" + b"\x00" * 99))),
    ("asks_to_open_inside", letter("Double-cliquez sur le bouton.", file=("a.one", NOTEBOOK))),
    ("archive_opened_in_haste", letter("Urgent, mot de passe : 1234", file=("a.zip", LOCKED))),
    ("domain_of_service_words", letter("Bonjour", author="Support <x@mail-support-update.example>")),
    ("notice_of_service_elsewhere", letter('<p>Marc has shared a file on SharePoint</p><a href="https://x.example/a">Open</a>', html=True, subject="SharePoint")),
]  # fmt: skip

QUIET: list[tuple[str, Letter]] = [
    ("asks_device_code", letter("Ne saisissez jamais le code GT7KQ2LMX que l'on vous envoie. La page est https://microsoft.com/devicelogin.")),
    ("asks_device_code", letter("Use az login; it shows a page, https://microsoft.com/devicelogin, and a code.")),
    ("asks_consent", letter("Connectez votre agenda : https://agenda.example/oauth2/authorize?scope=Mail.Read")),
    ("asks_consent", letter(CONSENT + "openid%20profile")),
    ("call_to_contest", letter("Votre facture de 86,20 € sera prélevée le 20. Une question ? Appelez le 09 69 00 12 34.")),
    ("call_to_contest", letter("Rendez-vous le 12. Pour annuler, appelez le 04 72 00 12 34.", author=PRIVATE)),
    ("asks_gift_cards", letter("Nous lui offrons une carte cadeau, prévenez si vous participez.", author=PRIVATE)),
    ("asks_gift_cards", letter("Achetez des cartes cadeaux, surprise, les codes suivent.", author=INSIDE)),
    ("asks_salary_account", letter("J'ai déposé mon nouveau RIB pour la paie dans l'espace agent.", author=INSIDE)),
    ("asks_salary_account", letter("Pouvez-vous m'envoyer mon attestation de salaire ?", author=PRIVATE)),
    ("conversation_changes_account", letter("Réglez sur le compte habituel, merci." + QUOTE, answers=True, subject="Re: facture")),
    ("conversation_changes_account", letter("Non, nous n'avons pas changé de compte, ce nouveau compte n'est pas le nôtre." + QUOTE, answers=True)),
    ("conversation_brings_lure", letter("Les images sont là : https://partage.fournisseur-x.example/s/1" + QUOTE, answers=True)),
    ("conversation_brings_lure", letter("Oui, merci." + QUOTE + "\n> https://doc-x.web.app/", answers=True)),
    ("asks_remote_control", letter("Notre technicien se connectera avec TeamViewer, avec votre accord.")),
    ("asks_to_install", letter("Le correctif est installé cette nuit, vous n'avez rien à faire. https://notes.example/p.html")),
    ("asks_to_install", letter("Installez ce correctif aujourd'hui : https://maj.example/p.msi", author=INSIDE)),
    ("asks_to_paste_command", letter("Press Windows + R, type \\\\print01 and press Enter.")),
    ("asks_to_paste_command", letter("Une fausse page demande : touches Windows + R, collez la commande et validez.")),
    ("asks_work_account", letter("Consultez https://region.example avec votre carte CPS.")),
    ("asks_work_account", letter("https://x.chu-valmont.example : connectez-vous avec vos identifiants de messagerie.", author=INSIDE)),
    ("invitation_asks", letter("Voici l'invitation à la réunion.", ics="https://teams.microsoft.com/l/meetup-join/1")),
    ("disc_instead_of_document", letter("L'examen et sa facture.", file=("cd.iso", DISC.replace(b"\x00" * 8, b"DICOMDIR", 1)))),
    ("disc_instead_of_document", letter("Les images de l'IRM.", file=("cd.iso", DISC))),
    ("asks_to_open_inside", letter("Mes notes.", file=("a.one", NOTEBOOK))),
    ("archive_opened_in_haste", letter("Le mot de passe vous est donné par téléphone.", file=("a.zip", LOCKED))),
    ("domain_of_service_words", letter("Bonjour", author="X <x@imagerie-services-ouest.example>")),
    ("notice_of_service_elsewhere", letter('<a href="https://x.sharepoint.com/a">Open</a> Marc has shared a file on SharePoint', html=True, subject="SharePoint")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "of"), FIRES, ids=[f"{at}-{name}" for at, (name, _) in enumerate(FIRES)])
def test_what_is_asked_is_seen(name: str, of: Letter) -> None:
    assert name in names(of)


@pytest.mark.parametrize(("name", "of"), QUIET, ids=[f"{at}-{name}" for at, (name, _) in enumerate(QUIET)])
def test_what_looks_like_it_is_not_asked(name: str, of: Letter) -> None:
    assert name not in names(of)


def test_a_sentence_that_refuses_does_not_count_nor_one_that_warns_with_its_neighbours() -> None:
    text = folded("Never enter the code. Attackers send scams. Enter the code? Fine. Later: dial the number.")
    assert deeds.told(text).where == {"call": frozenset({4})}


def test_pieces_stand_together_within_so_many_sentences() -> None:
    found = deeds.told("paste it. one. two. press enter.")
    assert not found.together("paste", "submit", within=3) and found.together("paste", "submit", within=4)


def test_a_text_without_an_end_is_cut_into_sentences() -> None:
    far = deeds.told("paste it " + "x " * 1_000 + "press enter")
    assert far.says("paste", "submit") and not far.together("paste", "submit")


def test_the_site_tells_who_is_inside_and_an_address_that_writes_to_itself_is_not() -> None:
    wish = "Je change de banque : versez mon salaire sur mon nouveau compte."
    own = Mail(domains=("chu-valmont.example",))
    assert "asks_salary_account" not in names(letter(wish, author=INSIDE, to="x@elsewhere.example", site=own))
    assert "asks_salary_account" in names(letter(wish, to="rh@fournisseur-x.example", site=own))
    assert "asks_salary_account" in names(letter(wish, to="paul.martin@fournisseur-x.example"))
    assert "asks_salary_account" in names(letter(wish, author=INSIDE, more={"Delivered-To": "rh@clinique.example"}))


def test_what_is_quoted_below_is_not_asked() -> None:
    quoted = "<p>Merci, je regarde.</p><p>De : Paul &lt;paul@x.example&gt;<br>Press Windows + R, paste it and press Enter.</p>"
    assert "asks_to_paste_command" not in names(letter(quoted, html=True, answers=True, subject="Re: aide"))


@pytest.mark.parametrize(
    "of",
    [
        letter("Ouvrez https://microsoft.com/devicelogin et saisissez le code GT7KQ2LMX."),
        letter("Je change de banque : versez mon salaire sur mon nouveau compte.", author=PRIVATE),
        letter(
            "Notre compte est sous audit : nouveau compte joint, confirmez la date du virement." + QUOTE,
            answers=True,
            subject="Re: facture",
        ),
        letter("Press Windows + R, paste with Ctrl + V and press Enter."),
    ],
    ids=["device code", "salary", "supplier", "command"],
)
def test_what_nobody_honest_asks_is_enough_for_a_verdict(of: Letter) -> None:
    assert judge(of.message, of.context).verdict != "ordinary"


@pytest.mark.parametrize("piece", ["paste ", "0", "+1 ", "01 ", "new account. ", "De : a\n", "https://a.b/x?", "ABCD-"])
def test_repetition_is_linear(piece: str) -> None:
    """A megabyte of one piece: what is quadratic would not come back within the time that a test run has."""
    of = letter(f"call refund charged {piece * (1_000_000 // len(piece))}", answers=True, subject="Re: x")
    judge(of.message, of.context)
