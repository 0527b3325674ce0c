"""Honest answers in conversations, with the mail that they quote: the side against which hijacked ones have to be told.

People answer from where they were written to; now and then from another mailbox of theirs, in the place of a colleague, or
with a link to a shared drive and its password; a ticket system answers for all.
"""

from __future__ import annotations

import random

from mail_letters import PEOPLE, Draft, quoted

_HOUSES = ("labo-meridian.example", "imagerie-valmont.example", "helio-imaging.example", "oxymed.example", "radiolab.example")
_HOSPITALS = ("chu-valmont.example", "northvale-hospital.example", "clinique-desrives.example")
_TEXTS = {
    "fr": (
        "Bonjour,|C'est fait, la demande est partie ce matin.",
        "Bonjour,|Oui, jeudi convient. Je vous rappelle demain pour l'heure.",
        "Bonjour,|Voici le document demandé.",
        "Bonjour,|Le devis corrigé, avec la remise dont nous avions parlé. Bonne réception.",
        "Bonjour,|Les images sont sur le partage, elles y restent dix jours.",
        "Bonjour,|Merci, je transmets au service.",
    ),
    "en": (
        "Hello,|Done, the request left this morning.",
        "Hi,|Thursday is fine. I will call you tomorrow about the time.",
        "Hello,|Please find the document that you asked for.",
        "Hi,|The corrected quote, with the discount we spoke of.",
        "Hello,|The images are on the share, they stay there for ten days.",
        "Hi,|Thanks, I pass it on to the department.",
    ),
}
_SUBJECTS = ("Planning des gardes", "CT list tomorrow", "Devis maintenance", "Invoice query", "Compte rendu", "Second avis")


def answer(dice: random.Random) -> tuple[str, int, Draft]:
    """An answer above what it answers."""
    language = dice.choice(("fr", "en"))
    at = dice.randrange(6)
    name, other, third = dice.sample(PEOPLE, 3)
    house, hospital = dice.choice(_HOUSES), dice.choice(_HOSPITALS)
    theirs, mine = (f"{who.lower().replace(' ', '.')}@{where}" for who, where in ((name, house), (other, hospital)))
    subject = dice.choice(_SUBJECTS)
    draft = Draft(name, theirs, dice.choice(("Re: ", "RE: ", "RE : ")) + subject, [*_TEXTS[language][at].split("|"), name])
    draft.html, draft.answers = dice.random() < 0.6, dice.random() < 0.9
    chance = dice.random()
    if chance < 0.15:  # a colleague of the house
        draft.display, draft.address = third, f"{third.lower().replace(' ', '.')}@{house}"
    elif chance < 0.23:  # somebody of a third house who was asked
        draft.display, draft.address = third, f"{third.lower().replace(' ', '.')}@{dice.choice(_HOUSES)}"
    elif chance < 0.27:  # from home
        draft.address = f"{name.lower().replace(' ', '.')}@{dice.choice(('gmail.com', 'orange.fr', 'outlook.com'))}"
    elif chance < 0.32:  # a ticket system answers
        draft.display, draft.address = f"{house.split('.')[0]} support", f"support@{house}"
        draft.reply_to = f"ticket+{dice.randrange(99999)}@{dice.choice(('zendesk.com', 'freshdesk.com'))}"
    token = f"{dice.getrandbits(48):x}"
    if at in (2, 4):
        draft.links = [(dice.choice(("Document", "Images", "Partage")), dice.choice((
            f"https://{house.split('.')[0]}.sharepoint.com/:f:/s/x/{token}", f"https://we.tl/t-{token[:8]}",
            f"https://drive.google.com/file/d/{token}/view", f"https://partage.{house}/s/{token}",
            f"https://www.dropbox.com/s/{token}/a", f"https://partage.{hospital}/s/{token}",
        )))]  # fmt: skip
        if dice.random() < 0.25:
            word = "Mot de passe :" if language == "fr" else "Password:"
            draft.paragraphs.insert(2, f"{word} {dice.randrange(1000, 99999)}")
    elif at == 3 and dice.random() < 0.5:
        locked = dice.random() < 0.3
        head = b"PK\x03\x04\x14\x00\x01\x00\x08\x00" if locked else b"PK\x03\x04\x14\x00\x00\x00\x08\x00"
        draft.files = [("devis.zip", "application/zip", head + dice.randbytes(300))]
        if locked:
            draft.paragraphs.insert(
                2, "Le mot de passe vous parvient par SMS." if language == "fr" else "The password comes by text."
            )
    draft.quoted = quoted(language, (other, mine), (name, theirs), subject)
    if dice.random() < 0.4:  # what came before that is quoted too
        draft.quoted += quoted(language, (name, theirs), (other, mine), subject)
    return language, at, draft
