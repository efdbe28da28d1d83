"""Compare a student with its base, on the same items of each benchmark.

    python -m limbeck.report.gains --base SCORE ... --student SCORE ... \\
        --settings '{"seed": 1}' --output results/swh_Latn/tiny/gains.json

The scores are JSON files in the order of the benchmarks, their items beside them. For each
benchmark the difference, its 95% interval by a paired bootstrap, and whether it is shown: the
interval leaves out 0.
"""

from pathlib import Path

from limbeck import files, stage
from limbeck.config import Section
from limbeck.evaluation import compare


class Settings(Section):
    """What decides the intervals."""

    seed: int


def main() -> None:
    """Compare them."""
    parser = stage.parser(__doc__)
    parser.add_argument("--base", type=Path, nargs="*", default=[], help="scores of the base")
    parser.add_argument("--student", type=Path, nargs="*", default=[], help="of the student")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the differences (JSON)")
    options = parser.parse_args()
    gains = {}
    for base, student in zip(options.base, options.student, strict=True):
        pair = compare.load(base), compare.load(student)
        found = compare.compare(*pair, options.settings.seed)
        print(compare.sentence(found))
        kept = ("difference", "interval", "p", "shown", "n")
        gains[found["benchmark"]] = {key: found[key] for key in kept}
    files.write_json(options.output, gains)


if __name__ == "__main__":
    stage.run(main)
