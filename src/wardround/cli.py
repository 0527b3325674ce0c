"""The commands, their options and the exit codes; the only place that prints.

Exit codes: 0 the round ran; 1 an error, or nothing could be read; 2 the command line is wrong; 3 findings at or above
``--fail-on``; 130 stopped with Ctrl-C. Heavy libraries are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from wardround import __version__, refusals
from wardround.errors import UserError, WardroundError, reasons

if TYPE_CHECKING:
    from wardround import pipeline
    from wardround.report.document import ResultDocument

#: Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130

app = typer.Typer(
    name="wardround",
    help="The security round of an imaging department: reads the evidence you already have, offline, and says what is "
    "possible, what is happening, what it could not see and what to do first.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
detections_app = typer.Typer(
    help="The detections: list them, show one, test them.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(detections_app, name="detections")


#: Languages of what a user reads.
LANGUAGES = ("en", "fr")

#: Severities as in :data:`wardround.model.SEVERITIES`, whose module would slow ``--help`` down.
SEVERITIES = ("info", "low", "medium", "high", "critical")

OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Directory of the round; replaced when the new round is complete.")
]
LangOption = Annotated[
    str,
    typer.Option("--lang", help="Language of the report.", metavar="[en|fr]", callback=refusals.one_of("--lang", LANGUAGES)),
]


def _fail_on(text: str) -> Any:
    """The option ``--fail-on``; typer's own annotation of what makes options is Any."""
    check = refusals.one_of("--fail-on", SEVERITIES)
    return typer.Option("--fail-on", help=text, metavar="[info|low|medium|high|critical]", callback=check)


FormatOption = Annotated[
    list[str] | None, typer.Option("--format", "-f", metavar="NAME", help="Also write this format; may be repeated.")
]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        print(f"wardround {__version__}")
        raise typer.Exit


@app.command()
def examine(
    context: typer.Context,
    evidence: Annotated[
        list[str] | None, typer.Argument(metavar="EVIDENCE", help="Files, directories, or - for standard input.")
    ] = None,
    out: OutOption = Path("round"),
    share: Annotated[
        list[str] | None,
        typer.Option("--share", metavar="DIR", help="A file share or mounted backup, looked at from outside; may be repeated."),
    ] = None,
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", metavar="DIR", help="A directory of Sigma rules; may be repeated.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="FILE", help="site.toml: what the hospital tells about itself.")
    ] = None,
    lang: LangOption = "en",
    formats: FormatOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only events from this time on (ISO 8601, UTC unless it has a zone).")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only events before this time.")] = None,
    fail_on: Annotated[str | None, _fail_on("Exit 3 when a finding is at least this severe.")] = None,
    impact_file: Annotated[
        Path | None, typer.Option("--impact", metavar="FILE", help="impact.toml: what the estimate of lost care rests on.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="DIR", help="An earlier round of this site to compare with.")
    ] = None,
    series: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="DIR",
            help="A folder of rounds of this site: compare with the latest, put this one beside them.",
        ),
    ] = None,
    paranoid: Annotated[bool, typer.Option("--paranoid", help="Check the fast matcher against the literal one.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also list every diagnostic.")] = False,
) -> None:
    """Examine evidence and write a round: tables, round.json and report.html."""
    if not evidence and not share:
        raise refusals.Refused(
            "EVIDENCE", "give evidence, or a share with --share", "donnez des éléments à examiner, ou un partage avec --share"
        )
    from wardround import workers

    # Before this process loads its own libraries: both do so at the same time.
    workers.warm(evidence or ())
    from wardround import pipeline

    request = pipeline.Request(
        paths=tuple(evidence or ()),
        shares=tuple(share or ()),
        out=out,
        rules=tuple(rules or ()),
        site_file=site,
        language=lang,
        since=_time(since, "--since"),
        until=_time(until, "--until"),
        paranoid=paranoid,
        impact_file=impact_file,
        previous=previous,
        series=series,
    )
    _check_formats(formats)
    if series is not None:
        source = context.get_parameter_source("out")
        request = _in_series(request, series, given=source is not None and source.name != "DEFAULT")
    _round(request, formats, fail_on, quiet=quiet, verbose=verbose)


