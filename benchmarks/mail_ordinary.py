"""Legitimate mail written for measuring: what a French or English hospital's mailbox receives on an ordinary day.

Nobody publishes such mail. These messages are invented and made from a seed: colleagues, suppliers, appointments, carriers,
administrations, newsletters, lists, invitations, forwarded mail, machines, in French and English, some in five other
languages. They are harder than the open sets in one respect: they speak of payments, parcels, passwords and accounts, come
as HTML with a single link, carry archives and disk images, and are still honest.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mail_answers import answer
from mail_letters import PEOPLE, Draft, calendar, pdf, sent

PARTNERS = (
    "clinique-desrives.example",
    "imagerie-valmont.example",
    "labo-meridian.example",
    "ghu-littoral.example",
    "radiolab.example",
)
SUPPLIERS = (
    "medisupply.example",
    "contrast-solutions.example",
    "helio-imaging.example",
    "papeterie-centrale.example",
    "oxymed.example",
)


@dataclass(frozen=True)
class Sample:
    """A message with its kind, its language and the variant of its text (variants are kept apart in training)."""

    kind: str
    language: str
    variant: int
    data: bytes


Maker = Callable[[random.Random], tuple[str, int, Draft]]


def _pick(dice: random.Random, items: list[tuple[str, str, str]]) -> tuple[str, int, str, str]:
    at = dice.randrange(len(items))
    language, subject, text = items[at]
    return language, at, subject, text


def _person(dice: random.Random, domain: str) -> tuple[str, str]:
    name = dice.choice(PEOPLE)
    return name, f"{name.lower().replace(' ', '.')}@{domain}"


COLLEAGUES = [
    (
        "fr",
        "Vacation de samedi",
        "Bonjour,|Peux-tu confirmer ta vacation de samedi matin au scanner ? Le planning est à jour dans le dossier partagé.|Merci, à demain",
    ),
    (
        "fr",
        "IRM : panne de l'antenne genou",
        "Bonjour à tous,|L'antenne genou est en panne depuis ce matin, le constructeur passe demain. Merci de reprogrammer les examens concernés.|Bien cordialement",
    ),
    (
        "fr",
        "Compte rendu à valider en urgence",
        "Bonjour,|Le compte rendu du patient du bloc est en attente de validation, peux-tu le regarder dès que possible ? Le chirurgien l'attend.|Merci",
    ),
    (
        "fr",
        "Mot de passe du poste d'interprétation",
        "Bonjour,|Votre mot de passe expire dans 5 jours. Pour le changer, faites Ctrl+Alt+Suppr puis Modifier un mot de passe, comme d'habitude. Le service informatique ne demande jamais votre mot de passe.|Le support",
    ),
    (
        "fr",
        "Commande de produit de contraste",
        "Bonjour,|La facture du mois dernier n'a pas encore été réglée, peux-tu vérifier avec la comptabilité ? Le virement devait partir vendredi.|Bonne journée",
    ),
    (
        "fr",
        "Réunion de service reportée",
        "Chers collègues,|La réunion de service est reportée à jeudi 14 h en salle 2. L'ordre du jour est inchangé.|Bien à vous",
    ),
    (
        "en",
        "CT list tomorrow",
        "Hi,|The trauma slot at 10 is taken, can we move the biopsy to the afternoon? Please let me know as soon as possible.|Thanks",
    ),
    (
        "en",
        "Rota swap",
        "Hello all,|Could anyone swap the Sunday on-call with me? I am happy to take two evenings in return.|Best wishes",
    ),
    (
        "en",
        "Urgent: report pending",
        "Hi,|The ward is waiting for the chest CT report of this morning. Could you verify and sign it when you have a minute?|Many thanks",
    ),
    (
        "en",
        "PACS downtime on Thursday",
        "Dear colleagues,|The archive will be updated on Thursday between 18:00 and 20:00. Reading stays possible on the workstations. No action is required.|IT support",
    ),
    (
        "en",
        "Gift for Helen's retirement",
        "Hi all,|We are collecting for a gift card for Helen. Please leave what you like in the envelope at reception by Friday.|Thanks",
    ),
    (
        "en",
        "Invoice query",
        "Hi,|The supplier says that last month's invoice is overdue. Accounts paid it on the 3rd, I attach the confirmation of the transfer.|Regards",
    ),
]


def colleague(dice: random.Random) -> tuple[str, int, Draft]:
    """A letter within the house or from a neighbour, often an answer, plain or as Outlook makes it."""
    language, at, subject, text = _pick(dice, COLLEAGUES)
    name, address = _person(dice, dice.choice((*PARTNERS, "chu-valmont.example", "northvale-hospital.example")))
    answer = dice.random() < 0.5
    draft = Draft(
        name,
        address,
        ("Re: " if answer else "") + subject,
        [*text.split("|"), name, f"Tél. {dice.randrange(10**9, 10**10 - 1)}"],
        answers=answer,
    )
    draft.html = dice.random() < 0.6
    if answer:
        draft.quoted = ["Bonjour, qu'en penses-tu ?" if language == "fr" else "Hello, what do you think?"]
    if dice.random() < 0.25:
        draft.inline = [("logo@x", _dot(dice))]
        draft.html = True
    return language, at, draft


def _dot(dice: random.Random) -> bytes:
    import struct
    import zlib

    side = dice.choice((1, 24, 60))
    raw = b"".join(b"\x00" + bytes([dice.randrange(200, 256)]) * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


ONE_LINK = [
    (
        "fr",
        "Document partagé : planning des gardes",
        "Bonjour,|Le planning des gardes de mars est en ligne. Merci de vérifier vos dates avant vendredi.",
        "Ouvrir le planning",
    ),
    (
        "fr",
        "Votre avis sur la nouvelle salle",
        "Bonjour,|Merci de répondre à ce court questionnaire de satisfaction, cela prend deux minutes.",
        "Répondre",
    ),
    (
        "fr",
        "Formation obligatoire à la radioprotection",
        "Bonjour,|Votre attestation de radioprotection arrive à expiration. Inscrivez-vous à une session avant la fin du mois.",
        "S'inscrire",
    ),
    (
        "fr",
        "Nouvelle procédure d'identitovigilance",
        "Bonjour,|La procédure mise à jour est disponible sur l'intranet. Merci d'en prendre connaissance.",
        "Lire la procédure",
    ),
    (
        "en",
        "Shared folder: teaching files",
        "Hello,|The teaching files for Tuesday are in the shared folder. Please do not forward the link.",
        "Open the folder",
    ),
    (
        "en",
        "Mandatory training expires soon",
        "Dear colleague,|Your radiation protection training expires on 31 March. Please book a session before then.",
        "Book a session",
    ),
    (
        "en",
        "Staff survey: last chance to take part",
        "Hello,|The annual staff survey closes on Friday. It takes five minutes and is anonymous.",
        "Take the survey",
    ),
    (
        "en",
        "Please review the protocol",
        "Hi,|The new stroke protocol is ready for your comments. Please review it by Monday.",
        "View document",
    ),
]


def one_link(dice: random.Random) -> tuple[str, int, Draft]:
    """An HTML letter with a single link to the sender's own pages, or to the form or drive that his house uses."""
    at = dice.randrange(len(ONE_LINK))
    language, subject, text, label = ONE_LINK[at]
    domain = dice.choice((*PARTNERS, *SUPPLIERS))
    name, address = _person(dice, domain)
    url = dice.choice(
        (
            f"https://intranet.{domain}/doc/{dice.randrange(9999)}",
            f"https://www.{domain}/p/{dice.randrange(9999)}",
            f"https://{domain.split('.')[0]}.sharepoint.com/:w:/s/x/{dice.getrandbits(40):x}",
            f"https://forms.office.com/e/{dice.getrandbits(30):x}",
        )
    )
    return (
        language,
        at,
        Draft(name, address, subject, [*text.split("|"), name], [(label, url)], html=True, plain_too=dice.random() < 0.5),
    )


