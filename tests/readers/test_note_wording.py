"""What a text says by classes: demands in both languages, and what hospitals write that uses some of the same words."""

# A text is easier to read when it stands on few lines.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from wardround.readers.share.wording import classes_of

DEMANDS = [
    "Tous les fichiers de ce serveur ont été chiffrés. La seule façon de récupérer vos données est d'acquérir la clé privée. "
    "Installez le navigateur Tor et ouvrez notre page.",
    "Vos documents sont cryptés ! Vous perdrez vos fichiers dans 3 jours si le paiement n'est pas effectué. Pour les récupérer, "
    "envoyez 0,3 bitcoin à l'adresse suivante et écrivez-nous.",
    "Votre réseau a été compromis et vos données ont été téléchargées. Personne d'autre ne peut les déchiffrer. Si vous ne payez "
    "pas la rançon, elles seront publiées.",
    "Your files are locked. To unlock them, buy our decryptor. You will never restore your data without us. Live chat: write to "
    "our e-mail.",
    "Everything on your servers is encrypted. The only way to get your files back is to purchase the private key. "
    "Do not use third-party software. Your personal ID: 12",
    "We have encrypted your data. Nobody else can recover it. If you want your files back, email us at the address below; the price "
    "for decryption doubles after two days.",
]

ORDINARY = [
    "Le service informatique vous informe que le serveur de fichiers sera arrêté samedi de 20 h à 22 h. Merci d'enregistrer vos "
    "documents. Contactez-nous au 4545.",
    "Charte informatique : les clés USB doivent être chiffrées. Ne communiquez jamais votre mot de passe. Ne modifiez pas les réglages "
    "de votre poste. Contactez le support en cas de doute.",
    "Procédure de restauration : ouvrez la console de sauvegarde, choisissez le jour, récupérez les fichiers du service. Ne redémarrez "
    "pas le serveur pendant l'opération.",
    "Paiement de la consultation : vous pouvez payer pour le parking à la borne. Le montant dépend de la durée. Écrivez-nous pour "
    "toute réclamation.",
    "Vous avez droit à l'accès à votre dossier médical. Pour récupérer vos données, écrivez-nous à l'adresse suivante en joignant "
    "une copie de votre pièce d'identité.",
    "Un vol de téléphone portable a eu lieu aux urgences. Ne laissez pas vos affaires sans surveillance. Contactez-nous si vous avez "
    "vu quelque chose.",
    "Fuite de données chez un fournisseur : les mots de passe volés ont été changés. Ne répondez pas aux courriels qui vous demandent "
    "de payer.",
    "The MRI console was replaced. Old images can be restored from the archive on request: e-mail us at the reading room.",
    "Laptops must be encrypted. Never write your password down. If your laptop is stolen, contact us at once.",
    "Lost property: unclaimed items will be destroyed if nobody asks for them within a month.",
    "This software is provided as is. You may not sell copies. Published by the vendor; do not modify this notice. Contact us.",
    "Release notes: files are encrypted at rest now. To restore a study, use the recovery wizard. Do not change the key during the update.",
    "Access to the archive is charged from January. The price for restoring a study from tape depends on its size.",
]


@pytest.mark.parametrize("text", DEMANDS)
def test_a_demand_says_four_things(text: str) -> None:
    assert len(classes_of(text)) >= 4


@pytest.mark.parametrize("text", ORDINARY)
def test_a_notice_makes_no_demand(text: str) -> None:
    said = set(classes_of(text))
    assert len(said) < 4
    assert not ({"encrypted", "recovery"} <= said and said & {"payment", "hidden_service"})
