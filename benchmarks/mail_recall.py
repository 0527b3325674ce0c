"""How much fraud the judge of mail finds, and how often it is wrong; beside SpamAssassin and Rspamd where they are installed.

    WARDROUND_CORPORA=… python benchmarks/mail_recall.py [--peers 600] [--curve docs/mail-curve.svg]

Everything but *evidence* is cross-validated: a message is judged by weights learnt without its campaign. Intervals are
Wilson's at 95 %. The thresholds for a rate of false positives are those of the legitimate messages judged in the same way.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mail_peers
import mail_sets
import mail_variants
from mail_weights import LIMIT

from wardround.mail.judge import model, probability

RATES = (0.005, 0.001)


def wilson(hits: int, of: int) -> str:
    """A share in per cent with its 95 % interval."""
    if of == 0:
        return "-"
    z, p = 1.96, hits / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * p:.1f} ({100 * (middle - half):.1f}-{100 * (middle + half):.1f})"


def threshold(odds: mail_sets.Floats, rate: float) -> float:
    """The odds that ``rate`` of these legitimate messages exceed."""
    ordered = np.sort(odds)[::-1]
    return float(ordered[int(rate * len(ordered))])


def by(name: str, keys: Iterable[str], hit: mail_sets.Floats) -> None:
    """A table of shares by key."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for key, value in zip(keys, hit, strict=True):
        groups[key].append(bool(value))
    print(f"\n| {name} | messages | % (95 %) |\n|---|---|---|")
    for key, values in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        print(f"| {key} | {len(values)} | {wilson(sum(values), len(values))} |")


def recall(title: str, odds: mail_sets.Floats, labels: mail_sets.Floats) -> None:
    """One line: recall at both rates."""
    fraud = odds[labels == 1]
    cells = [wilson(int((fraud > threshold(odds[labels == 0], rate)).sum()), len(fraud)) for rate in RATES]
    print(f"| {title} | {len(fraud)} | {int((labels == 0).sum())} | {cells[0]} | {cells[1]} |")


def ablations(numbers: mail_sets.Data, real: Callable[[mail_sets.Floats], mail_sets.Floats], labels: mail_sets.Floats) -> None:
    """Recall without the signals that could know the set: envelope and servers, authentication, what speaks for a message."""
    from wardround.mail.judge import texts

    groups = {
        "without authentication results": ("spf_fails", "dkim_fails", "dmarc_fails", "own_domain_forged"),
        "without servers, Message-ID, Date": (
            "helo_diced",
            "helo_cheap",
            "helo_generic",
            "helo_malformed",
            "helo_unrelated",
            "message_id_missing",
            "message_id_malformed",
            "message_id_elsewhere",
            "date_far",
            "date_unreadable",
            "return_diced",
            "return_malformed",
            "return_elsewhere",
        ),
        "without recipients and addresses of readers": (
            "recipients_hidden",
            "greets_an_address",
            "link_addressed",
            "subject_code",
        ),
        "without what speaks for a message": tuple(n for n, t in texts().items() if t.expected < 0),
        "without lists and answers": (
            "came_over_list",
            *(name for name in texts() if name.startswith(("answers", "answer_"))),
        ),
    }
    every = {name for names in list(groups.values())[:3] for name in names}
    groups["without all of the first three"] = tuple(every)
    for title, names in groups.items():
        keep = np.array([name not in names for name in numbers.names])
        recall(title, real(mail_sets.cross_validated(numbers, LIMIT, keep)), labels)


def divisions(numbers: mail_sets.Data, which: dict[str, mail_sets.Floats]) -> None:
    """The mean over five divisions into folds, and the least and the most: how much a single division says."""
    shares: dict[str, list[list[float]]] = {title: [] for title in which}
    for seed in range(3, 8):
        odds = mail_sets.cross_validated(numbers, LIMIT, seed=seed)
        for title, chosen in which.items():
            ours, labels = odds[chosen], numbers.labels[chosen]
            shares[title].append([100 * (ours[labels == 1] > threshold(ours[labels == 0], rate)).mean() for rate in RATES])
    for title, rows in shares.items():
        found = np.array(rows)
        cells = [f"{found[:, at].mean():.1f} ({found[:, at].min():.1f} to {found[:, at].max():.1f})" for at in (0, 1)]
        print(f"| {title}, mean of five divisions (least to most) | | | {cells[0]} | {cells[1]} |")