NOTICES = [
    (
        "fr",
        "Doctolib",
        "no-reply@doctolib.fr",
        "Rappel de votre rendez-vous",
        "Bonjour,|Votre rendez-vous a lieu demain à 9 h 30. En cas d'empêchement, merci d'annuler ou de déplacer le rendez-vous.",
        "Gérer mon rendez-vous",
        "https://www.doctolib.fr/appointments/{n}",
    ),
    (
        "fr",
        "Assurance Maladie",
        "ne-pas-repondre@info.ameli.fr",
        "Un nouveau message dans votre compte ameli",
        "Bonjour,|Vous avez un nouveau message dans votre espace personnel. Pour le consulter, connectez-vous à votre compte ameli comme d'habitude.",
        "ameli.fr",
        "https://assure.ameli.fr/PortailAS/{n}",
    ),
    (
        "fr",
        "impots.gouv.fr",
        "nepasrepondre@dgfip.finances.gouv.fr",
        "Votre avis d'impôt est disponible",
        "Bonjour,|Votre avis d'impôt est disponible dans votre espace particulier. Aucun lien n'est à suivre : connectez-vous sur impots.gouv.fr.",
        "impots.gouv.fr",
        "https://www.impots.gouv.fr/",
    ),
    (
        "fr",
        "Colissimo",
        "noreply@notif-colissimo-laposte.info",
        "Votre colis arrive demain",
        "Bonjour,|Votre colis sera livré demain entre 9 h et 13 h. Vous pouvez suivre la livraison ou choisir un point de retrait.",
        "Suivre mon colis",
        "https://www.laposte.fr/outils/suivre-vos-envois?code={n}",
    ),
    (
        "fr",
        "Chronopost",
        "chronopost@network1.pickup.fr",
        "Votre colis est en cours de livraison",
        "Bonjour,|Votre colis est entre les mains de notre livreur.",
        "Suivre",
        "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={n}",
    ),
    (
        "fr",
        "Agence du Numérique en Santé",
        "ne-pas-repondre@esante.gouv.fr",
        "e-CPS : nouvelle version de l'application",
        "Bonjour,|Une nouvelle version de l'application e-CPS est disponible. Pensez à la mettre à jour depuis votre magasin d'applications.",
        "En savoir plus",
        "https://esante.gouv.fr/produits-services/e-cps",
    ),
    (
        "fr",
        "Crédit Mutuel",
        "alertes@creditmutuel.fr",
        "Votre relevé de compte est disponible",
        "Bonjour,|Votre relevé de compte du mois est disponible dans votre espace client.",
        "Accéder à mon espace",
        "https://www.creditmutuel.fr/fr/authentification.html",
    ),
    (
        "fr",
        "SNCF Connect",
        "noreply@sncf-connect.com",
        "Confirmation de votre commande",
        "Bonjour,|Merci pour votre commande. Vos billets sont disponibles dans l'application.",
        "Voir mes billets",
        "https://www.sncf-connect.com/bookings/{n}",
    ),
    (
        "en",
        "DocuSign",
        "dse@eumail.docusign.net",
        "Please sign: service contract 2025",
        "Helen Ashworth sent you a document to review and sign.|This message was sent by the sender through DocuSign.",
        "REVIEW DOCUMENT",
        "https://eu.docusign.net/Signing/EmailStart.aspx?a={n}",
    ),
    (
        "en",
        "Microsoft account team",
        "account-security-noreply@accountprotection.microsoft.com",
        "New sign-in to your account",
        "We detected a sign-in from a new device. If this was you, you can ignore this message.|If not, review your recent activity.",
        "Review recent activity",
        "https://account.live.com/activity/{n}",
    ),
    (
        "en",
        "DHL Express",
        "noreply@dhl.com",
        "Your shipment is out for delivery",
        "Your parcel will be delivered today. You can change the delivery time or give a safe place.",
        "Track your package",
        "https://www.dhl.com/en/express/tracking.html?AWB={n}",
    ),
    (
        "en",
        "Amazon.co.uk",
        "order-update@amazon.co.uk",
        "Your order has been dispatched",
        "Your package is on the way. Thank you for your order.",
        "Track package",
        "https://www.amazon.co.uk/progress-tracker/package/{n}",
    ),
    (
        "en",
        "PayPal",
        "service@paypal.com",
        "Receipt for your payment",
        "You sent a payment of £24.00 to Radiology Society. It may take a few moments for this transaction to appear.",
        "View details",
        "https://www.paypal.com/activity/payment/{n}",
    ),
    (
        "en",
        "Zoom",
        "no-reply@zoom.us",
        "Cloud recording is now available",
        "Your cloud recording is now available.",
        "View recording",
        "https://us02web.zoom.us/recording/detail?id={n}",
    ),
    (
        "de",
        "DHL Paket",
        "noreply@dhl.de",
        "Ihr Paket kommt heute",
        "Guten Tag,|Ihr Paket wird heute zugestellt. Sie können die Zustellung verfolgen oder einen anderen Ort wählen.",
        "Sendung verfolgen",
        "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?idc={n}",
    ),
    (
        "pt",
        "Correios",
        "noreply@correios.com.br",
        "Seu pedido saiu para entrega",
        "Olá,|Seu pedido saiu para entrega ao destinatário. Acompanhe o rastreamento no site.",
        "Rastrear",
        "https://rastreamento.correios.com.br/app/index.php?o={n}",
    ),
]


