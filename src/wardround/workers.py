"""Worker processes: one per core, each reading one unit of work at a time; a crash or a hang costs that unit only.

Evidence is hostile and parsers are large, so reading happens in processes of their own. ``concurrent.futures`` would do
but for two things: it cannot say which unit killed a worker, and it cannot stop a unit that hangs.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from wardround.errors import WardroundError

#: A unit that takes longer than this many seconds is given up and told as a diagnostic.
UNIT_SECONDS = 900.0

#: Names of captures, compressed or numbered by rotation too.
_CAPTURE = re.compile(r"\.(p?cap|pcapng)(\d*|\.\w+)$")

Work = Callable[[Any, Any], Any]

#: How many seconds a unit may take.
Allowed = Callable[[Any], float]


class WorkerError(WardroundError):
    """Workers cannot start at all: a defect of the installation, not of evidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the unit at ``index``: its ``result``, or why there is none; ``raised`` names an exception."""

    index: int
    result: Any
    failure: str = ""
    raised: str = ""


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a worker sends when ``work`` raised: the name of the exception and its message."""

    name: str
    message: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    index: int = -1
    started: float = 0.0
    seconds: float = 0.0
    prepared: bool = False


def warm(paths: Sequence[str] = ()) -> None:
    """Begin to import what workers share in the process that they are forked from, while the caller does other things.

    ``paths`` are of the evidence: where one may be a capture, its kernels are loaded too.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["wardround.preload_captures" if _may_be_captures(paths) else "wardround.preload"])
    # Read by Arrow when it is loaded there. Batches of many tables wait side by side through gigabytes of a capture, and
    # Arrow's own allocator keeps what lies between them.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # Ctrl-C reaches the whole foreground group; that process must not die of it with a traceback. It inherits that the
    # signal is ignored. (A blocked signal would not do: starting the resource tracker unblocks it.)
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set signals
        forkserver.ensure_running()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def _may_be_captures(paths: Sequence[str]) -> bool:
    """Whether a name looks like that of a capture, also in a directory; a wrong guess costs time and nothing else."""
    for path in paths:
        names = [path]
        with suppress(OSError), os.scandir(path) as entries:
            names = [entry.name for entry in islice(entries, 1_000)]
        if any(_CAPTURE.search(name.lower()) for name in names):
            return True
    return False


def run(
    prepare: Callable[[Any], Any],
    state: Any,
    work: Work,
    units: Sequence[Any],
    *,
    processes: int | None = None,
    seconds: float | Allowed = UNIT_SECONDS,
) -> Iterator[Outcome]:
    """Do ``work(prepared, unit)`` for every unit, ``prepared`` being ``prepare(state)`` made once in each worker.

    Outcomes come in order of completion. ``state``, units and results must be picklable. What ``work``
    raises is the failure of that unit; so is to take longer than ``seconds``, the same for all or asked for each.
    Raises WorkerError when ``prepare`` fails.
    """
    context = multiprocessing.get_context("forkserver")
    waiting = deque(range(len(units)))
    count = min(processes or os.cpu_count() or 1, len(units))
    idle = [_start(context, prepare, state, work) for _ in range(count)]
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and idle:
                worker = _awaited(idle.pop())
                worker.index, worker.started = waiting.popleft(), time.monotonic()
                worker.seconds = seconds(units[worker.index]) if callable(seconds) else seconds
                with suppress(OSError):  # it died while idle: collecting its outcome will tell
                    worker.pipe.send(units[worker.index])
                busy.append(worker)
            for worker in _ready(busy):
                busy.remove(worker)
                outcome = _collect(worker)
                if outcome.failure:
                    _stop(worker)
                    if waiting:
                        idle.append(_start(context, prepare, state, work))
                else:
                    idle.append(worker)
                yield outcome
    finally:
        for worker in (*idle, *busy):
            _stop(worker)


def _start(context: Any, prepare: Callable[[Any], Any], state: Any, work: Work) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, prepare, state, work), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(pipe: Connection, prepare: Callable[[Any], Any], state: Any, work: Work) -> None:
    """The life of a worker: say that it is ready (or why not), then answer units until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its workers
    try:
        prepared = prepare(state)
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send("")
    while True:
        try:
            unit = pipe.recv()
        except (EOFError, OSError):  # the round is over
            return
        try:
            pipe.send(work(prepared, unit))
        except Exception as error:  # noqa: BLE001 - told to the parent as the failure of this unit
            pipe.send(_Raised(type(error).__name__, str(error)))


def _awaited(worker: _Worker) -> _Worker:
    """The worker once it is prepared; raises WorkerError when it never will be."""
    if not worker.prepared:
        try:
            problem = worker.pipe.recv()
        except (EOFError, OSError):
            problem = "the process ended before it was ready"
        if problem:
            raise WorkerError(f"reading processes cannot start: {problem}")
        worker.prepared = True
    return worker


def _ready(busy: list[_Worker]) -> list[_Worker]:
    """Wait until a worker has a result, died or has run out of time, and give those."""
    left = min(worker.started + worker.seconds for worker in busy) - time.monotonic()
    signalled = set(wait([worker.pipe for worker in busy], timeout=max(0.0, left)))
    return [w for w in busy if w.pipe in signalled or time.monotonic() - w.started >= w.seconds]


def _collect(worker: _Worker) -> Outcome:
    if not worker.pipe.poll():
        return Outcome(worker.index, None, f"stopped after {worker.seconds:.0f} seconds")
    try:
        result = worker.pipe.recv()
        if isinstance(result, _Raised):
            return Outcome(worker.index, None, f"{result.name}: {result.message}", result.name)
        return Outcome(worker.index, result)
    except (EOFError, OSError):
        worker.process.join(5)
        return Outcome(worker.index, None, f"the reading process ended with code {worker.process.exitcode}")


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(0.2)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