def by_time(numbers: mail_sets.Data) -> None:
    """Weights from the older frauds and half of the legitimate campaigns, recall on the newer ones and the other half."""
    order = np.array([entry.order for entry in numbers.table])
    source = np.array([entry.source for entry in numbers.table])
    half = mail_sets.folds(numbers.campaigns, 2, seed=5)
    frauds = (numbers.labels == 1) & (source != "written")
    border = np.quantile(order[frauds & (source == "phishing")], 0.7)
    old = set(numbers.campaigns[frauds & (order <= border)].tolist())
    learn = ((numbers.labels == 0) & (half == 0)) | (frauds & (order <= border)) | ((source == "written") & (half == 0))
    fresh = frauds & (order > border) & np.array([c not in old for c in numbers.campaigns.tolist()])
    test = ((numbers.labels == 0) & (half == 1)) | fresh
    weights, constant = mail_sets.fit(
        numbers.strengths[learn], numbers.labels[learn], numbers.shares[learn], mail_sets.expected(numbers.names)
    )
    odds = mail_sets.scored(numbers.strengths, weights, constant, LIMIT)
    recall("by time: learnt on the older 70 %, newer campaigns", odds[test], numbers.labels[test])


def evidence(table: list[mail_sets.Row]) -> None:
    """The shipped weights on the sets that nothing was learnt from."""
    now = model()
    print(
        "\nShipped weights on sets that nothing was learnt from:\n\n| set | messages | suspicious or fraud % (95 %) | fraud % (95 %) |\n|---|---|---|---|"
    )
    for source in ("mail_phish", "mail_ham"):
        entries = [entry for entry in table if entry.source == source]
        values = []
        for entry in entries:
            for_it = sum(now.weights[n] * s for n, s in entry.signals.items() if now.weights[n] > 0)
            against = sum(now.weights[n] * s for n, s in entry.signals.items() if now.weights[n] < 0)
            values.append(probability(now.constant + for_it + max(now.limit, against), now))
        shares = [wilson(sum(v >= limit for v in values), len(values)) for limit in (now.suspicious, now.fraud)]
        print(f"| {source} | {len(values)} | {shares[0]} | {shares[1]} |")


def adversarial(numbers: mail_sets.Data, items: list[mail_sets.Item], odds: mail_sets.Floats, most: int) -> None:
    """The same frauds changed as frauds change: how many are still found at 0.5 %, by weights that never saw their campaign."""
    fold = mail_sets.folds(numbers.campaigns)
    prior = mail_sets.expected(numbers.names)
    fitted = [
        mail_sets.fit(numbers.strengths[fold != k], numbers.labels[fold != k], numbers.shares[fold != k], prior)
        for k in range(5)
    ]
    limit = threshold(odds[numbers.labels == 0], 0.005)
    frauds = [at for at, entry in enumerate(numbers.table) if entry.label and entry.source != "written"]
    frauds = random.Random(5).sample(frauds, min(most, len(frauds)))
    place = {name: at for at, name in enumerate(numbers.names)}
    print("\n| variant | messages | found at 0.5 % (95 %) |\n|---|---|---|")
    print(f"| as they were | {len(frauds)} | {wilson(int(sum(odds[at] > limit for at in frauds)), len(frauds))} |")
    for title, change in mail_variants.VARIANTS:
        changed = [mail_sets.Item(items[at].name, "", "", 1, 0, change(items[at].data)) for at in frauds]
        hits = 0
        with ProcessPoolExecutor(2) as pool:
            for at, entry in zip(frauds, pool.map(mail_sets.row, changed, chunksize=20), strict=True):
                strengths = np.zeros((1, len(numbers.names)))
                for name, strength in entry.signals.items():
                    strengths[0, place[name]] = strength
                hits += float(mail_sets.scored(strengths, fitted[fold[at]][0], fitted[fold[at]][1], LIMIT)[0]) > limit
        print(f"| {title} | {len(frauds)} | {wilson(hits, len(frauds))} |")


