"""Learns ``src/wardround/mail/weights.tsv`` from the open mail sets and the messages written for the purpose.

    WARDROUND_CORPORA=… python -m benchmarks.mail_weights          (or: cd benchmarks && python mail_weights.py)

The sets of ``evidence`` are left out: they measure. Thresholds are set on cross-validated odds: ``fraud`` where 0.2 % of
the legitimate messages lie above, ``suspicious`` where 0.5 % do. Probabilities are calibrated on the same odds (Platt).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mail_sets

TARGET = Path(__file__).resolve().parent.parent / "src" / "wardround" / "mail" / "weights.tsv"

#: What speaks for a message counts down to this many log odds.
LIMIT = -2.0


def platt(odds: mail_sets.Floats, labels: mail_sets.Floats, shares: mail_sets.Floats) -> tuple[float, float]:
    """Scale and shift that make odds calibrated: logistic regression on one number (Newton)."""
    scale, shift = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(scale * odds + shift, -30, 30)))
        error, curve = shares * (p - labels), shares * np.maximum(p * (1 - p), 1e-9)
        gradient = np.array([(error * odds).sum(), error.sum()])
        hessian = np.array([[(curve * odds * odds).sum(), (curve * odds).sum()], [(curve * odds).sum(), curve.sum()]])
        change = np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
        scale, shift = scale - change[0], shift - change[1]
    return float(scale), float(shift)


def threshold(odds: mail_sets.Floats, labels: mail_sets.Floats, rate: float) -> float:
    """The odds above which ``rate`` of the legitimate messages lie."""
    ordinary = np.sort(odds[labels == 0])[::-1]
    return float(ordinary[int(rate * len(ordinary))])


def main() -> None:
    """Learn and write."""
    table = [entry for entry in mail_sets.rows() if entry.source not in ("mail_phish", "mail_ham")]
    numbers = mail_sets.data(table)
    prior = mail_sets.expected(numbers.names)
    weights, constant = mail_sets.fit(numbers.strengths, numbers.labels, numbers.shares, prior)
    odds = mail_sets.cross_validated(numbers, LIMIT)
    scale, shift = platt(odds, numbers.labels, numbers.shares)

    def told(value: float) -> float:
        return float(1 / (1 + np.exp(-(scale * value + shift))))

    real = np.array([entry.source != "written" or entry.label == 0 for entry in table])
    fraud = told(threshold(odds[real], numbers.labels[real], 0.002))
    suspicious = told(threshold(odds[real], numbers.labels[real], 0.005))
    seen = (numbers.strengths > 0).astype(float)
    with TARGET.open("w", encoding="utf-8") as out:
        out.write(
            "# Learnt by benchmarks/mail_weights.py; see docs/mail.md. Lines with = are the numbers beside the weights.\n"
        )
        out.write("# signal\tweight (log odds)\texpected\tper mille of frauds\tper mille of legitimate messages\n")
        for name, value in (
            ("constant", constant),
            ("limit", LIMIT),
            ("scale", scale),
            ("shift", shift),
            ("fraud", fraud),
            ("suspicious", suspicious),
        ):
            out.write(f"={name}\t{value:.4f}\n")
        for at, name in enumerate(numbers.names):
            shares = [1_000 * seen[numbers.labels == label, at].mean() for label in (1, 0)]
            out.write(f"{name}\t{weights[at]:.2f}\t{prior[at]:.1f}\t{shares[0]:.0f}\t{shares[1]:.0f}\n")
    recall = {rate: (odds[numbers.labels == 1] > threshold(odds, numbers.labels, rate)).mean() for rate in (0.005, 0.001)}
    print(f"{len(table)} messages; cross-validated recall {recall}; thresholds {fraud:.3f} {suspicious:.3f}")


if __name__ == "__main__":
    main()
