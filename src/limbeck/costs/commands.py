"""The commands ``limbeck plan`` and ``limbeck teacher journal``.

`add_to` puts them on a command line; each sets ``run``, which takes the options and returns the
exit code.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.config.options import add_config
from limbeck.errors import UserError, shown
from limbeck.workflow.options import build_of

if TYPE_CHECKING:
    from limbeck.costs.tally import Tally
    from limbeck.teacher.budget import Entry

Subparsers = Any  # argparse keeps the name of its type to itself


def add_to(commands: Subparsers) -> Subparsers:
    """Add both commands to a parser's subparsers; the subparsers of ``limbeck teacher``."""
    words = "Say what a run will ask of its teachers, take and cost, before anything runs."
    command = commands.add_parser("plan", help=words, description=words)
    add_config(command)
    command.add_argument("--work", type=Path, default=Path("work"), help="the run's work folder")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=plan)

    words = "Look after teachers."
    teacher = commands.add_parser("teacher", help=words, description=words)
    parts = teacher.add_subparsers(metavar="PART", required=True)
    words = "Show what the journals hold, what it cost, and what failed."
    command = parts.add_parser("journal", help=words, description=words)
    command.add_argument("journals", type=Path, nargs="*", help="files; all of the work folder")
    command.add_argument("--work", type=Path, default=Path("work"), help="the run's work folder")
    command.add_argument("--compact", action="store_true", help="drop lines that nobody reads")
    command.add_argument(
        "--drop", nargs="+", default=[], metavar="KEY", help="with --compact: these lines too"
    )
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=journal)
    return parts


def plan(options: argparse.Namespace) -> int:
    """Show the estimates."""
    from limbeck.costs.plan import summary

    build = build_of(options.configfile, options.config)
    found = summary(build, options.work)
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    head = ("STAGE", "CALLS", "JOURNALED", "TOKENS IN", "TOKENS OUT", "HOURS", "DOLLARS", "BASIS")
    lines = [head]
    for one in [*found["stages"], found["total"]]:
        basis = "measured" if one["measured"] else "assumed"
        lines.append(
            (
                one["stage"],
                f"{one['calls']:,}",
                f"{one['journaled']:,}",
                f"{one['prompt_tokens']:,.0f}",
                f"{one['completion_tokens']:,.0f}",
                f"{one['hours']:.2f}",
                _dollars(one["dollars"]),
                basis if one is not found["total"] else "",
            )
        )
    print(table(lines))
    print(f"\n{table(_students(found['students']))}")
    print(f"\n{_verdict(found)}{_whole(found)}")
    return 0


def _students(works: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each student's training and scoring."""
    lines: list[tuple[str, ...]] = [("STUDENT", "WORK", "TOKENS", "HOURS", "DOLLARS", "BASIS")]
    for one in works:
        hours = "?" if one["hours"] is None else f"{one['hours']:.2f}"
        basis = f"{one['basis']}: {one['note']}" if one["note"] else one["basis"]
        cells = (one["student"], one["kind"], f"{one['tokens']:,.0f}", hours)
        dollars = "?" if one["hours"] is None else _dollars(one["dollars"])
        lines.append((*cells, dollars, basis))
    return lines


def _verdict(found: Mapping[str, Any]) -> str:
    """How the plan stands to the budget."""
    missing, cap = found["total"]["dollars"], found["budget"]
    spent = f"spent until now: ${found['spent']:,.2f}"
    if missing is None:
        return f"{spent}; to come: not known, since a model has no price (prices: in the config)"
    after = found["spent"] + missing
    words = f"{spent}; to come: about ${missing:,.2f}"
    if cap is None:
        return f"{words}; no budget is set"
    if after <= cap:
        return f"{words}; within the budget of ${cap:,.2f}"
    return f"{words}: ${after - cap:,.2f} more than the budget of ${cap:,.2f}, where it will stop"


def _whole(found: Mapping[str, Any]) -> str:
    """What is to come with training and scoring, where all of it has a price."""
    parts = [found["total"]["dollars"], *(one["dollars"] for one in found["students"])]
    if None in parts:
        return ""
    return f"\nwith training and scoring, to come: about ${sum(parts):,.2f}"


def journal(options: argparse.Namespace) -> int:
    """Show, and compact, the journals."""
    from limbeck.costs.tally import Tally, compact, tally
    from limbeck.teacher import budget

    if options.drop and not options.compact:
        raise UserError("--drop: lines are dropped when a journal is compacted, with --compact")
    paths = options.journals or sorted((options.work / "journal").rglob("*.jsonl"))
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path}: there is no such journal")
    entries = budget.read(budget.path(options.work))
    rows, whole = [], Tally()
    for path in paths:
        freed = compact(path, options.drop) if options.compact else None
        found = tally(path)
        whole.add(found)
        rows.append(_row(str(path), found, [str(path)], entries, freed))
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    rows.append(_row("all", whole, [str(path) for path in paths], entries, None))
    head = ("JOURNAL", "REPLIES", "TOKENS IN", "TOKENS OUT", "DOLLARS", "UNCERTAIN", "FAILED")
    print(table([head, *(_cells(row) for row in rows)]))
    freed = sum(row["freed_bytes"] or 0 for row in rows)
    if options.compact:
        print(f"\ncompacted: {freed:,} bytes freed")
    elif whole.damaged or whole.repeated:
        print(f"\n{whole.damaged:,} lines are damaged, {whole.repeated:,} repeated: --compact")
    return 0


def _row(
    name: str,
    found: "Tally",
    paths: Sequence[str],
    entries: Mapping[str, "Entry"],
    freed: int | None,
) -> dict[str, Any]:
    """One journal, or the sum of all at ``paths``."""
    accounts = [entries[path] for path in paths if path in entries]
    return {
        "journal": name,
        "replies": found.replies,
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "dollars": sum(one.paid for one in accounts) if accounts else None,
        "uncertain_dollars": sum(one.uncertain for one in accounts) if accounts else None,
        "failures": dict(found.failures.most_common()),
        "damaged": found.damaged,
        "repeated": found.repeated,
        "freed_bytes": freed,
    }


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    failures = ", ".join(f"{count:,} {kind}" for kind, count in row["failures"].items())
    return (
        row["journal"],
        f"{row['replies']:,}",
        f"{row['prompt_tokens']:,}",
        f"{row['completion_tokens']:,}",
        _dollars(row["dollars"]),
        _dollars(row["uncertain_dollars"]),
        failures or "none",
    )


def _dollars(dollars: float | None) -> str:
    return "no price" if dollars is None else f"{dollars:,.2f}"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns under each other: words to the left, figures to the right."""
    rows = [tuple(map(shown, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in (0, last) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
