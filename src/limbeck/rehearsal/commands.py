"""The commands ``limbeck doctor`` and ``limbeck rehearse``.

`add_to` puts them on a command line; each sets ``run``, which takes the options and returns the
exit code.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from limbeck.cards import publish
from limbeck.config.options import add_config, config_of
from limbeck.costs import plan
from limbeck.costs.accelerator import device
from limbeck.costs.commands import table
from limbeck.costs.measured import REHEARSAL
from limbeck.errors import UserError
from limbeck.rehearsal import folder, machine, needs, projection
from limbeck.rehearsal.folder import Job
from limbeck.rehearsal.machine import Check
from limbeck.rehearsal.projection import Hours
from limbeck.workflow.build import Build
from limbeck.workflow.options import build_of

WORK = Path("work")
_FITS = re.compile(r"^training: (the largest batch, .*)$", re.MULTILINE)


def add_to(commands: Any) -> None:
    """Add both commands to the subparsers of ``limbeck``."""
    words = "Check this machine, and with --configfile what that config needs, a line each."
    command = commands.add_parser("doctor", help=words, description=words)
    add_config(command)
    command.set_defaults(run=doctor)

    words = "Try a run in small, with its own teacher, base and hub, and project the whole."
    command = commands.add_parser("rehearse", help=words, description=words)
    add_config(command)
    command.add_argument("--cores", default="all", help="as for snakemake")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=rehearse)


def doctor(options: argparse.Namespace) -> int:
    """Check this machine, and what a config needs; 1 when something is missing."""
    good = _say(check() for check in machine.CHECKS)
    if options.configfile or options.config:
        good = _say(needs.of(build_of(options.configfile, options.config))) and good
    return 0 if good else 1


def _say(checks: Iterable[Check], to: Any = None) -> bool:
    """Print checks as they come; whether all are good."""
    good = True
    for check in checks:
        good = good and check.good
        print(f"{'ok     ' if check.good else 'MISSING'}  {check.line}", file=to, flush=True)
    return good


def rehearse(options: argparse.Namespace) -> int:
    """Rehearse; 1 when something is missing or broken."""
    if not Path("Snakefile").is_file():
        raise UserError("rehearse: there is no Snakefile here; run this in the repository")
    build = build_of(options.configfile, options.config)
    to = sys.stderr if options.json else None
    # What costs nothing comes first, then two calls to each teacher.
    if not (_say(needs.of(build), to) and _say(needs.teachers(build, WORK), to)):
        print("\nnothing was rehearsed: what is missing would stop it", file=to)
        return 1
    folder.prepare(build, config_of(options.configfile, options.config))
    log = REHEARSAL / "rehearsal.log"
    print(
        f"ok       rehearsing in {REHEARSAL}/; what snakemake says is in {log}", file=to, flush=True
    )
    code = folder.run(folder.command(build, options.cores, Path.cwd()), log)
    found = list(folder.jobs(build))
    if code and not folder.broken(found):
        raise UserError(f"rehearse: snakemake stopped ({log}): {_last(log)}")
    good = _say(_jobs(found), to)
    if not code:
        good = _say(_published(build), to) and good
    planned = _planned(build)
    whole = projection.project(build, found, planned)
    if options.json:
        seconds = {name: _pair(one) for name, one in whole.items()}
        seconds["wall"] = _pair(projection.wall(whole, device().cuda))
        print(json.dumps({"good": good, "plan": planned, "seconds": seconds}, indent=2))
    else:
        print("\nThe whole run, as far as it is still to come:\n")
        print(_projection(build, planned, whole))
    return 0 if good else 1


def _planned(build: Build) -> dict[str, Any]:
    """The plan for this machine, whatever device the config has plans reckon with."""
    hardware = build.config.hardware.model_copy(update={"device": None})
    config = build.config.model_copy(update={"hardware": hardware})
    return plan.summary(Build(config, build.languages), WORK)


def _pair(hours: Hours) -> list[float | None]:
    """As JSON holds them, which has no NaN."""
    return [None if math.isnan(part) else part for part in (hours.seconds, hours.error)]


def _last(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8").splitlines() if line.strip()]
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (said or lines or ["it said nothing"])[-1]


def _jobs(found: Sequence[Job]) -> Iterable[Check]:
    """A line for each rule that works, and for each job that does not."""
    broken = folder.broken(found)
    for rule in dict.fromkeys(job.rule for job in found):
        own = [job for job in found if job.rule == rule and job.error is None]
        if own:
            seconds, peak = sum(job.seconds for job in own), max(job.memory for job in own)
            many = f"{len(own)} jobs, " if len(own) > 1 else ""
            yield Check(
                True, f"{rule}: {many}{seconds:.0f} s, {peak / machine.GIB:.1f} GiB at its peak"
            )
            for job in own:
                if fits := _FITS.search(folder.said(job)):
                    yield Check(True, f"{rule} ({job.place}): {fits[1]}")
    for job in broken:
        yield Check(False, f"{job.rule} ({job.place}): {job.error}")


def _published(build: Build) -> Iterable[Check]:
    """What `limbeck publish` would upload."""
    for code in build.codes:
        try:
            listed = publish.plan(REHEARSAL / "results" / code, "owner", None)
        except UserError as error:
            yield Check(False, f"publish: {error}")
        else:
            size = sum(repository.size for repository in listed)
            yield Check(
                True, f"publish {code}: {len(listed)} repositories, {size:,} bytes in small"
            )


def _projection(build: Build, planned: dict[str, Any], whole: dict[str, Hours]) -> str:
    total, here = planned["total"], device()
    wall = projection.wall(whole, here.cuda)
    missing = total["calls"] - total["journaled"]
    lines = [
        ("calls of teachers", f"{missing:,}", f"and {total['journaled']:,} journaled already"),
        ("tokens in", f"{total['prompt_tokens']:,.0f}", ""),
        ("tokens out", f"{total['completion_tokens']:,.0f}", f"± {total['error']:,.0f}"),
        ("dollars", *_dollars(build, planned)),
        ("hours of teachers", *_hours(whole["teacher"])),
        ("GPU hours" if here.cuda else "hours of training", *_hours(whole["training"])),
        ("hours of scoring", *_hours(whole["scoring"])),
        ("hours of the rest", *_hours(whole["other"])),
        ("hours in all, on this machine", *_hours(wall)),
    ]
    return f"{table(lines)}\n\n{needs.disk(build).line}"


def _hours(hours: Hours) -> tuple[str, str]:
    if math.isnan(hours.seconds):
        return "not known", ""
    return f"{hours.seconds / 3600:.2f}", f"± {hours.error / 3600:.2f}" if hours.error else ""


def _dollars(build: Build, planned: dict[str, Any]) -> tuple[str, str]:
    total = planned["total"]
    if total["dollars"] is None:
        return "no price", ""
    shares = [one["error"] / one["completion_tokens"] * (one["dollars"] or 0.0)
              for one in planned["stages"] if one["completion_tokens"]]  # fmt: skip
    return f"{total['dollars']:,.2f}", f"± {sum(shares):,.2f}"
