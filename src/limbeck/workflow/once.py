"""Nothing is made twice: what `rules/` do, done once for all that decides it.

`once` goes around the jobs of every rule that was read before it. The key of a job is the digest of
its rule, its outputs' names, its params, and the bytes of its inputs; what is found under it
(`limbeck.workflow.kept`) is put back instead of running the command. So a wave of jobs that
Snakemake has planned stops costing anything at the first output that came out the same.

Left out of the key: an `ancient()` input, whose bytes decide nothing or stand in a param or a
manifest; params that are places under ``work/``, where stages keep what they had so far; and the
name of a student in paths, where its command is not told it: one that is renamed is the same, and
a base is scored once for all students that begin with it.
"""

import glob
import inspect
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.files import digest
from limbeck.files.lock import take
from limbeck.teacher.journal import state_path
from limbeck.workflow import kept
from limbeck.workflow.bucket import Bucket

LOCKS = Path("work/locks")
_PACKAGE = Path(__file__).parents[1]
JOURNAL = "work/journal/"
# What these make is run: it comes from where its digest is known, alone.
CODE = ("fetch_converter",)
STUDENT = "{student}"  # stands for a student's name in keys and records

Job = Callable[..., None]

# What Snakemake measures of a job, in its `BenchmarkRecord`; the rest of it says what the job was.
_MEASURES = (
    "running_time", "max_rss", "max_vms", "max_uss", "max_pss", "io_in", "io_out", "cpu_usage",
    "cpu_time", "data_collected",
)  # fmt: skip


def once(workflow: Any, bucket: Bucket | None = None) -> None:
    """Have the rules read so far take what was made before, and keep what they make.

    Here, and in a bucket that other machines see, if there is one.
    """
    for rule in workflow.rules:
        if rule.shellcmd and rule.output:
            shared = None if rule.name in CODE else bucket
            rule.run_func = _once(rule, rule.run_func, workflow, shared)


def _once(rule: Any, run: Job, workflow: Any, bucket: Bucket | None) -> Job:
    aside = {name for name, file in rule.input._allitems() if "ancient" in _flags(file)}
    form = inspect.signature(run)
    # The wildcards that name a student, or one of its forms.
    naming = {"student", "model"} & set(rule.wildcard_names)
    nameless = not any(f"wildcards.{name}" in rule.shellcmd for name in naming)

    @_in_one_line()
    def job(*arguments: Any, **named: Any) -> None:
        given = form.bind(*arguments, **named).arguments
        outputs = [str(path) for path in given["output"]]
        name = _student(given["wildcards"]) if nameless else None
        decides = deciding(rule.name, outputs, given["params"], given["input"], aside, name)
        key = digest(decides)
        # What a killed Snakemake left running makes the same, on whatever machine: that is taken.
        lock = take(LOCKS / key, ", ".join(outputs), "makes it", patience=math.inf)
        try:
            _clear(outputs)
            changed = False
            # Whoever forces a job wants it made.
            record = None if _forced(rule.name, workflow) else _fetch(key, outputs, bucket)
            with _shared(given["params"], bucket):
                if record:
                    _say(f"unchanged: {', '.join(outputs)} (kept as {key})")
                    _tell(given, record, key)
                else:
                    run(*arguments, **named)
                    record = {**decides, **_told(given)}
                    if changed := _code() != PLANNED:
                        _say(f"not kept: {', '.join(outputs)}; the code was changed meanwhile")
                    else:
                        _keep(key, outputs, record)
            if bucket and not changed:
                bucket.keep(key, outputs, record)
            _tidy(given["params"].get("work"))
        finally:
            os.close(lock)

    return job


def deciding(
    rule: str, outputs: list[str], params: Any, inputs: Any, aside: set[str], student: str | None
) -> dict[str, Any]:
    """All that decides a job, as JSON values.

    Args:
        rule: its name.
        outputs: their paths.
        params: by name.
        inputs: one path or several, by name.
        aside: the names of inputs whose bytes do not count.
        student: a name that is left out of the paths.
    """

    def nameless(path: Any) -> str:
        return str(path).replace(f"/{student}/", f"/{STUDENT}/")

    def setting(value: Any) -> Any:
        is_result = isinstance(value, str) and value.startswith("results/")
        return nameless(value) if is_result else value

    skipped = {str(path) for name in aside for path in _listed(inputs[name])}
    return {
        "rule": rule,
        "outputs": [nameless(path) for path in outputs],
        "settings": {name: setting(value) for name, value in params.items() if not _is_work(value)},
        "inputs": {
            nameless(path): _bytes(Path(path)) for path in inputs if str(path) not in skipped
        },
    }


