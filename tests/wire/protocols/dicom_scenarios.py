"""More than two hundred associations of every kind, made by pynetdicom over loopback and recorded, with what it said."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, product
from typing import Any

from demo.generate.recording import Conversation, Recorder
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
)
from pynetdicom import AE, build_role, evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from tests.wire.protocols.dicom_peer import Answer, abort, peer, reject
from tests.wire.protocols.dicom_suite import Told, Witness, image, serving

VERIFICATION = "1.2.840.10008.1.1"
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
PATIENT_FIND, WORKLIST, MPPS = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
PRINTER, FILM_SESSION = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.1"

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
SIZES = (0, 4_096, 16_382, 131_072)

Tell = Callable[[Any, Witness], object]


def query(level: str = "STUDY", **keys: str) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(asked, keyword, value)
    return asked


class _Archive:
    """The handlers of the server; the status that they end with is set from outside."""

    def __init__(self) -> None:
        self.status, self.matches, self.objects = 0x0000, 3, 2

    def handlers(self) -> list[Any]:
        return [
            (evt.EVT_C_ECHO, lambda _: self.status), (evt.EVT_C_STORE, lambda _: self.status), (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move), (evt.EVT_N_CREATE, self._normalised),
            (evt.EVT_N_SET, self._normalised), (evt.EVT_N_GET, self._normalised), (evt.EVT_N_ACTION, self._normalised),
            (evt.EVT_N_DELETE, lambda _: self.status), (evt.EVT_N_EVENT_REPORT, self._normalised),
        ]  # fmt: skip

    def _find(self, event: evt.Event) -> Iterator[Any]:
        for number in range(self.matches):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            match = query(PatientName="Placebo^Paula", PatientID=f"P-{number % 2}", StudyInstanceUID=f"1.2.3.4.5.6.7.{number}")
            yield 0xFF00 + number % 2, match
        yield self.status, None

    def _get(self, _: evt.Event) -> Iterator[Any]:
        yield self.objects
        for number in range(self.objects):
            yield 0xFF00, image(number, pixels=3_000)
        if self.status:
            yield self.status, Dataset()

    def _move(self, event: evt.Event) -> Iterator[Any]:
        yield ("127.0.0.1", self.destination, {"contexts": event.assoc.ae.requested_contexts})
        yield from self._get(event)

    destination = 0

    def _normalised(self, _: evt.Event) -> Any:
        return self.status, query(PatientID="P-1")


class Day:
    """Associations one after the other through a recorder, each with a witness."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.others: list[Conversation] = []
        self._chance = random.Random(20260310)
        self._titles = cycle(("CT1", "MR1", "XR2", "WORKSTATION 12", "A"))

    def one(self, port: int, contexts: list[Any], tell: Tell | None, *, called: str = "ARCHIVE", **options: Any) -> Told:
        """Ask for an association, do something in it, and keep what the stack says; ``tell`` may end it itself."""
        client = AE(next(self._titles))
        for context in contexts:
            client.add_requested_context(*context if isinstance(context, tuple) else (context,))
        witness = Witness()
        client.acse_timeout, client.dimse_timeout, client.network_timeout = 30, 30, 30
        handlers = [*witness.handlers(), *options.pop("evt_handlers", [])]
        largest = options.pop("max_pdu", self._chance.choice(SIZES))
        association = client.associate(
            "127.0.0.1", port, ae_title=called, max_pdu=largest, evt_handlers=handlers, **options
        )  # fmt: skip
        if association.is_established:
            if tell is not None:
                tell(association, witness)
            if association.is_established:
                association.release()
        if association.ident is not None:
            association.join(10)
        told = witness.finish(association)
        self.told.append(told)
        return told

    def keep(self, conversations: list[Conversation]) -> None:
        """Tie what was recorded to what was told since the last time, in the same order."""
        fresh = [told for told in self.told if told.conversation is None]
        assert len(fresh) == len(conversations)
        done = len(self.told) - len(fresh)
        for number, (told, conversation) in enumerate(zip(fresh, conversations, strict=True), done):
            # The system gives the same port again after a while; here each association has one for itself.
            conversation.client = ("192.0.2.1", 20_000 + number)
            told.conversation = conversation


def _merged(association: Any, count: int) -> None:
    """Let the stack put ``count`` PDVs into one PDU, which the standard allows (PS3.8 9.3.5.1)."""
    send, waiting = association.dul.send_pdu, []

    def collect(primitive: Any) -> None:
        waiting.append(primitive)
        whole = waiting[-1].presentation_data_value_list[-1][1][0] == 2 or not hasattr(
            primitive, "presentation_data_value_list"
        )
        if len(waiting) >= count or whole:
            values = [value for each in waiting for value in each.presentation_data_value_list]
            waiting[0].presentation_data_value_list = [list(value) for value in values]
            send(waiting[0])
            waiting.clear()

    association.dimse.dul.send_pdu = collect
    association._wardround_send = send


