"""What a switch port in front of the imaging systems recorded: images, worklists and messages by real protocol stacks.

Each machine is an application entity of pynetdicom on the loopback interface, behind a recorder; what they said becomes
packets with the hospital's addresses and the day's times. Bytes depend on nothing but this module and the stack's version:
times are given by the story, and what one side said before the other spoke is one turn however the sockets cut it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context, build_role

from demo.generate import hospital as h
from demo.generate import messages
from demo.generate.chance import Chance
from demo.generate.happenings import MINUTE, SECOND, clock
from demo.generate.recording import Conversation, Recorder, Turn, capture, packets

_ECHO, _WORKLIST = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.31"
_FIND, _MOVE, _GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
_STORAGE = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "DX": "1.2.840.10008.5.1.4.1.1.1.1"}

_DAY = "20260310"
_DICOM, _VIEWER, _HL7 = 11112, 11112, 2575

#: AE titles, as the site file has them; the intruder's is not there.
_TITLES = {
    h.CT1: "BRUM_CT1", h.MR1: "BRUM_MR1", h.XR1: "BRUM_XR1", h.XR2: "BRUM_XR2", h.PACS1: "BRUM_PACS", h.RIS1: "BRUM_WL",
    h.LECT1: "BRUM_LECT1", h.LECT2: "BRUM_LECT2", h.TELERAD: "TELERAD_EST", h.POOL_INTRUDER: "WSADMIN",
}  # fmt: skip
#: What the programs call themselves, by the role of the machine.
_PROGRAMS = {
    "ct": "TOMO_7", "mr": "AIMANT_3", "x_ray": "CLICHE_5", "pacs": "ARMOIRE_11", "ris": "AGENDA_4", "workstation": "LECTURE_9",
    "teleradiology": "NUIT_2",
}  # fmt: skip
_GUESSES = ("PACS", "ARCHIVE", "DICOM", "STORESCP", "BRUMEVAL", "PACS1")

#: Earlier examinations that the archive holds, and how many of them are taken.
_FORMER, _TAKEN = 64, 48

#: The eight examinations that the recording covers: when, on what, how many images, who reads.
_EXAMINATIONS = (
    ("08:05", h.CT1, "CT", 3, h.LECT1), ("08:20", h.XR1, "DX", 1, h.LECT1), ("08:50", h.MR1, "MR", 3, h.LECT2),
    ("09:10", h.XR2, "DX", 2, h.LECT2), ("09:40", h.CT1, "CT", 3, h.LECT2), ("10:15", h.XR1, "DX", 1, h.LECT1),
    ("10:30", h.MR1, "MR", 3, h.LECT1), ("11:20", h.XR2, "DX", 2, h.LECT2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Examination:
    number: int
    at: int
    device: h.Host
    modality: str
    images: tuple[Dataset, ...]
    reader: h.Host

    @property
    def patient(self) -> str:
        return f"BRUM{self.number:05d}"

    @property
    def accession(self) -> str:
        return f"26-0310-{self.number:04d}"


@dataclass(slots=True)
class _Network:
    """The servers behind their recorders, and the conversations taken from them with who had them and when."""

    stack: ExitStack
    archive: dict[str, list[Dataset]] = field(default_factory=dict)
    planned: list[Dataset] = field(default_factory=list)
    recorders: dict[h.Host, Recorder] = field(default_factory=dict)
    feeds: dict[h.Host, Recorder] = field(default_factory=dict)
    taken: list[tuple[Conversation, int, h.Host, h.Host, int]] = field(default_factory=list)

    def record(self, at: int, client: h.Host, server: h.Host, recorder: Recorder, port: int) -> None:
        """The last conversation of a recorder was had by these two, at that time."""
        self.taken.append((recorder.conversations[-1], at, client, server, port))


def imaging_capture() -> bytes:
    """The capture, as a pcap file."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        network = _Network(stack)
        _start(network)
        for number in range(_FORMER):
            _archived(network, _images(900 + number, "CT" if number % 2 else "MR", 1, f"ANC{number:04d}", "20251117"))
        _morning(network)
        for number, (at, device, modality, count, reader) in enumerate(_EXAMINATIONS, start=1):
            images = _images(number, modality, count, f"BRUM{number:05d}", _DAY)
            _examine(network, _Examination(number, clock(at), device, modality, images, reader))
        _intrude(network)
        _evening(network)
    frames = (frame for number, taken in enumerate(network.taken) for frame in packets(_told(number, *taken)))
    return capture(frames)