def _in_series(request: pipeline.Request, series: Path, *, given: bool) -> pipeline.Request:
    """The request with the latest round of the folder as the earlier one, and a place in it unless one was ``given``."""
    from wardround.report.series import rounds_in

    if series.exists() and not series.is_dir():
        raise UserError(f"--history {series}: is not a directory", f"--history {series}\u00a0: ce n’est pas un dossier")
    series.mkdir(parents=True, exist_ok=True)
    rounds = rounds_in(series)
    moment = datetime.datetime.fromtimestamp(request.created // 1_000_000_000, datetime.UTC)
    return dataclasses.replace(
        request,
        previous=request.previous or (rounds[-1][1] if rounds else None),
        out=request.out if given else series / moment.strftime("%Y-%m-%dT%H%M%SZ"),
    )


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The directory of the earlier round.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The directory of the later round.")],
    lang: LangOption = "en",
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", metavar="NAME", help="Also write html or json; may be repeated.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Directory of the files that --format writes.")
    ] = Path(),
    fail_on: Annotated[str | None, _fail_on("Exit 3 when a finding that is new or worse is at least this severe.")] = None,
) -> None:
    """Compare two rounds: what is new, worse, closed, or could not be looked at again."""
    from wardround import pipeline
    from wardround.report import changes, changes_

    _check_names(formats, changes_.FORMATS, "--format")
    document = pipeline.compare(old, new)
    for name in formats or ():
        out.mkdir(parents=True, exist_ok=True)
        file, data = changes_.export(document, name, lang)
        (out / file).write_bytes(data)
    print(changes_.render(document, lang, width=_width(), colour=_colour()))
    worst = changes.worst_added(document.changes) if document.changes else None
    if fail_on is not None and worst is not None and SEVERITIES.index(worst) >= SEVERITIES.index(fail_on):
        raise typer.Exit(3)


@app.command()
def demo(out: OutOption = Path("demo-round"), lang: LangOption = "en", formats: FormatOption = None) -> None:
    """Examine the bundled evidence of a fictional hospital."""
    from wardround import demo as bundled
    from wardround import workers

    _check_formats(formats)
    workers.warm()
    from wardround import pipeline

    with bundled.evidence_directory() as directory:
        site_file = directory / "site.toml"
        paths = tuple(str(path) for path in sorted(directory.iterdir()) if path != site_file)
        request = pipeline.Request(paths=paths, out=out, site_file=site_file, language=lang)
        _round(request, formats, None, quiet=False, verbose=False)


def _round(request: pipeline.Request, formats: list[str] | None, fail_on: str | None, *, quiet: bool, verbose: bool) -> None:
    """Make the round, export it, print the summary and leave with the exit code that says how it went."""
    from wardround import pipeline

    progress = _Progress(enabled=not quiet)
    document = pipeline.examine(request, progress)
    progress.done()
    _export(document, request.out, formats, request.language)
    if not quiet:
        _print_document(document, request.language, request.out)
    if verbose:
        _print_problems(document, request.language)
    if pipeline.nothing_read(document):
        nothing = {
            "en": "nothing could be read; see the diagnostics in the report",
            "fr": "rien n’a pu être lu\u202f; voir les problèmes rencontrés dans le rapport",
        }
        if not document.evidence and not document.diagnostics:
            nothing = {"en": "there is no file in what was given", "fr": "il n’y a aucun fichier dans ce qui a été donné"}
        print(f"wardround: {nothing[request.language]}", file=sys.stderr)
        raise typer.Exit(1)
    if fail_on is not None:
        least = SEVERITIES.index(fail_on)
        if any(SEVERITIES.index(finding.severity) >= least for finding in document.findings):
            raise typer.Exit(3)


def _print_problems(document: ResultDocument, lang: str) -> None:
    """Every diagnostic on a line; in French with the sentence of its kind, because the details are in English."""
    from wardround.report import problems, texts

    words = texts.language(lang)
    for problem in document.diagnostics:
        kind = problems.sentence(problem.code, words) if lang != "en" else ""
        told = f"{kind} ({problem.message})" if kind else problem.message
        print(_visible(f"{problem.code}: {problem.source}: {told}"), file=sys.stderr)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="ROUND", help="The directory of a round.")],
    lang: LangOption = "en",
    formats: FormatOption = None,
    views: Annotated[
        list[str] | None,
        typer.Option(
            "--framework", metavar="NAME", help="Tell the round through a framework (anssi, hicp, nis2 …); may be repeated."
        ),
    ] = None,
) -> None:
    """Render a round again, in another language or format, or through a framework, without reading the evidence."""
    from wardround import report as reporting

    if views:
        _compliance(directory, views, formats, lang)
        return
    _check_formats(formats)
    result = reporting.read(directory)
    (directory / reporting.file_name("html")).write_bytes(reporting.export(result, "html", lang))
    _export(result, directory, formats, lang)
    _print_document(result, lang, directory)