def _stores(day: Day, port: int, archive: _Archive) -> None:
    for number, (syntax, size, status) in enumerate(product(SYNTAXES, SIZES, (0x0000, 0xB000, 0xA700))):
        archive.status = status
        data = image(number, pixels=(200, 20_000, 60_000)[number % 3], patient=f"P-{number}")
        data.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            del data.PixelData

        def store(association: Any, witness: Witness, data: Dataset = data, number: int = number) -> None:
            for _ in range(1 + number % 3):
                association.send_c_store(data, msg_id=1 + number + _)

        day.one(port, [(CTImageStorage, syntax)], store, max_pdu=size)
    archive.status = 0


def _queries(day: Day, port: int, archive: _Archive) -> None:
    asked = [
        (FIND, query(PatientName="*", StudyDate="20260301-", StudyInstanceUID="")),
        (PATIENT_FIND, query("PATIENT", PatientID="P-1", PatientName="PLACEBO^PAULA", PatientBirthDate="19700102")),
        (WORKLIST, query("STUDY", PatientName="")),
        (FIND, query("SERIES", StudyInstanceUID="1.2.3.4.5.6.7.8", SeriesInstanceUID="", Modality="MR")),
    ]
    for (model, identifier), status, matches in product(asked, (0x0000, 0xA700, 0xC001), (0, 1, 17)):
        archive.status, archive.matches = status, matches

        def ask(association: Any, _: Witness, model: str = model, identifier: Dataset = identifier) -> object:
            return list(association.send_c_find(identifier, model))

        day.one(port, [model, VERIFICATION], ask)
    archive.status, archive.matches = 0, 400

    def cancelled(association: Any, _: Witness) -> None:
        for number, _answer in enumerate(association.send_c_find(asked[0][1], FIND, msg_id=77)):
            if number == 3:
                association.send_c_cancel(77, query_model=FIND)

    for _ in range(3):
        day.one(port, [FIND], cancelled)
    archive.matches = 3


def _retrievals(day: Day, port: int, archive: _Archive) -> None:
    identifier = query(StudyInstanceUID="1.2.3.4.5.6.7.8")
    for status, objects in product((0x0000, 0xA702, 0xFE00), (0, 1, 5)):
        archive.status, archive.objects = status, objects
        day.one(port, [MOVE], lambda a, _: [*a.send_c_move(identifier, "STATION9", MOVE)])
        day.one(
            port, [GET, (CTImageStorage, ExplicitVRLittleEndian)], lambda a, _: [*a.send_c_get(identifier, GET)],
            ext_neg=[build_role(CTImageStorage, scp_role=True)], evt_handlers=[(evt.EVT_C_STORE, lambda _: 0x0000)],
        )  # fmt: skip
    archive.status, archive.objects = 0, 2


def _normalised(day: Day, port: int, archive: _Archive) -> None:
    data = query(PatientID="P-1")
    calls: list[tuple[str, Tell]] = [
        (MPPS, lambda a, _: a.send_n_create(data, MPPS, "1.2.3.4.5.6.7.9")),
        (MPPS, lambda a, _: a.send_n_set(data, MPPS, "1.2.3.4.5.6.7.9")),
        (PRINTER, lambda a, _: a.send_n_get([0x00100020, 0x00100010], PRINTER, "1.2.840.10008.5.1.1.17")),
        (COMMITMENT, lambda a, _: a.send_n_action(data, 1, COMMITMENT, COMMITMENT_INSTANCE)),
        (COMMITMENT, lambda a, _: a.send_n_event_report(data, 1, COMMITMENT, COMMITMENT_INSTANCE)),
        (FILM_SESSION, lambda a, _: a.send_n_delete(FILM_SESSION, "1.2.3.4.5.6.7.9")),
    ]
    for (context, call), status in product(calls, (0x0000, 0x0110, 0x0112)):
        archive.status = status
        day.one(port, [context], call)
    archive.status = 0


def _identities(day: Day, port: int) -> None:
    for kind in range(1, 6):
        identity = UserIdentityNegotiation()
        identity.user_identity_type, identity.primary_field = kind, b"j.martin" if kind < 3 else b"ticket-0123"
        if kind == 2:
            identity.secondary_field = b"geheim"
        told = day.one(port, [VERIFICATION], lambda a, _: a.send_c_echo(), ext_neg=[identity])
        told.columns["user_identity"] = ("username", "passcode", "kerberos", "saml", "jwt")[kind - 1]
        told.columns["username"] = "j.martin" if kind < 3 else None