def curve(odds: mail_sets.Floats, labels: mail_sets.Floats, path: Path | None) -> None:
    """Calibration: stated beside observed, in ten bins; as a table, and as SVG where a path is given."""
    now = model()
    stated = 1 / (1 + np.exp(-np.clip(now.scale * odds + now.shift, -30, 30)))
    print("\n| stated probability | messages | fraud among them % (95 %) |\n|---|---|---|")
    points = []
    for low in np.arange(0, 1, 0.1):
        inside = (stated >= low) & (stated < low + 0.1 + (low > 0.85))
        if inside.sum():
            points.append((float(stated[inside].mean()), float(labels[inside].mean())))
            print(
                f"| {low:.1f}-{low + 0.1:.1f} | {int(inside.sum())} | {wilson(int(labels[inside].sum()), int(inside.sum()))} |"
            )
    if path:
        dots = "".join(f'<circle cx="{40 + 300 * x:.1f}" cy="{320 - 300 * y:.1f}" r="4"/>' for x, y in points)
        line = " ".join(f"{40 + 300 * x:.1f},{320 - 300 * y:.1f}" for x, y in points)
        path.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 360" font-family="sans-serif" font-size="12">'
            '<rect x="40" y="20" width="300" height="300" fill="none" stroke="#999"/>'
            '<line x1="40" y1="320" x2="340" y2="20" stroke="#bbb" stroke-dasharray="4"/>'
            f'<polyline points="{line}" fill="none" stroke="#1a5276"/>{dots}'
            '<text x="150" y="345">stated probability</text>'
            '<text x="15" y="210" transform="rotate(-90 15 210)">share of fraud</text></svg>\n',
            encoding="utf-8",
        )


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=0, help="messages of each side given to SpamAssassin and Rspamd")
    parser.add_argument("--variants", type=int, default=300, help="frauds that are changed")
    parser.add_argument("--curve", type=Path, help="where to draw the calibration")
    asked = parser.parse_args()
    items = list(mail_sets.items())
    table = mail_sets.rows()
    learnt = [at for at, entry in enumerate(table) if entry.source not in ("mail_phish", "mail_ham")]
    items_learnt, numbers = [items[at] for at in learnt], mail_sets.data([table[at] for at in learnt])
    odds = mail_sets.cross_validated(numbers, LIMIT)
    real = np.array([entry.source != "written" for entry in numbers.table])
    labels = numbers.labels
    print("| messages | frauds | legitimate | recall at 0.5 % | recall at 0.1 % |\n|---|---|---|---|---|")
    recall("open sets", odds[real], labels[real])
    recall("open sets and written ones", odds, labels)
    mixed = real | (labels == 0)
    recall("frauds of the open sets, all legitimate ones", odds[mixed], labels[mixed])
    divisions(numbers, {"open sets": real, "frauds of the open sets, all legitimate ones": mixed})
    by_time(numbers)
    ablations(numbers, lambda values: values[real], labels[real])
    limit = threshold(odds[labels == 0], 0.005)
    entries = np.array(numbers.table, dtype=object)
    hit = odds > limit
    fraud = labels == 1
    by("language of the fraud, found at 0.5 %", [e.language for e in entries[fraud & real]], hit[fraud & real])
    by("kind of lure (written), found at 0.5 %", [e.kind for e in entries[fraud & ~real]], hit[fraud & ~real])
    by("kind of legitimate mail, wrongly above the 0.5 % threshold", [e.kind for e in entries[~fraud]], hit[~fraud])
    by("decade of legitimate mail, wrongly above it", [e.decade for e in entries[~fraud]], hit[~fraud])
    evidence(table)
    curve(odds, labels, asked.curve)
    adversarial(numbers, items_learnt, odds, asked.variants)
    if asked.peers:
        dice = random.Random(9)
        chosen = [
            at
            for side in (True, False)
            for at in dice.sample([i for i in range(len(odds)) if real[i] and fraud[i] == side], asked.peers)
        ]
        print(
            "\nThe same messages, in the same run:\n\n| filter | frauds | legitimate | recall at 0.5 % | recall at 0.1 % |\n|---|---|---|---|---|"
        )
        recall("wardround (cross-validated)", odds[chosen], labels[chosen])
        for name, scores, default in mail_peers.scores([items_learnt[at].data for at in chosen]):
            recall(f"{name}, threshold moved", np.array(scores), labels[chosen])
            hits = np.array(scores) >= default
            print(
                f"| {name}, its own threshold | | | {wilson(int(hits[labels[chosen] == 1].sum()), asked.peers)} recall | {wilson(int(hits[labels[chosen] == 0].sum()), asked.peers)} false |"
            )


if __name__ == "__main__":
    main()
