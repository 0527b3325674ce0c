"""Attacks on hospitals that were told in public, lived again by the fictional hospital of the demonstration.

Each replay is the chain of a post-mortem in the formats of evidence that a hospital has, with a normal week around it. What
happened is from the sources that each module names; hosts, people, addresses and file names are invented.
"""

from __future__ import annotations

from demo.replays import dusseldorf, fortigate, hse, ivanti, portal, wannacry
from demo.replays.evidence import Replay, files_of

__all__ = ["REPLAYS", "Replay", "files_of"]

#: Every replay by its name.
REPLAYS: dict[str, Replay] = {
    replay.name: replay
    for replay in (
        dusseldorf.REPLAY,
        hse.REPLAY,
        wannacry.REPLAY,
        portal.REPLAY,
        fortigate.REPLAY,
        ivanti.REPLAY,
    )
}