def _mixed(day: Day, port: int) -> None:
    def much(association: Any, _: Witness) -> None:
        for number in range(1, 12):
            association.send_c_echo(msg_id=number)
            association.send_c_store(image(number, pixels=2_000), msg_id=number + 20)
            list(association.send_c_find(query(PatientID=f"P-{number}"), FIND, msg_id=number + 40))

    def packed(association: Any, _: Witness) -> None:
        _merged(association, 3)
        association.send_c_store(image(5, pixels=40_000))
        association.dimse.dul.send_pdu = association._wardround_send

    for _ in range(6):
        day.one(port, [VERIFICATION, FIND, "1.2.840.10008.5.1.4.1.1.999", (CTImageStorage, ExplicitVRLittleEndian)], much)
        day.one(port, [(CTImageStorage, ExplicitVRLittleEndian)], packed, max_pdu=4_096)
    for _ in range(20):
        day.one(port, [VERIFICATION], lambda a, _: a.send_c_echo())
    for _ in range(5):
        day.one(port, [VERIFICATION], lambda a, _: a.abort())
        day.one(port, [VERIFICATION], lambda a, _: (a.send_c_echo(), a.abort()))
        day.one(port, ["1.2.840.10008.5.1.4.1.1.999"], None)
        day.one(port, [VERIFICATION], None, called="NOBODY")


def _odd(day: Day) -> None:
    """What only a bare server does: every rejection and abort of the standard, silence, answers in another order."""
    reasons = [(1, reason) for reason in (1, 2, 3, 7)] + [(source, reason) for source in (2, 3) for reason in (1, 2)]
    rejections = [(result, *reason) for result, reason in product((1, 2), reasons)]
    aborts = [(0, 0), *((2, reason) for reason in (0, 1, 2, 4, 5, 6))]
    answers: list[Answer] = [reject(*numbers) for numbers in rejections]
    answers += [abort(*numbers) for numbers in aborts]
    with peer(answers) as target, Recorder(target) as recorder:
        for numbers in rejections:
            told = day.one(recorder.port, [VERIFICATION], None)
            told.columns |= dict(zip(("reject_result", "reject_source", "reject_reason"), numbers, strict=True))
        for source, reason in aborts:
            told = day.one(recorder.port, [VERIFICATION], None)
            told.columns |= {"abort_source": source, "abort_reason": reason if source == 2 else None}
    day.keep(recorder.conversations)


def _interleaved(day: Day) -> None:
    """Fragments of two messages by turns on two contexts, answered in the other order."""

    def both(association: Any, witness: Witness) -> None:
        association._reactor_checkpoint.clear()  # as the stack does while it waits for an answer itself
        while not association._is_paused:
            time.sleep(0.0001)
        parts = []
        for context, number in zip(association.accepted_contexts, (1, 2), strict=True):
            data = image(number, pixels=30_000, patient=f"P-{number}")
            primitive = C_STORE()
            primitive.MessageID, primitive.AffectedSOPClassUID = context.context_id, context.abstract_syntax
            primitive.AffectedSOPInstanceUID, primitive.Priority = data.SOPInstanceUID, 2
            primitive.DataSet = encode_stream(data)
            message = C_STORE_RQ()
            message.primitive_to_message(primitive)
            evt.trigger(association, evt.EVT_DIMSE_SENT, {"message": message})
            parts.append(list(message.encode_msg(context.context_id, 4_096)))
        for pair in zip(*parts, strict=True):
            for primitive in pair:
                association.dul.send_pdu(primitive)
        for _ in range(2):
            association.dimse.get_msg(block=True)
        association._reactor_checkpoint.set()

    with peer(["accept"] * 6) as target, Recorder(target) as recorder:
        for _ in range(6):
            contexts = [(CTImageStorage, ExplicitVRLittleEndian), (MRImageStorage, ExplicitVRLittleEndian)]
            day.one(recorder.port, contexts, both)
    day.keep(recorder.conversations)


def encode_stream(data: Dataset) -> Any:
    """A data set as pynetdicom wants it in a primitive."""
    from io import BytesIO

    return BytesIO(encode(data, False, True) or b"")


@cache
def recorded() -> Day:
    """The whole day; the conversations of C-MOVE's own associations are in ``others``."""
    day, archive = Day(), _Archive()
    station = AE("STATION9")
    station.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    server = AE("ARCHIVE")
    server.require_called_aet = True
    server.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    server.maximum_pdu_size = 16_382
    for context in (VERIFICATION, FIND, MOVE, GET, PATIENT_FIND, WORKLIST, MPPS, COMMITMENT, PRINTER, FILM_SESSION):
        server.add_supported_context(context)
    for context in (CTImageStorage, EncapsulatedPDFStorage):
        server.add_supported_context(context, list(SYNTAXES), scu_role=True, scp_role=True)
    with serving(station, [(evt.EVT_C_STORE, lambda _: 0x0000)]) as storage, serving(server, archive.handlers()) as suite:
        archive.destination = storage.recorder.port
        port = suite.recorder.port
        _stores(day, port, archive)
        _queries(day, port, archive)
        _retrievals(day, port, archive)
        _normalised(day, port, archive)
        _identities(day, port)
        _mixed(day, port)
    day.keep(suite.recorder.conversations)
    day.others = storage.recorder.conversations
    _odd(day)
    _interleaved(day)
    return day
