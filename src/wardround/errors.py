"""The few errors of wardround.

Three channels are never mixed: bad evidence becomes a :class:`wardround.model.Diagnostic` row; a reader may raise
:class:`ReaderError` and nothing else; what the user got wrong is a :class:`UserError`, one clear line on stderr.
"""

from __future__ import annotations

import errno

#: French for what an operating system says of a file; what is not here stays as the system words it.
_SYSTEM_FRENCH = {
    errno.ENOENT: "fichier ou dossier introuvable",
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération non permise",
    errno.EEXIST: "existe déjà",
    errno.ENOTDIR: "ce n’est pas un dossier",
    errno.EISDIR: "c’est un dossier, pas un fichier",
    errno.ENOSPC: "il n’y a plus de place sur le disque",
    errno.EROFS: "le disque est en lecture seule",
    errno.EIO: "le disque ou le support ne répond pas bien",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ELOOP: "trop de liens symboliques",
    errno.ENOMEM: "il n’y a plus de mémoire",
}


class WardroundError(Exception):
    """Base of every error that wardround raises on purpose."""


class UserError(WardroundError):
    """The user asked for something impossible: the one line that they read, in English (``str(error)``) and in French."""

    def __init__(self, english: str, french: str) -> None:
        super().__init__(english)
        self.french = french

    @classmethod
    def of_file(cls, place: object, error: OSError) -> UserError:
        """That the system refuses a file or directory."""
        english, french = reasons(error)
        return cls(f"{place}: {english}", f"{place}\u00a0: {french}")


def reasons(error: OSError) -> tuple[str, str]:
    """Why the system refuses, in English and in French."""
    english = error.strerror or str(error)
    return english, _SYSTEM_FRENCH.get(error.errno or 0, english)


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