def notice(dice: random.Random) -> tuple[str, int, Draft]:
    """A notification from a known organization's own address, leading to its own pages."""
    at = dice.randrange(len(NOTICES))
    language, display, address, subject, text, label, url = NOTICES[at]
    draft = Draft(
        display,
        address,
        subject,
        text.split("|"),
        [(label, url.format(n=dice.getrandbits(40)))],
        html=True,
        plain_too=dice.random() < 0.7,
    )
    draft.images = [f"https://www.{address.rpartition('@')[2]}/logo.png"]
    return language, at, draft


SMALL = [
    (
        "fr",
        "Rappel : rendez-vous demain",
        "Bonjour,|Nous vous rappelons votre rendez-vous de demain à 10 h au cabinet. Merci d'apporter votre carte vitale et votre ordonnance.",
        "Confirmer le rendez-vous",
    ),
    (
        "fr",
        "Votre facture n° {n}",
        "Bonjour,|Veuillez trouver votre facture ci-jointe. Le règlement est attendu sous 30 jours sur notre compte habituel.|Merci de votre confiance.",
        "Voir la facture",
    ),
    (
        "fr",
        "Code de connexion",
        "Votre code de connexion est {n}. Il est valable 10 minutes. Ne le communiquez à personne.",
        "Aide",
    ),
    (
        "fr",
        "Bienvenue dans votre espace client",
        "Bonjour,|Votre compte a été créé. Pour activer votre compte, confirmez votre adresse en cliquant sur le bouton ci-dessous.",
        "Activer mon compte",
    ),
    (
        "fr",
        "Expédition de votre commande",
        "Bonjour,|Votre commande {n} vient de partir de notre entrepôt. Livraison prévue sous 48 heures.",
        "Suivre la livraison",
    ),
    (
        "en",
        "Your invoice {n}",
        "Hello,|Please find attached your invoice. Payment is due within 30 days to our usual account.|Thank you for your business.",
        "View invoice",
    ),
    (
        "en",
        "Reminder: appointment tomorrow",
        "Hello,|This is a reminder of your appointment tomorrow at 10:00. Please arrive 15 minutes early.",
        "Confirm",
    ),
    ("en", "Your verification code", "Your code is {n}. It expires in 10 minutes. Do not share it with anyone.", "Help"),
    (
        "en",
        "Confirm your email address",
        "Hi,|Thanks for signing up. Please confirm your email address to activate your account.",
        "Confirm email",
    ),
    (
        "en",
        "Password reset",
        "Hi,|You asked to reset your password. If you did not, ignore this message and nothing changes.",
        "Reset password",
    ),
    (
        "en",
        "Your subscription renews on 1 April",
        "Hello,|Your subscription will be renewed automatically on 1 April for €89. You can cancel at any time in your account.",
        "Manage subscription",
    ),
    (
        "de",
        "Ihre Rechnung {n}",
        "Guten Tag,|anbei erhalten Sie Ihre Rechnung. Bitte überweisen Sie den Betrag innerhalb von 14 Tagen.|Mit freundlichen Grüßen",
        "Rechnung ansehen",
    ),
    (
        "es",
        "Su cita de mañana",
        "Estimado cliente:|Le recordamos su cita de mañana a las 10:00. Si no puede acudir, avísenos.",
        "Confirmar",
    ),
    (
        "it",
        "La sua fattura {n}",
        "Gentile cliente,|in allegato la fattura del mese. Il pagamento è previsto entro 30 giorni.|Cordiali saluti",
        "Vedi fattura",
    ),
    (
        "nl",
        "Uw factuur {n}",
        "Beste klant,|Bijgaand vindt u uw factuur. Wij ontvangen de betaling graag binnen 30 dagen.|Met vriendelijke groet",
        "Bekijk factuur",
    ),
    (
        "pt",
        "Sua fatura {n}",
        "Prezado cliente,|Segue em anexo a sua fatura. O pagamento vence em 30 dias.|Atenciosamente",
        "Ver fatura",
    ),
]


