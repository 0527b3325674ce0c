# ruff: noqa: E501 - letters, a sentence a line
"""The mailbox of the imaging secretariat that day: eight lures among ordinary mail, as an mbox export (RFC 4155).

Nobody followed the lures. They are written for the demonstration; senders and destinations end in ``.example``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from demo.generate import hospital as h

RECIPIENT = f"secretariat-imagerie@{h.PUBLIC_NAME}"
SERVER = f"mx.{h.PUBLIC_NAME}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message: when (``HH:MM``), from whom, what it says; with a link it is a page, without one plain text."""

    at: str
    display: str
    address: str
    subject: str
    text: tuple[str, ...]
    link: tuple[str, str] = ("", "")
    reply_to: str = ""
    proven: bool = True
    more: tuple[str, ...] = field(default=())


LURES = (
    Letter("08:21", "Assurance Maladie", "info@garage-solaire.example", "Votre nouvelle carte Vitale : action requise",
           ("Cher(e) assuré(e),", "Votre carte Vitale arrive à expiration. Mettez à jour vos informations sous 48 heures pour conserver vos droits."),
           ("Mettre à jour mes informations", "https://ameli-renouvellement.example/carte")),
    Letter("08:47", "Ameli Pro", "service@studio-nord.example", "Remboursement en attente : dernier rappel",
           ("Bonjour,", "Un remboursement de 487,20 euros est en attente. Confirmez vos coordonnées bancaires avant expiration du délai."),
           ("Accéder à mon compte", "http://203.0.113.71/amelipro/")),
    Letter("09:05", "Agence du Numérique en Santé", "notification@vitae-trade.example", "Votre e-CPS sera désactivée",
           ("Bonjour,", "Votre identité Pro Santé Connect n'a pas été vérifiée. Sans réponse de votre part, votre accès sera suspendu sous 24 heures."),
           ("Vérifier mon identité", "https://prosanteconnect-verification.example/e-cps")),
    Letter("09:40", "Annuaire Santé RPPS", "contact@casa-brand.example", "Mise à jour obligatoire de votre fiche RPPS",
           ("Cher utilisateur,", "Votre fiche est incomplète : votre compte sera suspendu. Mettez à jour vos informations immédiatement, cliquez ci-dessous."),
           ("Mettre à jour ma fiche", "http://203.0.113.72/rpps/")),
    Letter("10:12", "Colissimo", "suivi@zenit-fleur.example", "Votre colis est en attente de livraison",
           ("Bonjour,", "Votre colis n'a pas pu être livré : adresse incomplète. Réglez les frais de livraison de 1,99 euro pour planifier une nouvelle livraison."),
           ("Planifier la livraison", "https://colissimo-livraison.example/suivi")),
    Letter("11:30", "Support PACS", "support@atelier-vitae.example", "Mise à jour urgente de votre client PACS",
           ("Bonjour,", "Une faille critique a été corrigée. Installez immédiatement la mise à jour du visualiseur, sinon votre accès sera suspendu. Cliquez ci-dessous."),
           ("Télécharger la mise à jour", "http://203.0.113.73/update/viewer.iso")),
    Letter("14:03", "Microsoft Teams", "noreply@plomberie-solar.example", "Vous avez manqué une réunion Teams urgente",
           ("Bonjour,", "Vous êtes attendu dans une réunion Teams urgente avec la direction. Connectez-vous et cliquez ci-dessous pour la rejoindre."),
           ("Rejoindre la réunion", "https://teams-reunion.example/join")),
    Letter("15:26", "Lumière Contraste comptabilité", "compta@lumiere-contrastes.example", "Changement de RIB",
           ("Bonjour,", "Nous vous informons du changement de nos coordonnées bancaires. Merci d'utiliser le nouveau RIB pour vos prochains règlements, "
            "notre ancien compte est clôturé.", "IBAN FR76 3000 6000 0112 3456 7890 189", "Service comptabilité"),
           reply_to="compta.lumiere@secours-mail.example"),
)  # fmt: skip

