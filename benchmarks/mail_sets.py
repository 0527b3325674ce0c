"""The sets of messages that the judge of mail is taught and measured on, as signals; campaigns, folds and the fit.

Reads the shared corpora where WARDROUND_CORPORA says; nothing of them is kept in the project. What identifies a set is
taken out before reading: the redaction of recipients is undone, headers that a collector's filter added are dropped.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mail_frauds import frauds
from mail_ordinary import ordinary
from numpy.typing import NDArray

from wardround.mail.authentication import assess
from wardround.mail.judge import texts
from wardround.mail.letter import Letter
from wardround.mail.parse import parse
from wardround.mail.signals import seen
from wardround.mail.verdict import Context
from wardround.model import Mail

Floats = NDArray[np.float64]

#: Messages written for the purpose, in training and for measuring.
ORDINARY, FRAUDS = 1_000, 550
#: An address of which a third of a set's messages speak is that of the mailbox they were collected in, or stands for it.
_COLLECTED = 1 / 3
_ADDRESS = re.compile(rb"[\w.+]+@[\w.]+")
_RECIPIENTS = re.compile(rb"^(?:To|Delivered-To|X-Original-To):([^\n]*)", re.MULTILINE | re.IGNORECASE)
_ADDED = re.compile(rb"^X-(?:Spam|FOFF)[\w-]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One message as it is learnt from: set, kind, label (1 fraud), language, decade, signals, and marks of its campaign."""

    name: str
    source: str
    kind: str
    label: int
    order: int
    language: str
    decade: str
    signals: dict[str, float] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Item:
    """A message before it is read."""

    name: str
    source: str
    kind: str
    label: int
    order: int
    data: bytes
    variant: str = ""


def collectors(messages: Iterable[bytes]) -> tuple[bytes, ...]:
    """The addresses that recipients of a set were replaced by, or that collected it: the longest first."""
    counts: Counter[bytes] = Counter()
    total = 0
    for data in messages:
        total += 1
        counts.update({word for line in _RECIPIENTS.findall(data) for word in _ADDRESS.findall(line)})
    found = [word for word, count in counts.items() if count >= total * _COLLECTED]
    return tuple(sorted(found, key=len, reverse=True))


def neutral(data: bytes, collected: Sequence[bytes] = ()) -> bytes:
    """The message without what tells which set it is of; ``collected`` as :func:`collectors` gives it."""
    for word in collected:
        name = re.escape(word)
        data = re.sub(name + rb"(?:(?:-[a-z]+)+|(?=[=@]))", b"recipient", data)
        data = re.sub(name, b"recipient@hotmail.com", data)
    return _ADDED.sub(b"", data)


