"""Compare a student with its base, and its thinking with its direct answers, on the same items.

    python -m limbeck.report.gains --base SCORE ... --student SCORE ... --thinking SCORE ... \\
        --settings '{"seed": 1}' --output results/swh_Latn/tiny/gains.json

The scores are JSON files, those of base and student in the order of the benchmarks, their items
beside them. For each benchmark, and under "thinking" for those that were asked both ways: the
difference, its 95% interval by a paired bootstrap, and whether it is shown: the interval leaves
out 0.
"""

from collections.abc import Iterable
from pathlib import Path

from limbeck import files, stage
from limbeck.config import Section
from limbeck.evaluation import compare


class Settings(Section):
    """What decides the intervals."""

    seed: int


def gains(pairs: Iterable[tuple[Path, Path]], seed: int) -> dict[str, files.Row]:
    """By benchmark, the second score of a pair minus the first."""
    found = {}
    for first, second in pairs:
        compared = compare.compare(compare.load(first), compare.load(second), seed)
        print(compare.sentence(compared))
        kept = ("difference", "interval", "p", "shown", "n")
        found[compared["benchmark"]] = {key: compared[key] for key in kept}
    return found


def main() -> None:
    """Compare them."""
    parser = stage.parser(__doc__)
    parser.add_argument("--base", type=Path, nargs="*", default=[], help="scores of the base")
    parser.add_argument("--student", type=Path, nargs="*", default=[], help="of the student")
    parser.add_argument("--thinking", type=Path, nargs="*", default=[], help="when it thinks first")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the differences (JSON)")
    options = parser.parse_args()
    seed = options.settings.seed
    found = gains(zip(options.base, options.student, strict=True), seed)
    direct = {path.stem: path for path in options.student}
    thought = gains(((direct[path.stem], path) for path in options.thinking), seed)
    files.write_json(options.output, found | ({"thinking": thought} if thought else {}))


if __name__ == "__main__":
    stage.run(main)
