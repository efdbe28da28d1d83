"""What do the measures of `generation.diversity` bring? Against an endpoint with a model's habits.

    python benchmarks/diversity.py --size 6 --json results.json

The stages ask the endpoint of tests/habits.py in this process: people, topics and scenarios,
prompts, answers, with each measure alone and with all of them, at 0.15 and 0.60 dollars per million
tokens. Near duplicates are rows, prompt and answer together, that are 0.65 like an earlier one; the
measures are of 300 of the prompts. ``--size`` is the number of macro-topics of a seed, of topics of
each, and of detailed scenarios of a broad one.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from limbeck.config import Diversity

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import endpoint
import habits

OFF, ON = habits.OFF.model_dump(), habits.ON.model_dump()
CASES = {"off": OFF, **{name: {**OFF, name: value} for name, value in ON.items()}, "all": ON}
HEAD = (
    "on", "calls", "dollars", "rows", "near duplicates", "near duplicates a dollar",
    "other rows a dollar", "distinct", "Vendi of 300", "same opening",
)  # fmt: skip


def cells(name: str, one: habits.Outcome) -> tuple[str, ...]:
    """A line of the table."""
    told = one.prompts
    return (
        name,
        f"{one.calls:,}",
        f"{one.dollars:.2f}",
        f"{one.rows:,}",
        f"{one.near_duplicates:,}",
        f"{one.repeated:,.0f}",
        f"{one.different:,.0f}",
        f"{told.distinct:.2f}",
        f"{told.vendi:.0f}",
        f"{told.openings:.0%}",
    )


def main() -> None:
    """Run all cases, and print the table of docs/quality.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    for name, values in CASES.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            endpoint.serving(habits.answer) as served,
            contextlib.redirect_stderr(io.StringIO()),
        ):
            found[name] = habits.run(Diversity(**values), options.size, Path(folder), served.url)
    for line in (HEAD, ["---"] * len(HEAD), *(cells(*pair) for pair in found.items())):
        print(f"| {' | '.join(line)} |")
    if options.json:
        options.json.write_text(json.dumps({name: asdict(one) for name, one in found.items()}))


if __name__ == "__main__":
    main()