def _compliance(directory: Path, views: list[str], formats: list[str] | None, lang: str) -> None:
    """Write and print a round through frameworks: always as a page, also in the formats asked for."""
    from wardround import report as reporting
    from wardround.care.frameworks import frameworks
    from wardround.report import compliance_

    _check_names(views, frameworks(), "--framework")
    _check_names(formats, compliance_.FORMATS, "--format")
    result = reporting.read(directory)
    for view in views:
        for name in dict.fromkeys(["html", *(formats or ())]):
            file, data = compliance_.export(result, view, name, lang)
            (directory / file).write_bytes(data)
        print(compliance_.render(result, view, lang, width=_width(), colour=_colour()))


@app.command()
def services(
    paths: Annotated[
        list[str], typer.Argument(metavar="ROUND|EVIDENCE", help="The directory of a round, or evidence to examine.")
    ],
    site: Annotated[
        Path | None, typer.Option("--site", metavar="FILE", help="site.toml: what the hospital tells about itself.")
    ] = None,
    lang: LangOption = "en",
) -> None:
    """Show the services of the department: what each needs, what stops it, how much it does."""
    from wardround import report as reporting

    print(reporting.render_services(_document(paths, site), lang), end="")


@app.command()
def impact(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="ROUND|EVIDENCE", help="The directory of a round, or evidence to examine.")
    ] = None,
    inputs: Annotated[bool, typer.Option("--inputs", help="Print every input with its source, to be edited.")] = False,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="FILE", help="site.toml: what the hospital tells about itself.")
    ] = None,
    lang: LangOption = "en",
) -> None:
    """Show what an attack would cost care and the plan; with --inputs, what that estimate rests on."""
    from wardround import report as reporting
    from wardround.pipeline import impact_inputs

    if inputs or not paths:
        print(impact_inputs(), end="")
        return
    print(reporting.render_impact(_document(paths, site), lang), end="")


def _document(paths: list[str], site: Path | None) -> ResultDocument:
    """The result document of a round directory, or of evidence that is examined for it and then forgotten."""
    from wardround import pipeline
    from wardround import report as reporting

    if len(paths) == 1 and (Path(paths[0]) / "round.json").is_file():
        return reporting.read(Path(paths[0]))
    import tempfile

    with tempfile.TemporaryDirectory(prefix="wardround-") as scratch:
        return pipeline.examine(pipeline.Request(paths=tuple(paths), out=Path(scratch) / "round", site_file=site))


@app.command()
def history(
    ocr: Annotated[
        list[Path],
        typer.Option(
            "--ocr", metavar="FILE", help="An export of the HHS breach list (CSV, zip or gzip); may be repeated for both lists."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Directory of the files that --format writes.")
    ] = Path(),
    lang: LangOption = "en",
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", metavar="NAME", help="Also write html, json or csv; may be repeated.")
    ] = None,
    since: Annotated[int | None, typer.Option(help="Only breaches of this year and later.")] = None,
    until: Annotated[int | None, typer.Option(help="Only breaches of this year and earlier.")] = None,
    threshold: Annotated[int, typer.Option(help="A number of people; tells on which day it was passed.", min=1)] = 257_000_000,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DAY", help="A day (YYYY-MM-DD) for which the state of the list is told.")
    ] = "2021-11-28",
) -> None:
    """Tell the history of health data breaches from a dated export of the US breach list, with pictures."""
    from wardround.care import breaches
    from wardround.care import history as figures
    from wardround.report import history_

    try:
        day = datetime.date.fromisoformat(as_of)
    except ValueError as error:
        english, french = f"{as_of}: not a day like 2021-11-28", f"{as_of}\u00a0: ce n’est pas un jour comme 2021-11-28"
        raise refusals.Refused("--as-of", english, french) from error
    _check_names(formats, history_.FORMATS, "--format")
    told = figures.history(breaches.read(ocr), since, until, threshold, day)
    for name in formats or ():
        out.mkdir(parents=True, exist_ok=True)
        file, data = history_.export(told, name, lang)
        (out / file).write_bytes(data)
    print(history_.render(told, lang, width=_width(), colour=_colour()))


@app.command()
def tables(
    directory: Annotated[
        Path | None, typer.Argument(metavar="ROUND", help="The directory of a round: its tables, rows and files.")
    ] = None,
) -> None:
    """Print every table with its columns, in Markdown; of a round, which tables it has and how many rows they hold."""
    from wardround.schema import document

    if directory is None:
        print(document.markdown())
        return
    from wardround import store

    for name, rows, files in store.listed(directory):
        print(f"{name:24} {rows:>12,}  {', '.join(_visible(str(file)) for file in files)}")