def items() -> Iterator[Item]:
    """Every message: of the shared corpora, then those written for the purpose."""
    root = Path(os.environ.get("WARDROUND_CORPORA", "")) / "mail"
    reported = {path: path.read_bytes() for path in sorted((root / "phishing").glob("*.eml"))}
    collected = collectors(reported.values())
    for path, data in reported.items():
        yield Item(path.name, "phishing", "phishing", 1, _number(path.name), neutral(data, collected))
    for folder in sorted((root / "ham").iterdir()):
        for each in sorted(folder.iterdir()):
            yield Item(each.name, "ham 2002", f"2002 {folder.name}", 0, 0, neutral(each.read_bytes()))
    with (root / "ham_modern" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            where = line["path"]
            read = (root / "ham_modern" / where).read_bytes()
            yield Item(where, "ham modern", f"modern {line['kind']}", 0, 0, neutral(read))
    evidence = root.parent / "evidence"
    for kind, label in (("mail_phish", 1), ("mail_ham", 0)):
        for path in sorted((evidence / kind).iterdir()):
            order = _number(path.name) if label else 0
            yield Item(path.name, kind, kind, label, order, neutral(path.read_bytes(), collected))
    for sample in ordinary(ORDINARY):
        yield Item(
            sample.kind,
            "written",
            f"written {sample.kind}",
            0,
            0,
            sample.data,
            f"0 {sample.kind} {sample.language} {sample.variant}",
        )
    for sample in frauds(FRAUDS):
        yield Item(
            sample.kind,
            "written",
            f"lure: {sample.kind}",
            1,
            0,
            sample.data,
            f"1 {sample.kind} {sample.language} {sample.variant}",
        )


def _number(name: str) -> int:
    match = re.search(r"sample-(\d+)", name)
    return int(match.group(1)) if match else 0


def row(item: Item) -> Row:
    """A message read: its signals, and what it has in common with others of its campaign."""
    message = parse(item.data)
    letter = Letter(message, Context(Mail(), assess(message, Mail())))
    found = {s.name: s.strength for s in seen(letter)}
    year = 1970 + int((message.date or 0) / 1e9 / 31_556_952) if message.date else 0
    decade = f"{year // 10 * 10}s" if 1990 <= year <= 2030 else "?"
    marks = {f"v {item.variant}"} if item.variant else _marks(letter, item.label)
    return Row(
        item.name, item.source, item.kind, item.label, item.order, letter.language or "?", decade, found, frozenset(marks)
    )


def _marks(letter: Letter, label: int) -> set[str]:
    """What near-duplicates share: the subject's letters, the rarest runs of six words, the strange hosts of frauds."""
    subject = re.sub(r"[\W\d_]+", "", letter.subject.text)
    marks = {f"s {subject}"} if len(subject) > 12 else set()
    words = re.sub(r"[^a-z ]+", " ", letter.body.text[:3_000]).split()
    runs = {" ".join(words[at : at + 6]) for at in range(max(0, len(words) - 6))}
    marks |= {f"b {d}" for d in sorted(hashlib.sha256(run.encode()).hexdigest() for run in runs)[:6]}
    if label:
        marks |= {f"h {link.to.host}" for link in letter.web[:8] if link.to.kind == ""}
    return marks


def rows(workers: int = 2) -> list[Row]:
    """Every message read."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(row, items(), chunksize=40))


def campaigns(table: list[Row]) -> NDArray[np.int64]:
    """The number of every message's campaign: messages that share a mark are of one."""
    parent = list(range(len(table)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[str, int] = {}
    for number, entry in enumerate(table):
        for mark in entry.marks:
            one, other = root(number), root(first.setdefault(mark, number))
            parent[max(one, other)] = min(one, other)  # the first message names its campaign, in whatever order marks come
    return np.array([root(number) for number in range(len(table))])


@dataclass(frozen=True)
class Data:
    """The messages as numbers: a matrix of strengths, labels, campaigns and weights of messages."""

    table: list[Row]
    names: list[str]
    strengths: Floats
    labels: Floats
    campaigns: NDArray[np.int64]
    shares: Floats


def data(table: list[Row]) -> Data:
    """The numbers of a table. A campaign of n messages counts as the square root of n."""
    names = sorted(texts())
    place = {name: at for at, name in enumerate(names)}
    strengths = np.zeros((len(table), len(names)))
    for number, entry in enumerate(table):
        for name, strength in entry.signals.items():
            strengths[number, place[name]] = strength
    groups = campaigns(table)
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    shares = 1 / np.sqrt(counts[inverse])
    return Data(table, names, strengths, np.array([float(e.label) for e in table]), groups, shares)


def expected(names: list[str]) -> Floats:
    """The weights expected before any data."""
    return np.array([texts()[name].expected for name in names])


def bounds(prior: Floats) -> tuple[Floats, Floats]:
    """What a weight may become: never the other sign, never more than five times what is expected, 2.5 or what is expected at most."""
    upper = np.where(prior > 0, np.maximum(prior, np.minimum(2.5, np.maximum(0.5, 5 * prior))), 0.0)
    lower = np.where(prior > 0, 0.0, -1.0)
    return lower, upper


def fit(
    strengths: Floats, labels: Floats, shares: Floats, prior: Floats, penalty: float = 3e-4, rounds: int = 500
) -> tuple[Floats, float]:
    """Weights and constant: logistic regression, drawn to the expected weights, within bounds (accelerated projection)."""
    lower, upper = bounds(prior)
    total = shares.sum()
    step = (np.linalg.norm(strengths * np.sqrt(shares)[:, None], 2) ** 2) / 4 / total + penalty + 0.25
    weights, ahead = prior.copy(), prior.copy()
    constant, constant_ahead, pace = -3.0, -3.0, 1.0
    for _ in range(rounds):
        odds = np.clip(strengths @ ahead + constant_ahead, -30, 30)
        error = shares * (1 / (1 + np.exp(-odds)) - labels) / total
        new = np.clip(ahead - (strengths.T @ error + penalty * (ahead - prior)) / step, lower, upper)
        new_constant = constant_ahead - error.sum() / step
        new_pace = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        momentum = (pace - 1) / new_pace
        ahead, constant_ahead = new + momentum * (new - weights), new_constant + momentum * (new_constant - constant)
        weights, constant, pace = new, new_constant, new_pace
    return weights, float(constant)


def scored(strengths: Floats, weights: Floats, constant: float, limit: float) -> Floats:
    """Log odds as the judge adds them up."""
    against = strengths @ np.maximum(weights, 0)
    favour = strengths @ np.minimum(weights, 0)
    return constant + against + np.maximum(limit, favour)


def folds(groups: NDArray[np.int64], count: int = 5, seed: int = 3) -> NDArray[np.int64]:
    """The fold of every message; a campaign lies in one."""
    dice = np.random.default_rng(seed)
    unique, inverse = np.unique(groups, return_inverse=True)
    return dice.integers(0, count, len(unique))[inverse]


def cross_validated(
    numbers: Data, limit: float, columns: NDArray[np.bool_] | None = None, penalty: float = 3e-4, seed: int = 3
) -> Floats:
    """Log odds of every message by a model that saw nothing of its campaign; ``columns`` leaves signals out."""
    prior = expected(numbers.names)
    keep = np.ones(len(prior), dtype=bool) if columns is None else columns
    fold = folds(numbers.campaigns, seed=seed)
    odds = np.zeros(len(numbers.table))
    for number in range(5):
        learn = fold != number
        weights, constant = fit(
            numbers.strengths[learn][:, keep], numbers.labels[learn], numbers.shares[learn], prior[keep], penalty
        )
        odds[~learn] = scored(numbers.strengths[~learn][:, keep], weights, constant, limit)
    return odds