# The day


def _morning(network: _Network) -> None:
    for number, device in enumerate(h.MODALITIES):
        with _Call(network, clock("07:30") + number * 20 * SECOND, device, h.PACS1, (_ECHO,)) as call:
            call.send_c_echo()


def _examine(network: _Network, examination: _Examination) -> None:
    """Ordered, taken from the worklist, made, archived, read and reported."""
    at, patient, accession = examination.at, examination.patient, examination.accession
    identity = f"PID|1||{patient}^^^BRUMEVAL||EXEMPLE^NUMERO{examination.number}||19{50 + examination.number}0101|F"
    order = f"{accession}||EXAM^{examination.modality}"
    moment = f"{_DAY}{examination.number + 7:02d}0000"
    segments = (identity, f"ORC|NW|{accession}", f"OBR|1|{order}|||||||||||||||||||||{examination.modality}")
    _feed(
        network, at - 25 * MINUTE, h.SIH1, h.RIS1, messages.message("ORM^O01", f"O{accession}", "SIH", "RIS", moment, *segments)
    )
    planned = _query("", PatientName=f"EXEMPLE^NUMERO{examination.number}", PatientID=patient, AccessionNumber=accession)
    planned.Modality = examination.modality
    network.planned = [planned]
    with _Call(network, at - 2 * MINUTE, examination.device, h.RIS1, (_WORKLIST,)) as call:
        list(
            call.send_c_find(
                _query("", PatientName="", PatientID="", AccessionNumber="", Modality=examination.modality), _WORKLIST
            )
        )
    with _Call(network, at, examination.device, h.PACS1, (_STORAGE[examination.modality],)) as call:
        for image in examination.images:
            call.send_c_store(image)
    at += 12 * MINUTE
    with _Call(network, at, examination.reader, h.PACS1, (_FIND, _MOVE)) as call:
        list(call.send_c_find(_query("STUDY", PatientID=patient, StudyInstanceUID="", StudyDate=""), _FIND))
        wanted = _query("STUDY", StudyInstanceUID=examination.images[0].StudyInstanceUID)
        list(call.send_c_move(wanted, _TITLES[examination.reader], _MOVE))
    network.record(at + 100_000, h.PACS1, examination.reader, network.recorders[examination.reader], _VIEWER)
    report = (identity, f"ORC|RE|{accession}", f"OBR|1|{order}", "OBX|1|TX|CR||Compte rendu d'exemple||||||F")
    _feed(network, at + 9 * MINUTE, h.RIS1, h.SIH1, messages.message("ORU^R01", f"R{accession}", "RIS", "SIH", moment, *report))


