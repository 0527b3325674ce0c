"""Names of DICOM are those of the standard, as pydicom has them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.datadict import keyword_for_tag

from wardround.wire.dicom_names import keyword, tag_of, uid_name

#: As the file has it: other packages add to the dictionary once they are loaded.
UID_dictionary = runpy.run_path(str(Path(pydicom.__file__).with_name("_uid_dict.py")))["UID_dictionary"]


def test_every_uid_of_the_standard_has_its_name() -> None:
    assert len(UID_dictionary) > 400
    for number, entry in UID_dictionary.items():
        assert uid_name(number) == entry[0]
    assert [uid_name(other) for other in (None, "", "1.2.3", "1.2.840.10008.1.1.1.1.9")] == [None] * 4


def test_every_attribute_of_the_standard_has_its_keyword() -> None:
    assert len(DicomDictionary) > 4_000
    for tag in DicomDictionary:
        name = keyword_for_tag(tag)
        assert keyword(tag) == (name or f"{tag:08X}")
        assert not name or tag_of(name) == tag


def test_attributes_of_repeated_groups() -> None:
    assert len(RepeatersDictionary) > 50
    for mask, entry in RepeatersDictionary.items():
        for digit in "02":
            tag = int(mask.replace("x", digit), 16)
            if tag not in DicomDictionary:
                assert keyword(tag) == (keyword_for_tag(tag) or entry[4] or f"{tag:08X}")


def test_private_and_unknown_attributes_keep_their_tag() -> None:
    assert [keyword(0x00091001), keyword(0x00111111)] == ["00091001", "00111111"]
    assert [tag_of("00091001"), tag_of("NoSuchKeyword"), tag_of("")] == [0x00091001, None, None]
