"""How long 10,000 attacks on 5,000 hosts take, and how much memory: simulation, services, plan.

``python benchmarks/impact_speed.py [HOSTS [RUNS]]``. The network is made: segments of fifty hosts, twelve observed pairs from
each host, one directory with everybody as its member. The first run of all compiles the kernel; it is not counted.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from wardround.care import impact, inputs, percolation, reachability, simulation, trees
from wardround.model import Activity, Service

KINDS = ("application", "file_sharing", "remote_administration")


def network(hosts: int) -> reachability.Network:
    """The made network."""
    random = np.random.default_rng(0)
    names = [f"H{number}" for number in range(hosts)]
    segments = {name: f"S{number // 50}" for number, name in enumerate(names)}
    targets = random.integers(0, hosts, (hosts, 12))
    pairs = [(names[a], names[b], KINDS[int(b) % 3]) for a in range(hosts) for b in targets[a] if a != b]
    made = reachability.assembled(segments, pairs, {name: ["H0"] for name in names[1:]}, names[100:])
    made.entries = [
        reachability.Entry("H7", "entry_critical", "vpn", ("C02",)),
        reachability.Entry("H90", "entry_high", "remote_desktop", ("C01",)),
        reachability.Entry(reachability.STAFF, "entry_unknown", "unknown", ()),
    ]
    return made


def services(hosts: int) -> list[Service]:
    """Ten services over two hundred hosts."""
    found = []
    for number, name in enumerate(("ct", "mr", "x_ray", "mammography", "ultrasound", "angiography", "a", "b", "c", "d")):
        members = [f"H{(number * 20 + place) % hosts}" for place in range(20)]
        tree = trees.every([trees.either(trees.asset(m) for m in members[:5]), *(trees.asset(m) for m in members[5:8])])
        local = trees.either(trees.asset(member) for member in members[:5])
        found.append(
            Service(name, {"en": name}, tree, True, number < 3, Activity("stated", per_day=50, low=50, high=50), local)
        )
    return found


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    made, offered, given = network(hosts), services(hosts), inputs.shipped()
    simulation.prepared(made, offered, given, 10).outcome()
    before = time.perf_counter()
    attacked = simulation.prepared(made, offered, given, runs)
    prepared = time.perf_counter()
    places = np.arange(200)
    reached = percolation.run(attacked.graph, attacked.drawn.probabilities, attacked.drawn.values["damage"], places, 1)
    percolated = time.perf_counter()
    told = impact.told(attacked, attacked.outcome())
    done = time.perf_counter()
    print(f"hosts {hosts}, edges {len(made.edges)}, attacks {attacked.runs}, reached on average {reached.count.mean():.0f}")
    print(f"graph {prepared - before:.2f} s, percolation alone {percolated - prepared:.2f} s")
    print(f"percolation, outcome and impact {done - percolated:.2f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB; services told {len(told.services)}")


if __name__ == "__main__":
    main()
