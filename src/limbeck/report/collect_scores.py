"""Put the scores of all languages into one table.

    python -m limbeck.report.collect_scores --results results --settings JSON
        --output results/scores.tsv

A line for each language, model and benchmark: value, its 95% interval, items, and the signature of
what decided it. A score that is not there has no line.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from limbeck import files, stage
from limbeck.config import Section
from limbeck.files import Row
from limbeck.report import names
from limbeck.report.collect import optional

COLUMNS = (
    "language", "model", "benchmark", "metric", "value", "low", "high", "n", "signature",
)  # fmt: skip


class Settings(Section):
    """Which scores, in which order."""

    languages: list[str]
    models: list[str]
    benchmarks: list[str]


def lines(results: Path, settings: Settings) -> Iterator[Row]:
    """The lines of the table."""
    for language in settings.languages:
        for model in settings.models:
            for benchmark in settings.benchmarks:
                score = optional(results / language / "scores" / model / f"{benchmark}.json")
                if "value" in score:
                    low, high = names.interval(score)
                    yield {
                        "language": language,
                        "model": model,
                        "benchmark": benchmark,
                        "metric": score.get("metric", ""),
                        "value": f"{score['value']:.4f}",
                        "low": f"{low:.4f}",
                        "high": f"{high:.4f}",
                        "n": score.get("n", ""),
                        "signature": score.get("signature", ""),
                    }


def main() -> None:
    """Write the table."""
    parser = stage.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="the folder of the results")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the table (TSV)")
    options = parser.parse_args()
    with (
        files.atomic(options.output) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines(options.results, options.settings))


if __name__ == "__main__":
    stage.run(main)