def small_firm(dice: random.Random) -> tuple[str, int, Draft]:
    """A transactional message of a firm nobody knows, sent by itself or through a bulk mailer."""
    at = dice.randrange(len(SMALL))
    language, subject, text, label = SMALL[at]
    firm = dice.choice(
        (
            "Cabinet Aubrac",
            "Medisupply",
            "Oxymed",
            "Papeterie Centrale",
            "Helio Imaging",
            "Lumen Care",
            "Harbour Dental",
            "Brightbook",
        )
    )
    stem = firm.lower().replace(" ", dice.choice(("", "-")))
    domain = stem + dice.choice((".example", ".fr", ".com", ".health", ".io", ".online", ".co.uk", ".de"))
    number = str(dice.randrange(10_000, 999_999))
    draft = Draft(
        firm,
        f"{dice.choice(('contact', 'facturation', 'noreply', 'hello', 'service'))}@{domain}",
        subject.format(n=number),
        text.format(n=number).split("|"),
        html=True,
        plain_too=dice.random() < 0.5,
    )
    through = dice.random()
    if through < 0.4:
        draft.links = [(label, f"https://u{dice.randrange(9999)}.ct.sendgrid.net/ls/click?upn={dice.getrandbits(60):x}")]
        draft.return_path = f"bounces+{dice.randrange(99999)}@em{dice.randrange(999)}.{domain}"
        draft.server = f"o{dice.randrange(9)}.ptr{dice.randrange(999)}.sendgrid.net"
        draft.message_id = f"<{dice.getrandbits(60):x}@geopod-ismtpd-{dice.randrange(9)}>"
    elif through < 0.8:
        draft.links = [(label, f"https://app.{domain}/t/{dice.getrandbits(40):x}")]
    else:
        draft.links = [
            (label, f"https://app.{domain}/t/{dice.getrandbits(40):x}"),
            ("Mentions légales" if language == "fr" else "Privacy", f"https://www.{domain}/legal"),
        ]
    if "factur" in subject.lower() or "invoice" in subject or "Rechnung" in subject:
        draft.files = [(f"{number}.pdf", "application/pdf", pdf(text=f"Invoice {number}"))]
    return language, at, draft


