"""Write a benchmark's items, and worked examples that are none of them.

    python -m limbeck.benchmarks.prepare --benchmark flores_from_english \\
        --language language.json --settings '{"source": "builtin", "seed": 1}' \\
        --test test.jsonl --shots shots.jsonl

The source is `builtin` or a folder in the published format; each benchmark's module says which.
"""

from pathlib import Path

from limbeck import stage
from limbeck.benchmarks.catalogue import BENCHMARKS
from limbeck.benchmarks.items import Benchmark, Split
from limbeck.benchmarks.reading import marked
from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import Row, read_json, write_jsonl

BUILTIN = "builtin"
TEST, SHOTS = 200, 20  # built-in rows


class Settings(Section):
    """What decides the items."""

    source: str
    seed: int


def rows(benchmark: Benchmark, card: Row, settings: Settings) -> Split:
    """Test rows and rows for worked examples; no item is in both.

    Raises:
        UserError: the source has nothing for this language, or the splits overlap.
    """
    if settings.source == BUILTIN:
        return _builtin(benchmark, card)
    test, shots = benchmark.read(Path(settings.source).expanduser(), card, settings.seed)
    asked = [{str(item.words) for item in benchmark.load(part)} for part in (test, shots)]
    if both := asked[0] & asked[1]:
        # Published splits may share an item: it stays a test item and is no example.
        print(f"{len(both)} examples are test items, too, and are left out")
        shots = [row for row in shots if str(benchmark.load([row])[0].words) not in both]
    if not test:
        raise UserError(f"{settings.source}: {benchmark.name} has no rows for {card['name']}")
    return test, shots


def _builtin(benchmark: Benchmark, card: Row) -> Split:
    from limbeck.teacher.phrasebook.benchmarks import items

    if card["code"] != "swh_Latn":
        raise UserError(
            f"benchmarks.sources.{benchmark.data_set}: the built-in items are Swahili; for "
            f"{card['name']} name a folder in the published format"
        )
    test, dev = items(benchmark.data_set, "test", TEST), items(benchmark.data_set, "dev", SHOTS)
    return marked(test, "builtin"), marked(dev, "builtin-dev")


def main() -> None:
    """Write the items."""
    parser = stage.parser(__doc__)
    parser.add_argument("--benchmark", choices=list(BENCHMARKS), required=True)
    parser.add_argument("--language", type=Path, required=True, help="the language card")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    parser.add_argument("--test", type=Path, required=True, help="the items (JSONL)")
    parser.add_argument("--shots", type=Path, required=True, help="worked examples (JSONL)")
    options = parser.parse_args()
    benchmark = BENCHMARKS[options.benchmark]
    test, shots = rows(benchmark, read_json(options.language), options.settings)
    write_jsonl(options.shots, shots)
    write_jsonl(options.test, test)
    print(f"{benchmark.name}: {len(test)} items, {len(shots)} worked examples")


if __name__ == "__main__":
    stage.run(main)