def _student(wildcards: Any) -> str | None:
    """Whose a job is."""
    model, _, form = getattr(wildcards, "model", "").partition("/")
    return getattr(wildcards, "student", model if form else None)


def _flags(file: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(file, "flags", {})
    return found


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def _is_work(value: Any, place: str = "work/") -> bool:
    return isinstance(value, str) and value.startswith(place)


def _bytes(path: Path) -> Any:
    """The digest of a file, or of each file in a folder."""
    return {name: kept.file_digest(file) for name, file in kept.files(path).items()}


def _forced(rule: str, workflow: Any) -> bool:
    settings = workflow.dag_settings
    return bool(settings and (settings.forceall or rule in settings.forcerun))


def _clear(outputs: list[str]) -> None:
    """Remove what a killed stage left half made beside the outputs, which may be large."""
    for output in map(Path, outputs):
        for left in output.parent.glob(f".{glob.escape(output.name)}.*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _fetch(key: str, outputs: list[str], bucket: Bucket | None) -> dict[str, Any] | None:
    record = kept.fetch(key, outputs)
    if record or not bucket:
        return record
    record = bucket.fetch(key, outputs)
    if record:
        _keep(key, outputs, record)
    return record


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Have Snakemake show an error of ours as its own, without a traceback."""
    try:
        yield
    except UserError as error:
        from snakemake.exceptions import WorkflowError

        raise WorkflowError(str(error)) from None


@contextmanager
def _shared(params: Any, bucket: Bucket | None) -> Iterator[None]:
    """Ask nothing that another machine has paid for, and leave it what was paid here."""
    if not bucket:
        yield
        return
    journals = [value for _, value in params.items() if _is_work(value, JOURNAL)]
    for journal in journals:
        bucket.replies(journal)
        bucket.take_batches(journal)
    known = {journal: _paid(Path(journal)) for journal in journals}
    try:
        yield
    finally:
        for journal, (size, state) in known.items():
            now = _paid(Path(journal))
            if now[0] != size:
                bucket.replies(journal)
            if now[1] != state:
                bucket.leave_batches(journal)


def _paid(journal: Path) -> tuple[int, bytes]:
    """What tells whether a stage has asked: the journal's size, and its batches' state."""
    state = state_path(journal)
    size = journal.stat().st_size if journal.is_file() else 0
    return size, state.read_bytes() if state.is_file() else b""


def _keep(key: str, outputs: list[str], record: dict[str, Any]) -> None:
    try:
        kept.keep(key, outputs, record)
    except OSError as error:
        _say(f"not kept: {', '.join(outputs)} ({error.strerror})")


def _tidy(work: str | None) -> None:
    """Remove what a stage would have gone on from, had it been killed before this moment."""
    for done in Path(work).glob("*/done") if work else ():
        shutil.rmtree(done.parent, ignore_errors=True)


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a finished job left beside its outputs: its log, and Snakemake's record of its time."""
    measured = vars(given["bench_record"]) if given["bench_record"] else {}
    logs = [Path(path).read_text(encoding="utf-8", errors="replace") for path in given["log"]]
    return {"log": logs, "time": {name: measured.get(name) for name in _MEASURES}}


def _tell(given: Mapping[str, Any], record: Mapping[str, Any], key: str) -> None:
    """Say in a job's log and record of time what was said when its outputs were made."""
    made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record["made"]))
    for path, text in zip(given["log"], record["log"], strict=True):
        Path(path).write_text(f"unchanged since {made}, kept as {key}; its log:\n{text}", "utf-8")
    if given["bench_record"]:
        vars(given["bench_record"]).update(record["time"])


def _code() -> list[tuple[str, int, int]]:
    """What tells an edit of the code: each file's name, size and time."""
    files = sorted(_PACKAGE.rglob("*.py"))
    return [(str(path), (at := path.stat()).st_size, at.st_mtime_ns) for path in files]


PLANNED = _code()  # keys are of it; stages import what is there when they start


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