def _intrude(network: _Network) -> None:
    """13:40. From the VPN: names are guessed, everything is searched, examinations are fetched one after the other."""
    at = clock("13:40")
    for number, name in enumerate(_GUESSES):
        with _Call(network, at + number * 11 * SECOND, h.POOL_INTRUDER, h.PACS1, (_ECHO,), name):
            pass
    at += 2 * MINUTE
    with _Call(network, at, h.POOL_INTRUDER, h.PACS1, (_ECHO, _FIND)) as call:
        call.send_c_echo()
        list(call.send_c_find(_query("STUDY", PatientName="*", PatientID="", StudyInstanceUID="", StudyDate=""), _FIND))
    former = [study for study, images in network.archive.items() if images[0].PatientID.startswith("ANC")]
    for first in range(0, _TAKEN, 12):
        contexts = (_GET, *_STORAGE.values())
        with _Call(network, at + (4 + first // 2) * MINUTE, h.POOL_INTRUDER, h.PACS1, contexts) as call:
            for study in former[first : first + 12]:
                list(call.send_c_get(_query("STUDY", StudyInstanceUID=study), _GET))


def _evening(network: _Network) -> None:
    """18:10. Three examinations go to the partner that reads at night."""
    for number, images in enumerate(list(network.archive.values())[-3:]):
        modality = str(images[0].Modality)
        with _Call(network, clock("18:10") + number * 2 * MINUTE, h.PACS1, h.TELERAD, (_STORAGE[modality],)) as call:
            for image in images:
                call.send_c_store(image)


def _feed(network: _Network, at: int, sender: h.Host, receiver: h.Host, text: str) -> None:
    recorder = network.feeds[receiver]
    answer = messages.send(recorder.port, text)
    assert "MSA|AA|" in answer
    network.record(at, sender, receiver, recorder, _HL7)


# The machines


def _start(network: _Network) -> None:
    archive = _entity(h.PACS1)
    for context in (_ECHO, _FIND, _MOVE, _GET):
        archive.add_supported_context(context)
    for storage in _STORAGE.values():
        archive.add_supported_context(storage, scu_role=True, scp_role=True)
        archive.add_requested_context(storage, ImplicitVRLittleEndian)
    store = (evt.EVT_C_STORE, lambda event: _stored(network, event))
    found = (evt.EVT_C_FIND, lambda event: _matches(network, event))
    _serve(
        network,
        h.PACS1,
        archive,
        [store, found, (evt.EVT_C_GET, lambda e: _given(network, e)), (evt.EVT_C_MOVE, lambda e: _moved(network, e))],
    )
    worklist = _entity(h.RIS1)
    worklist.add_supported_context(_WORKLIST)
    _serve(network, h.RIS1, worklist, [(evt.EVT_C_FIND, lambda _: ((0xFF00, item) for item in network.planned))])
    for receiver in (h.LECT1, h.LECT2, h.TELERAD):
        entity = _entity(receiver)
        for storage in _STORAGE.values():
            entity.add_supported_context(storage)
        _serve(network, receiver, entity, [(evt.EVT_C_STORE, lambda _: 0x0000)])
    for receiver in (h.RIS1, h.SIH1):
        port = network.stack.enter_context(messages.server())
        network.feeds[receiver] = network.stack.enter_context(Recorder(port))


def _entity(host: h.Host) -> AE:
    entity = AE(ae_title=_TITLES[host])
    entity.implementation_class_uid = _uid(f"implementation {host.role}")
    entity.implementation_version_name = _PROGRAMS.get(host.role, "VISIONNEUSE_1")
    entity.require_called_aet = True
    return entity


def _serve(network: _Network, host: h.Host, entity: AE, handlers: list[Any]) -> None:
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None and server.socket is not None
    network.stack.callback(server.shutdown)
    network.recorders[host] = network.stack.enter_context(Recorder(server.socket.getsockname()[1]))


class _Call:
    """An association from one host to another, released at the end; a refused one has nothing to send."""

    def __init__(
        self, network: _Network, at: int, client: h.Host, server: h.Host, contexts: tuple[str, ...], called: str = ""
    ) -> None:
        self._network, self._where = network, (at, client, server)
        self._entity, self._contexts = _entity(client), contexts
        self._called = called or _TITLES[server]

    def __enter__(self) -> Any:
        recorder = self._network.recorders[self._where[2]]
        requested = [build_context(uid, ImplicitVRLittleEndian) for uid in self._contexts]
        roles: list[Any] = [build_role(uid, scp_role=True) for uid in _STORAGE.values()] if _GET in self._contexts else []
        self._association = self._entity.associate(
            "127.0.0.1", recorder.port, contexts=requested, ae_title=self._called, ext_neg=roles,
            evt_handlers=[(evt.EVT_C_STORE, lambda _: 0x0000)],
        )  # fmt: skip
        at, client, server = self._where
        self._network.record(at, client, server, recorder, _DICOM)
        return self._association

    def __exit__(self, *_: object) -> None:
        if self._association.is_established:
            self._association.release()


def _stored(network: _Network, event: Any) -> int:
    image = event.dataset
    image.file_meta = event.file_meta
    _archived(network, (image,))
    return 0x0000


def _archived(network: _Network, images: tuple[Dataset, ...]) -> None:
    network.archive.setdefault(str(images[0].StudyInstanceUID), []).extend(images)


def _matches(network: _Network, event: Any) -> Iterator[tuple[int, Dataset]]:
    wanted = str(event.identifier.get("PatientID", ""))
    for study, images in network.archive.items():
        image = images[0]
        if not wanted or wanted == image.PatientID:
            found = {"PatientName": str(image.PatientName), "PatientID": image.PatientID, "StudyDate": image.StudyDate}
            yield 0xFF00, _query("STUDY", StudyInstanceUID=study, **found)


def _given(network: _Network, event: Any) -> Iterator[Any]:
    images = network.archive.get(str(event.identifier.StudyInstanceUID), [])
    yield len(images)
    for image in images:
        yield 0xFF00, image


def _moved(network: _Network, event: Any) -> Iterator[Any]:
    target = next(host for host, title in _TITLES.items() if title == event.move_destination)
    yield "127.0.0.1", network.recorders[target].port
    yield from _given(network, event)


# What they say


def _images(number: int, modality: str, count: int, patient: str, day: str) -> tuple[Dataset, ...]:
    return tuple(_image(number, modality, index, patient, day) for index in range(1, count + 1))


def _image(number: int, modality: str, index: int, patient: str, day: str) -> Dataset:
    """A small image of an invented patient: a grey wedge."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    image.SOPClassUID = _STORAGE[modality]
    image.SOPInstanceUID = _uid(f"image {number} {index}")
    image.StudyDate, image.AccessionNumber, image.Modality = day, f"{day[2:4]}-{day[4:]}-{number:04d}", modality
    image.PatientName, image.PatientID, image.PatientBirthDate = f"EXEMPLE^NUMERO{number}", patient, f"19{50 + number % 50}0101"
    image.StudyInstanceUID, image.SeriesInstanceUID = _uid(f"study {number}"), _uid(f"series {number}")
    image.InstanceNumber = index
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows = image.Columns = 64
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    image.PixelData = bytes(range(64)) * 64
    return image


def _query(level: str, **keys: str) -> Dataset:
    asked = Dataset()
    if level:
        asked.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(asked, keyword, value)
    return asked


def _uid(name: str) -> str:
    """A UID of nobody's, always the same for a name (PS3.5 B.2: 2.25 and a number of 128 bits)."""
    return f"2.25.{int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], 'big')}"


def _told(number: int, recorded: Conversation, at: int, client: h.Host, server: h.Host, port: int) -> Conversation:
    """A conversation with the hospital's addresses and the day's times; both sides close at its end."""
    chance = Chance(f"imaging: conversation {number}")
    turns: list[Turn] = []
    now = at * 1000
    for turn in recorded.turns:
        if not turn.data:
            continue
        if turns and turns[-1].up == turn.up:
            turns[-1].data += turn.data
        else:
            turns.append(Turn(now, turn.up, turn.data))
            now += chance.whole(2_000, 12_000) * 1000
    turns += [Turn(now, True, b""), Turn(now + 400_000, False, b"")]
    return Conversation((client.address, chance.port()), (server.address, port), turns)
