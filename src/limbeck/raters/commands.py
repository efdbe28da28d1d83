"""``limbeck raters``: a page of pairs for people to judge, and how far they agree."""

import argparse
import json
from pathlib import Path
from typing import Any

from limbeck.costs.commands import table
from limbeck.errors import UserError
from limbeck.files import Row, read_json, write_text
from limbeck.languages import resolve

SCRIPT = Path(__file__).with_name("page.js")
JUDGE = "the judge"
HEAD = ("WHO", "WON", "TIE", "LOST", "WIN RATE", "95%", "PAIR")


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of ``limbeck``."""
    words = "Have people judge pairs of answers, and compare them with each other and the judge."
    whole = commands.add_parser("raters", help=words, description=words)
    parts = whole.add_subparsers(metavar="PART", required=True)
    words = "Write a page of the pairs, for raters who see no model's name."
    parser = parts.add_parser("page", help=words, description=words)
    add = parser.add_argument
    add("language", help="a name or code")
    add("--limit", type=int, help="questions, at most, with all their pairs")
    add("--seed", type=int, default=1, help="decides order and sides")
    add("--results", type=Path, default=Path("results"), help="the folder of the build")
    add("--output", type=Path, help="the page; raters-LANGUAGE.html here")
    parser.set_defaults(run=page)
    words = "Say how far raters agree, with each other and with the judge."
    parser = parts.add_parser("agree", help=words, description=words)
    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="what the raters' pages saved (JSON)")
    add("--results", type=Path, default=Path("results"), help="the folder of the build")
    add("--json", action="store_true", help="for programs")
    parser.set_defaults(run=agree)


def page(options: argparse.Namespace) -> int:
    """Write the page."""
    from limbeck.raters import ratings
    from limbeck.report import page as report

    code = resolve(options.language).code
    if options.limit is not None and options.limit < 1:
        raise UserError(f"--limit {options.limit}: at least 1 is wanted")
    rows = ratings.shown(ratings.pairs(options.results, code), options.seed, options.limit)
    if not rows:
        raise UserError(
            f"raters: all pairs of {code} are of equal answers: nothing is to be judged"
        )
    card = read_json(options.results / code / "language.json")
    data = {
        "form": ratings.FORM,
        "language": code,
        "page": ratings.mark(rows, options.seed),
        "seed": options.seed,
        "pairs": rows,
    }
    output = options.output or Path(f"raters-{code}.html")
    write_text(output, report.render("raters.html", SCRIPT, card=card, data=data))
    print(
        f"{output}: {len(rows)} pairs. Send it to two raters or more, and have them send back what "
        f"it saves; then: limbeck raters agree FILE FILE"
    )
    return 0


def agree(options: argparse.Namespace) -> int:
    """Show the agreement."""
    from limbeck.raters import agreement, ratings

    loaded = [(path, ratings.load(path)) for path in options.files]
    first = loaded[0][1].language
    for path, rating in loaded:
        if rating.language != first:
            raise UserError(f"{path}: is of {rating.language}, and {options.files[0]} of {first}")
    rows = ratings.pairs(options.results, resolve(first).code)
    judged: dict[str, Any] = {}
    for path, rating in loaded:
        name = rating.rater.strip() or path.stem
        if name in {*judged, JUDGE}:
            raise UserError(f"{path}: there is a file of the rater {name!r} already")
        judged[name] = ratings.verdicts(rating, rows, path)
    # Of what the raters saw: they may have had other models' pairs, or the first of many.
    seen = {pair for own in judged.values() for pair in own}
    told = {row["id"]: row["verdict"] for row in rows if row["verdict"]}
    judged[JUDGE] = {pair: verdict for pair, verdict in told.items() if pair in seen}
    found = {
        "agreement": agreement.of_all(judged),
        "figures": {name: agreement.figures(own, rows) for name, own in judged.items()},
    }
    print(json.dumps(found, indent=2, ensure_ascii=False) if options.json else _tables(found))
    return 0


def _tables(found: Row) -> str:
    between = [
        (
            " and ".join(one["between"]),
            f"{one['pairs']:,}",
            _number(one["share"], ".0%"),
            _number(one["kappa"], ".2f"),
        )
        for one in found["agreement"]
    ]
    verdicts = [
        (
            name,
            str(one["win"]),
            str(one["tie"]),
            str(one["loss"]),
            f"{one['win_rate']:.1f}",
            "{:.1f}-{:.1f}".format(*one["interval"]),
            " against ".join(one["models"]),
        )
        for name, own in found["figures"].items()
        for one in own
    ]
    agreed = table([("BETWEEN", "PAIRS", "ALIKE", "KAPPA"), *between])
    return f"{agreed}\n\n{table([HEAD, *verdicts])}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