NEWSLETTERS = [
    (
        "fr",
        "🎁 Offre exclusive : -20 % jusqu'à dimanche",
        "Offre exclusive|Profitez de 20 % de réduction sur toute la gamme jusqu'à dimanche. Plus que quelques jours pour en profiter !|Gagnez un bon d'achat en participant à notre tirage au sort.",
    ),
    (
        "fr",
        "La lettre de la Société d'imagerie n° 42",
        "Chers collègues,|Au sommaire : recommandations sur le scanner low dose, diabète et imagerie vasculaire, perte de poids et IRM hépatique, le congrès de mai.|Inscrivez-vous avant le 31 mars pour bénéficier du tarif réduit.",
    ),
    (
        "fr",
        "Webinaire gratuit : l'IA en mammographie",
        "Bonjour,|Rejoignez notre webinaire gratuit. Places limitées, inscription en un clic.|Le replay sera envoyé aux inscrits.",
    ),
    (
        "fr",
        "Votre mutuelle vous informe",
        "Bonjour,|Vos remboursements sont disponibles dans votre espace. Découvrez aussi nos conseils santé : sommeil, dos, articulations.|Prenez soin de vous.",
    ),
    (
        "en",
        "Last chance: early bird ends tonight",
        "Early bird registration ends tonight|Save £100 on the congress. Don't miss the keynote on photon counting CT.|See you there!",
    ),
    (
        "en",
        "This week in radiology",
        "Top stories|AI triage in stroke, prostate MRI in the clinic, low back pain imaging guidelines, and cardiac CT in diabetes.|Read on",
    ),
    (
        "en",
        "You're invited: win a tablet at our booth",
        "Visit us at booth 12|Take part in our prize draw for a chance to win a tablet. New cookware sale too: save up to 40% today only.|We look forward to meeting you.",
    ),
    (
        "en",
        "Your monthly rewards statement",
        "Hello,|You have 1,240 points. Redeem them for gift cards, or donate to our cancer research fund.|Offers end on Sunday.",
    ),
    (
        "de",
        "Newsletter: Gutschein zum Frühling",
        "Liebe Kundinnen und Kunden,|jetzt 10 % Rabatt sichern mit Ihrem Gutschein. Nur noch bis Sonntag.|Ihr Team",
    ),
    (
        "pt",
        "Novidades da semana",
        "Olá,|Confira as novidades da semana e as promoções exclusivas com frete grátis para você.|Equipe",
    ),
    (
        "nl",
        "Nieuwsbrief maart",
        "Beste lezer,|Deze maand: gratis webinar, korting op cursussen en een interview over slaap.|Met vriendelijke groet",
    ),
]


