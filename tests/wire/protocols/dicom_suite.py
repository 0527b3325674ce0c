"""Associations made by pynetdicom over the loopback interface, recorded, with what the stack itself said of each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from demo.generate.recording import Conversation, Recorder, capture, packets
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE


@dataclass
class Suite:
    """A server, and the conversations that were had with it."""

    recorder: Recorder
    server: Any
    told: list[dict[str, Any]] = field(default_factory=list)

    def frames(self, conversations: list[Conversation], seed: int = 1) -> bytes:
        """The conversations as a capture, in segments of random sizes."""
        chance = random.Random(seed)
        made: list[tuple[int, bytes]] = []
        for conversation in conversations:
            largest = chance.choice((60, 500, 1460, 8_000))
            made += packets(conversation, size=lambda largest=largest: chance.randint(1, largest))  # type: ignore[misc]
        return capture(made)


def image(number: int = 1, *, pixels: int = 20_000, patient: str = "P-4711", study: str | None = None) -> Dataset:
    """A small CT image of an invented patient."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = generate_uid(entropy_srcs=[f"instance {number}"])
    data.StudyInstanceUID = study or generate_uid(entropy_srcs=[f"study of {patient}"])
    data.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series of {patient}"])
    data.PatientName, data.PatientID, data.PatientBirthDate = "Placebo^Paula", patient, "19700102"
    data.AccessionNumber, data.Modality, data.StudyDate = f"A{number:05d}", "CT", "20260310"
    data.Rows, data.Columns = 100, pixels // 200
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelData = random.Random(number).randbytes(pixels)
    return data


@contextmanager
def serving(ae: AE, handlers: list[Any]) -> Iterator[Suite]:
    """Start the application entity as a server behind a recorder."""
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None and server.socket is not None
    try:
        with Recorder(server.socket.getsockname()[1]) as recorder:
            yield Suite(recorder, server)
    finally:
        server.shutdown()