ORDINARY = (
    Letter("07:50", "Élise Garnier", f"e.garnier@{h.PUBLIC_NAME}", "Planning du scanner", ("Bonjour,", "Le planning de la semaine est à jour dans le dossier partagé.", "Élise")),
    Letter("08:05", "Lumière Contraste", "facturation@lumiere-contraste.example", "Facture 2026-0312",
           ("Bonjour,", "Votre facture de février est disponible. Le règlement est attendu sous 30 jours sur notre compte habituel."),
           ("Voir la facture", "https://clients.lumiere-contraste.example/factures/0312")),
    Letter("08:32", "Labo Meridian", "resultats@labo-meridian.example", "Résultats de la veille", ("Bonjour,", "Les résultats sont disponibles sur le serveur, comme d'habitude.", "Le laboratoire")),
    Letter("09:15", "Société d'imagerie", "lettre@societe-imagerie.example", "La lettre n° 42 : scanner low dose, diabète et imagerie",
           ("Chers collègues,", "Inscrivez-vous au congrès de mai avant le 31 mars pour bénéficier du tarif réduit."),
           ("Lire la lettre", "https://www.societe-imagerie.example/lettre/42"), more=("List-Unsubscribe: <https://www.societe-imagerie.example/stop>",)),
    Letter("09:58", "Clinique des Rives", "radiologie@clinique-desrives.example", "CD d'un patient transféré", ("Bonjour,", "Le CD du patient transféré ce matin part par coursier, comme convenu par téléphone.", "Cordialement")),
    Letter("10:44", "Marc Delorme", f"m.delorme@{h.PUBLIC_NAME}", "Re: Vacation de samedi", ("D'accord pour samedi matin.", "Marc"), more=("In-Reply-To: <12@ch-brumeval.example>", "References: <12@ch-brumeval.example>")),
    Letter("11:10", "Coursier Rapide", "suivi@coursier-rapide.example", "Votre colis arrive demain",
           ("Bonjour,", "Votre colis sera livré demain entre 9 h et 13 h."), ("Suivre mon colis", "https://www.coursier-rapide.example/suivi/8812")),
    Letter("13:20", "Formation continue", f"formation@{h.PUBLIC_NAME}", "Votre attestation de radioprotection expire bientôt",
           ("Bonjour,", "Votre attestation expire le 31 mars. Inscrivez-vous à une session avant cette date."), ("S'inscrire", f"https://intranet.{h.PUBLIC_NAME}/formation")),
    Letter("16:02", "Paul Martel", "paul.martel@messagerie-libre.example", "Demande de compte rendu", ("Bonjour,", "Je n'ai pas reçu le compte rendu de mon examen. Pouvez-vous me dire quand il sera prêt ?", "Merci d'avance")),
    Letter("17:31", "Service informatique", f"support@{h.PUBLIC_NAME}", "Coupure du PACS jeudi soir", ("Bonjour,", "L'archive sera mise à jour jeudi de 18 h à 20 h. Aucune action n'est nécessaire de votre part.", "Le support")),
)  # fmt: skip


def files() -> dict[str, bytes]:
    """The export by its path."""
    letters = sorted((*LURES, *ORDINARY), key=lambda letter: letter.at)
    return {"mail/secretariat-imagerie.mbox": "".join(_message(n, letter) for n, letter in enumerate(letters, 1)).encode()}


def _message(number: int, letter: Letter) -> str:
    domain = letter.address.rpartition("@")[2]
    inside = domain == h.PUBLIC_NAME
    stamp = f"Tue, 10 Mar 2026 {letter.at}:10 +0100"
    client = "10.20.1.60" if inside else f"203.0.113.{100 + number}"
    result = "pass" if letter.proven else "none"
    head = [
        f"From {letter.address} Tue Mar 10 {letter.at}:10 2026",
        f"Return-Path: <{letter.address}>",
        f"Received: from mail.{domain} (mail.{domain} [{client}]) by {SERVER} (Postfix) with ESMTPS id {number:010X} for <{RECIPIENT}>; {stamp}",
        f"Authentication-Results: {SERVER}; spf={result} smtp.mailfrom={domain}; dkim={result} header.d={domain}; dmarc={result} header.from={domain}",
        f'From: "{letter.display}" <{letter.address}>',
        f"To: <{RECIPIENT}>",
        f"Subject: {letter.subject}",
        f"Date: {stamp}",
        f"Message-ID: <{number:08d}@{domain}>",
        *([f"Reply-To: <{letter.reply_to}>"] if letter.reply_to else []),
        *letter.more,
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if letter.link[1] else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    if not letter.link[1]:
        return "\n".join([*head, "", *letter.text, "", ""])
    label, url = letter.link
    page = "".join(f"<p>{line}</p>\n" for line in letter.text)
    return "\n".join([*head, "", f'<html><body>\n{page}<p><a href="{url}">{label}</a></p>\n</body></html>', "", ""])