def newsletter(dice: random.Random) -> tuple[str, int, Draft]:
    """A newsletter with pictures, many links, hidden preview text and List-Unsubscribe, from the firm's domain or a mailer's."""
    language, at, subject, text = _pick(dice, NEWSLETTERS)
    firm = dice.choice(("Societe Imagerie", "RadioCongress", "Medishop", "Lumen Health", "Atelier du Livre", "Garden Shop"))
    domain = firm.lower().replace(" ", "") + dice.choice((".fr", ".org", ".com", ".eu"))
    sub = dice.choice(("news", "e", "mail", "info", "newsletter"))
    mailer = dice.choice(("list-manage.com", "sendibt2.com", "mjt.lu", "rs6.net", ""))
    host = f"{firm.lower().replace(' ', '')}.{mailer}" if mailer else f"click.{sub}.{domain}"
    links = [
        (label, f"https://{host}/c/{dice.getrandbits(50):x}")
        for label in ("Lire la suite", "En profiter", "Découvrir", "Voir en ligne", "Se désabonner")
    ]
    links += [
        ("Facebook", "https://www.facebook.com/x"),
        ("LinkedIn", "https://www.linkedin.com/company/x"),
        (firm, f"https://www.{domain}/"),
    ]
    preview = f"<div style='display:none;max-height:0'>{subject} {'&zwnj;&nbsp;' * 60}</div>"
    pictures = dice.choice(("https://mcusercontent.com/a/images", f"https://img.{domain}", "https://d2x.cloudfront.net/i"))
    draft = Draft(
        firm, f"{dice.choice(('news', 'contact', 'hello'))}@{sub}.{domain}", subject, text.split("|"), links, html=True
    )
    draft.plain_too, draft.extra_html = dice.random() < 0.7, preview
    draft.images = [f"{pictures}/{i}.jpg" for i in range(dice.randrange(2, 9))]
    draft.headers = {
        "List-Unsubscribe": f"<https://{host}/u/{dice.getrandbits(40):x}>, <mailto:unsub@{sub}.{domain}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if mailer:
        draft.return_path = (
            f"bounce-{dice.randrange(9999)}@mail{dice.randrange(99)}.{ {'list-manage.com': 'mcsv.net'}.get(mailer, mailer) }"
        )
        draft.headers["Feedback-ID"] = "1:2:3:x"
        draft.server = draft.return_path.rpartition("@")[2]
    return language, at, draft


def invitation(dice: random.Random) -> tuple[str, int, Draft]:
    """An invitation to a meeting with the real links of the services."""
    at = dice.randrange(4)
    language = "fr" if at < 2 else "en"
    name, address = _person(dice, dice.choice((*PARTNERS, *SUPPLIERS)))
    url = (
        f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{dice.getrandbits(60):x}",
        f"https://us02web.zoom.us/j/{dice.randrange(10**10)}?pwd={dice.getrandbits(60):x}",
        f"https://helio.webex.com/meet/{dice.getrandbits(30):x}",
        f"https://meet.google.com/abc-{dice.randrange(999)}",
    )[dice.randrange(4)]
    subject = (
        "Réunion Teams : comité d'imagerie",
        "RCP de jeudi en visioconférence",
        "Zoom: MDT meeting",
        "Invitation: protocol review",
    )[at]
    text = (
        "Bonjour,|Voici le lien pour la réunion.|À jeudi"
        if language == "fr"
        else "Hello,|Here is the link for the meeting.|See you on Thursday"
    )
    draft = Draft(
        name,
        address,
        subject,
        text.split("|"),
        [("Rejoindre la réunion" if language == "fr" else "Join the meeting", url)],
        html=dice.random() < 0.7,
    )
    draft.calendar = calendar(subject, address, url) if dice.random() < 0.7 else ""
    return language, at, draft


def mailing_list(dice: random.Random) -> tuple[str, int, Draft]:
    """A contribution to a professional mailing list."""
    at = dice.randrange(len(COLLEAGUES))
    language, subject, text = COLLEAGUES[at]
    name, address = _person(dice, dice.choice(("gmail.com", "wanadoo.fr", *PARTNERS)))
    home = dice.choice(("listes.societe-imagerie.example", "lists.radiology-net.example"))
    draft = Draft(
        name,
        address,
        f"[radio] {subject}",
        [*text.split("|"), "-- ", name],
        return_path=f"radio-bounces@{home}",
        server=home,
        answers=dice.random() < 0.5,
    )
    draft.headers = {
        "List-Id": f"<radio.{home}>",
        "List-Post": f"<mailto:radio@{home}>",
        "List-Unsubscribe": f"<https://{home}/u>",
        "Precedence": "list",
        "Cc": f"radio@{home}",
    }
    draft.authenticated = dice.choice(("pass", "fail", ""))
    return language, at, draft


def private(dice: random.Random) -> tuple[str, int, Draft]:
    """A private mailbox: a physician at home, an applicant, a patient, a relative; with a picture, a link, a document."""
    letters = [
        ("fr", "Candidature manipulateur radio", "Bonjour,|Je vous prie de trouver ci-joint mon CV et ma lettre de motivation. Je suis disponible pour un entretien.|Cordialement", "cv.pdf"),
        ("fr", "Photos du pot de départ", "Salut,|Voici le lien vers les photos de la soirée, encore merci pour le cadeau !|Bises", ""),
        ("fr", "Demande de compte rendu", "Bonjour docteur,|Je n'ai pas reçu le compte rendu de mon scanner. Pouvez-vous me le renvoyer ? Merci d'avance.|Bien cordialement", ""),
        ("en", "Application for the radiographer post", "Dear Sir or Madam,|Please find attached my CV and cover letter. I look forward to hearing from you.|Yours faithfully", "cv.pdf"),
        ("en", "Flat to rent near the hospital", "Hi,|The flat is free from April, 950 a month. Here are some photos.|Thanks", ""),
        ("en", "Question about my scan", "Hello,|Could you tell me when the results of my MRI will be ready? My phone number is on the form.|Kind regards", ""),
    ]  # fmt: skip
    at = dice.randrange(len(letters))
    language, subject, text, document = letters[at]
    name, address = _person(dice, dice.choice(("gmail.com", "orange.fr", "hotmail.com", "yahoo.fr", "free.fr", "icloud.com")))
    draft = Draft(name, address, subject, [*text.split("|"), name], html=dice.random() < 0.6, server="mail-x1.google.com")
    if document:
        draft.files = [
            (
                f"CV_{name.split()[1]}.pdf",
                "application/pdf",
                pdf("https://www.linkedin.com/in/x" if dice.random() < 0.5 else "", "Curriculum"),
            )
        ]
    elif "hoto" in subject + text:
        draft.links = [
            (
                "Photos",
                dice.choice(
                    (
                        "https://photos.app.goo.gl/x",
                        "https://www.dropbox.com/sh/x",
                        "https://drive.google.com/drive/folders/x",
                        "https://we.tl/t-x",
                    )
                ),
            )
        ]
    return language, at, draft


def media(dice: random.Random) -> tuple[str, int, Draft]:
    """A partner's images as a disk image, results in an encrypted archive, logs in a ZIP: what alarms filters and is honest."""
    at = dice.randrange(4)
    name, address = _person(dice, dice.choice(PARTNERS))
    iso = b"\x00" * 0x8000 + b"\x01CD001\x01\x00" + b"\x00" * 2_000
    archive = b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + dice.randbytes(200)
    rows = [
        ("fr", "Imagerie patient transféré", "Bonjour,|Ci-joint l'image du CD de radiologie du patient transféré ce matin, comme convenu par téléphone.|Cordialement", ("CD_radio.iso", "application/octet-stream", iso)),
        ("fr", "Résultats du laboratoire", "Bonjour,|Les résultats sont dans l'archive chiffrée. Le mot de passe habituel convient.|Cordialement", ("resultats.zip", "application/zip", archive)),
        ("en", "CD of the transferred patient", "Hello,|Attached is the CD image with the CT of the patient transferred this morning, as agreed on the phone.|Regards", ("CT_CD.iso", "application/octet-stream", iso)),
        ("en", "Logs of the modality", "Hello,|Please find the logs of the scanner in the protected archive. The password is the one we agreed.|Regards", ("logs.zip", "application/zip", archive)),
    ]  # fmt: skip
    language, subject, text, file = rows[at]
    return (
        language,
        at,
        Draft(
            name,
            address,
            subject,
            [*text.split("|"), name],
            files=[file],
            html=dice.random() < 0.4,
            answers=dice.random() < 0.5,
        ),
    )


def machine(dice: random.Random) -> tuple[str, int, Draft]:
    """What machines write: backup reports, alarms, delivery failures, copiers."""
    rows = [
        ("en", "URGENT: disk space on PACS02 below 10%", "Alert raised at 03:12 on PACS02.|Volume E: has 9% free. Action required.", "root@localhost.localdomain"),
        ("en", "Backup job finished with warnings", "Job: nightly. Status: warning. 2 files skipped because they were open.", "backup@srv-backup01.chu-valmont.example"),
        ("fr", "Document numérisé depuis COPIEUR-RADIO", "Un document numérisé est joint à ce message.", "copieur@chu-valmont.example"),
        ("en", "Undelivered Mail Returned to Sender", "This is the mail system. I'm sorry to have to inform you that your message could not be delivered to one or more recipients.", "MAILER-DAEMON@mail.radiolab.example"),
        ("fr", "Réponse automatique : absence", "Je suis absent jusqu'au 12 mars. En cas d'urgence, contactez le secrétariat.", "marc.delorme@imagerie-valmont.example"),
    ]  # fmt: skip
    at = dice.randrange(len(rows))
    language, subject, text, address = rows[at]
    draft = Draft(
        "",
        address,
        subject,
        text.split("|"),
        authenticated=dice.choice(("", "pass")),
        server=dice.choice(("localhost", "srv-backup01", "mail.radiolab.example")),
    )
    if "numérisé" in subject:
        draft.files = [("SCAN_0012.pdf", "application/pdf", pdf())]
    draft.headers = {"Auto-Submitted": "auto-generated"}
    return language, at, draft


def forwarded(dice: random.Random) -> tuple[str, int, Draft]:
    """A message passed on by a colleague, with what the first author wrote."""
    language, at, draft = dice.choice((colleague, newsletter, notice))(dice)
    name, address = _person(dice, dice.choice(PARTNERS))
    inner = [
        f"De : {draft.display} <{draft.address}>" if language == "fr" else f"From: {draft.display} <{draft.address}>",
        f"Objet : {draft.subject}",
        *draft.paragraphs,
    ]
    prefix = "TR: " if language == "fr" else "Fwd: "
    note = "Pour information." if language == "fr" else "For your information."
    return (
        language,
        at,
        Draft(
            name,
            address,
            prefix + draft.subject,
            [note, name, "-----Message d'origine-----" if language == "fr" else "-----Original Message-----", *inner],
            draft.links[:3],
            html=dice.random() < 0.5,
        ),
    )


MAKERS: tuple[tuple[str, Maker, int], ...] = (
    ("colleague", colleague, 3),
    ("one link", one_link, 2),
    ("notification", notice, 3),
    ("small firm", small_firm, 3),
    ("newsletter", newsletter, 3),
    ("invitation", invitation, 2),
    ("list", mailing_list, 2),
    ("private", private, 2),
    ("media", media, 1),
    ("machine", machine, 1),
    ("forwarded", forwarded, 2),
    ("answer", answer, 4),
)


def ordinary(count: int, seed: int = 7) -> Iterator[Sample]:
    """``count`` legitimate messages, the same for the same seed."""
    dice = random.Random(seed)
    bag = [(kind, maker) for kind, maker, share in MAKERS for _ in range(share)]
    for number in range(count):
        kind, maker = dice.choice(bag)
        language, variant, draft = maker(dice)
        draft.year = dice.choice((2004, 2012, 2018, 2022, 2024, 2025, 2025, 2025))
        yield Sample(kind, language, variant, sent(draft, dice, number))