@app.command("readers")
def list_readers() -> None:
    """List the evidence formats that can be read, in the order in which they are recognised."""
    from wardround.readers import descriptions

    for name, text in descriptions():
        print(f"{name:20} {text}")


@detections_app.command("list")
def list_detections(lang: LangOption = "en") -> None:
    """List every detection: name, kind, level, threat and title."""
    from wardround.detect import detection

    for item in detection.shipped():
        print(f"{item.name:8} {item.kind:8} {item.level:13} {item.threat:22} {item.title[lang]}")


@detections_app.command("show")
def show_detection(name: Annotated[str, typer.Argument(metavar="NAME", help="Catalogue name, such as RDP-A01.")]) -> None:
    """Print the file of one detection."""
    from wardround.detect import detection

    found = next((item for item in detection.shipped() if item.name == name), None)
    if found is None:
        raise UserError(
            f"{name}: no such detection; 'wardround detections list' names them all",
            f"{name}\u00a0: détection inconnue\u202f; «\u00a0wardround detections list\u00a0» les nomme toutes",
        )
    from importlib import resources

    print((resources.files("wardround") / "detections" / found.path).read_text("utf-8"), end="")


@detections_app.command("test")
def test_detections(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Detection files or directories; default: the shipped ones.")
    ] = None,
) -> None:
    """Run the cases in detection files; exits 1 when one fails."""
    from wardround.detect import testing

    raise typer.Exit(testing.main(paths or []))


def _check_names(given: list[str] | None, known: Collection[str], option: str) -> None:
    """Refuse a name that an option does not know before any work is done."""
    for name in given or ():
        if name not in known:
            raise refusals.unknown(option, name, known)


def _check_formats(formats: list[str] | None) -> None:
    """Refuse an unknown export format before any work is done."""
    from wardround import report as reporting

    _check_names(formats, reporting.FORMATS, "--format")
    for name in formats or ():
        if name == "pdf":
            from wardround.report import pdf

            pdf.browser()


def _export(document: ResultDocument, out: Path, formats: list[str] | None, lang: str) -> None:
    from wardround import report as reporting

    for name in formats or ():
        (out / reporting.file_name(name)).write_bytes(reporting.export(document, name, lang))


def _print_document(document: ResultDocument, lang: str, out: Path) -> None:
    from wardround import report as reporting

    where = str(out / "report.html")
    print(reporting.render_terminal(document, lang, width=_width(), colour=_colour(), where=where))


def _width() -> int:
    return min(120, os.get_terminal_size().columns) if sys.stdout.isatty() else 100


def _colour() -> bool:
    from wardround import report as reporting

    return reporting.wants_colour(sys.stdout)


def _time(text: str | None, option: str) -> int | None:
    """ISO 8601 text as ns UTC; raises BadParameter."""
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        english = f"{text}: not an ISO 8601 time, such as 2026-03-10 or 2026-03-10T08:00+01:00"
        french = f"{text}\u00a0: ce n’est pas une date ISO 8601, comme 2026-03-10 ou 2026-03-10T08:00+01:00"
        raise refusals.Refused(option, english, french) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _visible(text: str) -> str:
    from wardround.report.safe import visible

    return visible(text)


class _Progress:
    """Progress on stderr: a bar on a terminal, a line per tenth elsewhere on long work, nothing when not wanted."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._tenth = 0
        self._bar: Any = None
        if enabled and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("reading", total=None)

    def __call__(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif self._enabled and total > 256 << 20 and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            print(f"wardround: read {done >> 20} of {total >> 20} MiB", file=sys.stderr)

    def done(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def main() -> None:
    """Run the command line; what the user got wrong is one line on stderr, exit code 1, or 2 when it is in the command line."""
    lang = refusals.language(sys.argv[1:])
    try:
        code = app(standalone_mode=False, prog_name="wardround")
    except refusals.UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            sys.exit(2)
        _fail(refusals.told(error, lang), 2)
    except WardroundError as error:
        _fail(error.french if lang == "fr" and isinstance(error, UserError) else str(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # the boundary: a full disk, a directory that may not be written
        english, french = reasons(error)
        if error.filename:
            english, french = f"{error.filename}: {english}", f"{error.filename}\u00a0: {french}"
        _fail(french if lang == "fr" else english)
    if code == INTERRUPTED:  # typer makes an exit code of Ctrl-C
        _fail("arrêt avant la fin" if lang == "fr" else "stopped before the end", INTERRUPTED)
    sys.exit(code)


def _fail(line: str, code: int = 1) -> NoReturn:
    print(_visible(f"wardround: {line}"), file=sys.stderr)
    sys.exit(code)
