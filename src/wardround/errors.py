"""The few errors of wardround.

Three channels are never mixed: bad evidence becomes a :class:`wardround.model.Diagnostic` row; a reader may raise
:class:`ReaderError` and nothing else; what the user got wrong is a :class:`UserError`, one clear line on stderr.
"""

from __future__ import annotations


class WardroundError(Exception):
    """Base of every error that wardround raises on purpose."""


class UserError(WardroundError):
    """The user asked for something impossible; ``str(error)`` is the one line that they read."""


class ReaderError(WardroundError):
    """A reader cannot go on with this piece of evidence; what it already wrote is kept.

    Attributes:
        code: short snake_case name of the problem, as in the ``diagnostic`` table.
        offset: byte offset or record number where reading stopped, -1 when unknown.

    """

    def __init__(self, code: str, message: str, offset: int = -1) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset


class ContentError(WardroundError):
    """A detection, a rule pack, a control or a translation shipped with wardround is wrong."""
