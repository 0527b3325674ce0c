"""The generator of the demonstration evidence: one day in a hospital that does not exist.

Read in this order: :mod:`hospital <demo.generate.hospital>` (who and what there is), :mod:`happenings
<demo.generate.happenings>` (what can happen), :mod:`ordinary <demo.generate.ordinary>`, :mod:`traps
<demo.generate.traps>` and :mod:`attack <demo.generate.attack>` (what happens that day), then one module per kind of
evidence (:mod:`windows <demo.generate.windows>`, :mod:`zeek <demo.generate.zeek>`, :mod:`suricata
<demo.generate.suricata>`, :mod:`broken <demo.generate.broken>`), and :mod:`evidence <demo.generate.evidence>`, which
puts the files together.
"""

from __future__ import annotations
