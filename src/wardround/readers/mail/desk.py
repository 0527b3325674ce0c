"""What every reader of messages does with one: parse, see who vouches for it, judge, write the rows."""

from __future__ import annotations

from collections.abc import Callable

from wardround.mail import authentication, dkim, rows, verdict
from wardround.mail.message import Message
from wardround.mail.parse import parse
from wardround.mail.told import TOLD
from wardround.readers.base import Sink, Source
from wardround.readers.batches import Batches
from wardround.readers.mail.enclosed import read_enclosed

#: Bytes of a message that are read; what is beyond is left out, with a diagnostic. Servers refuse larger ones.
MESSAGE_BYTES = 40 << 20

#: Messages attached to messages that get rows of their own.
_WITHIN = 40


class Desk:
    """Takes the messages of one piece of evidence, or of several by turns; call :meth:`close` at the end."""

    def __init__(self, sink: Sink, path: str) -> None:
        self.sink = sink
        self.path = path
        self._batches = Batches(sink)
        self._judge: Callable[[Message, verdict.Context], verdict.Verdict] = verdict.judge()

    def turn(self, source: Source) -> None:
        """The messages that follow are of this evidence: their rows say so."""
        self.path = source.path
        self._batches.common = {"evidence_id": source.evidence_id}

    def take(self, data: bytes, record: int, folder: str = "") -> None:
        """A message as bytes; ``record`` is its index in the evidence, from 1."""
        self.message(parse(data, folder=folder), record)

    def message(self, message: Message, record: int) -> None:
        """A message, and those attached to it."""
        self._one(message, record, "")
        read_enclosed(message, record, self._batches)
        attached = [part for part in message.leaves if part.message is not None]
        left = _WITHIN
        while attached and left:
            part = attached.pop(0)
            left -= 1
            if part.message is not None:
                self._one(part.message, record, part.path)
                attached += [inner for inner in part.message.leaves if inner.message is not None]
        if attached:
            self.sink.diagnose("many_attached_messages", f"Only {_WITHIN} messages attached to one are read.", record)

    def _one(self, message: Message, record: int, part: str) -> None:
        signed = dkim.verified(message, TOLD.keys) if TOLD.keys else ()
        context = verdict.Context(TOLD.mail, authentication.assess(message, TOLD.mail, signed))
        try:
            said = self._judge(message, context)
        except Exception as error:  # noqa: BLE001 - a defect of one signal must not lose the messages that follow
            self.sink.diagnose("judge_defect", f"The message could not be judged: {type(error).__name__}", record)
            said = verdict.Verdict()
        rows.write(message, said, context, record, self.path, self._batches.add, part)
        if any(attachment.listing.damaged for attachment in message.attachments):
            self.sink.diagnose("archive_damaged", "The directory of an archive could not be read to its end.", record)

    def close(self) -> None:
        """Hand on what is left."""
        self._batches.close()
