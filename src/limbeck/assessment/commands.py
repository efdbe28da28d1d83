"""``limbeck teacher assess``: a table to choose a teacher or a translator by."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.config.options import add_config
from limbeck.costs.commands import table
from limbeck.errors import UserError
from limbeck.workflow.options import build_of

if TYPE_CHECKING:
    from limbeck.assessment.assess import Assessment

HEAD = (
    "LANGUAGE", "MODEL", "CALLS", "FAILED", "ROWS", "IN LANGUAGE", "DISTINCT", "ALIKE",
    "NEAR", "VENDI", "OPENINGS", "ROUND TRIP", "USABLE", "$ / 1,000", "ROLES",
)  # fmt: skip
LEGEND = """
FAILED       calls that brought nothing of use: not in the asked form, cut off, refused
IN LANGUAGE  share of the prompts and answers that are in the language
DISTINCT     different 8-grams of characters over all of them: 1 repeats nothing
ALIKE        similarity of a row to the one most like it: 0 has nothing in common, 1 is the same
NEAR         share of the prompts that are much like an earlier one
VENDI        as if so many prompts had nothing in common (of as many as there are rows)
OPENINGS     share of the prompts that begin with the same three words as another
ROUND TRIP   chrF++ of English that was translated and translated back
USABLE       rows (a prompt and its answer) in the language, in no loop, no answer twice
$ / 1,000    dollars for 1,000 usable rows, those that are of no use paid for too"""


def add_to(parts: Any) -> None:
    """Add the command to the subparsers of ``limbeck teacher``."""
    words = "Measure the config's teachers, or other models, on a little of their own work."
    command = parts.add_parser("assess", help=words, description=words)
    add_config(command)
    command.add_argument(
        "--model", action="append", default=[], help="assess this at the generator's endpoint"
    )
    command.add_argument("--prompts", type=int, default=200, help="written and answered (200)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures, too")
    command.set_defaults(run=assess)


def assess(options: argparse.Namespace) -> int:
    """Measure, and show the table."""
    from limbeck import files
    from limbeck.assessment.assess import assess, candidates

    if options.prompts < 1:
        raise UserError(f"--prompts {options.prompts}: at least 1 is wanted")
    build = build_of(options.configfile, options.config)
    found = [
        assess(build.config, language, teacher, roles, options.prompts)
        for language in build.languages
        for teacher, roles in candidates(build.config, options.model)
    ]
    if options.json:
        files.write_json(options.json, [asdict(one) for one in found])
    print(table([HEAD, *map(_cells, found)]))
    print(LEGEND)
    return 0


def _cells(one: "Assessment") -> tuple[str, ...]:
    failed = sum(one.failures.values()) / one.calls if one.calls else 0.0
    price, told = one.dollars_per_row, one.prompts
    return (
        one.language,
        one.model,
        f"{one.calls:,}",
        f"{failed:.1%}",
        f"{one.rows:,}",
        _share(one.in_language),
        "-" if one.distinct is None else f"{one.distinct:.2f}",
        "-" if one.self_similarity is None else f"{one.self_similarity:.2f}",
        _share(told.near_duplicates if told else None),
        "-" if told is None else f"{told.vendi:.0f}",
        _share(told.openings if told else None),
        "-" if one.round_trip is None else f"{one.round_trip:.1f}",
        f"{one.usable:,}",
        "no price" if one.dollars is None else "-" if price is None else f"{1000 * price:,.2f}",
        ", ".join(one.roles),
    )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
