"""The page of the report in a headless browser: size and time to load with very many findings, accessibility, first screen.

    python benchmarks/report_size.py [--findings 10000] [--axe axe.min.js] [--round DIR]

Needs Chromium, Chrome or Edge. Loading is timed by the browser itself (from the start of navigation to the load event), five
times, beside an empty page. ``--axe`` is the script of axe-core (npm pack axe-core); its violations are listed. ``--round``
takes the page of a round instead of a made one for accessibility and the first screen. The copy that is measured has no
content security policy, because axe and the clock are scripts; nothing else differs.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from wardround import report
from wardround.model import Coverage, Evidence, Finding, Pointer, Round, Subject
from wardround.report import pdf

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_ANSWER = re.compile(r'<pre id="measured">(.*?)</pre>', re.DOTALL)
_TELL = """
<script>
function tell(value) {
  const box = document.createElement("pre");
  box.id = "measured";
  box.textContent = JSON.stringify(value);
  document.body.append(box);
}
addEventListener("load", () => { %s });
</script>
"""
_LOAD = "tell({load: performance.now()});"
_FIRST = (
    "const parts = document.querySelectorAll('.sentences, .actions, .stake');"
    "tell({bottom: Math.max(...[...parts].map(p => p.getBoundingClientRect().bottom)), parts: parts.length});"
)
_AXE = (
    "document.querySelectorAll('details').forEach(d => { d.open = true; });"
    "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => tell(r.violations.map(v => "
    "({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.length, first: v.nodes[0].html.slice(0, 160)}))));"
)


TELL_LOAD = _TELL % _LOAD
TELL_FIRST = _TELL % _FIRST


def tell_axe(script: Path) -> str:
    """What has axe-core, whose script that is, look at a page with everything unfolded."""
    return f"<script>{script.read_text(encoding='utf-8')}</script>" + _TELL % _AXE


def made(findings: int) -> report.ResultDocument:
    """A round of 150 checks and so many findings of all severities, each with ten pointers, on 400 machines."""
    start = 1_772_445_600_000_000_000
    severities = ("critical", "high", "medium", "low")
    threats = ("ransomware", "remote_desktop", "vpn", "record_leak", "interception", "phishing")
    listed = []
    for i in range(findings):
        name, host = f"X-A{i % 150:03}", f"host{i % 400}.hospital.example"
        title = f"Check number {i % 150} found something on a machine"
        pointers = tuple(
            Pointer("e1", f"evidence/{host}/Security.evtx", "windows_event", i * 10 + n, start + i) for n in range(10)
        )
        listed.append(
            Finding(
                id=f"f{i}", detection=name, threat=threats[i % 6], kind="attack" if i % 3 else "exposure",
                severity=severities[i % 4], confidence="high", title={"en": title, "fr": title},  # type: ignore[arg-type]
                summary={"en": f"{title}: {host}, at the hour {i % 24}.", "fr": f"{title} : {host}."},
                first_ts=start + i * 10**9, last_ts=start + i * 10**9 + 10**10,
                subjects=(Subject("host", host), Subject("user", f"user{i % 997}")), evidence=pointers, events=i + 1,
                techniques=("T1110.001",), controls=("C03", "C04"),
            )
        )  # fmt: skip
    text = {"en": "No such log.", "fr": "Pas de tel journal."}
    coverage = tuple(
        Coverage(
            f"X-A{i:03}", threats[i % 6], "attack" if i % 3 else "exposure", text, "found" if i % 2 else "not_assessed", text
        )
        for i in range(150)
    )
    evidence = tuple(
        Evidence(f"e{i}", f"evidence/host{i}/Security.evtx", "ab" * 32, "evtx", "evtx", 10**6, 1000) for i in range(400)
    )
    return report.build(Round("0", start, "A hospital", evidence, (), tuple(listed), coverage, (), {"windows_event": 10**6}))


def ask(page: bytes, script: str, *, wait: bool = True) -> tuple[Any, float]:
    """What a script says of a page once it is loaded, and the seconds of the whole run of the browser.

    With ``wait`` the browser gives the script as long as it needs, on a clock of its own; without, the clock is the real one.
    """
    text = _POLICY.sub("", page.decode())
    text = text.replace("</head>", script + "</head>", 1)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "page.html"
        path.write_text(text, encoding="utf-8")
        command = [
            pdf.browser(), "--headless", "--disable-gpu", "--no-sandbox", "--hide-scrollbars",
            f"--user-data-dir={name}/profile",
            "--window-size=1280,900", *(["--virtual-time-budget=60000"] if wait else []), "--dump-dom", path.as_uri(),
        ]  # fmt: skip
        before = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
        seconds = time.perf_counter() - before
    answer = _ANSWER.search(done.stdout)
    return (json.loads(html.unescape(answer[1])) if answer else None), seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--axe", type=Path)
    parser.add_argument("--round", type=Path)
    options = parser.parse_args()
    document = made(options.findings)
    page = report.export(document, "html", "en")
    print(f"{options.findings:,} findings: {len(page) / 1e6:.2f} MB")
    empty = b"<!DOCTYPE html><html lang=en><head><title>x</title></head><body>x</body></html>"
    for name, data in (("empty page", empty), ("the report", page)):
        runs = [ask(data, TELL_LOAD, wait=False) for _ in range(5)]
        loads = [answer["load"] for answer, _ in runs if answer]
        walls = [seconds for _, seconds in runs]
        print(f"{name}: loaded after {statistics.median(loads):.0f} ms (median of {len(loads)}), whole run {min(walls):.2f} s")
    document = report.read(options.round) if options.round else document
    for lang in report.LANGUAGES:
        page = report.export(document, "html", lang)
        first, _ = ask(page, TELL_FIRST)
        print(f"{lang}: sentences, actions and care at stake end at {first['bottom']:.0f} of 900 pixels")
        if options.axe:
            for scheme, shown in (("light", page), ("dark", page.replace(b"(prefers-color-scheme: dark)", b"all"))):
                violations, _ = ask(shown, tell_axe(options.axe))
                print(f"{lang}, {scheme}: axe finds {len(violations)} violations")
                for v in violations:
                    print(f"   {v['impact']} {v['id']} ×{v['nodes']}: {v['help']}; {v['first']}")


if __name__ == "__main__":
    main()
