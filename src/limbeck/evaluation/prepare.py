"""Write a benchmark's items, and worked examples that are none of them.

    python -m limbeck.evaluation.prepare --benchmark flores_from_english \\
        --language language.json --settings '{"source": "builtin", "seed": 1}' \\
        --test test.jsonl --shots shots.jsonl

The source is `builtin`, `hub` (as "hub" of the settings says), or a folder in the published
format; each benchmark's module says which. A benchmark of your own is described by "custom".
"""

from pathlib import Path

from pydantic import Field

from limbeck import stage
from limbeck.config import BUILTIN, DATA_SETS, HUB, Custom, DataSet, Section
from limbeck.errors import UserError
from limbeck.evaluation import catalogue
from limbeck.evaluation.hub import Hub
from limbeck.evaluation.items import Benchmark, Source, Split
from limbeck.evaluation.reading import WithoutExamples, marked
from limbeck.files import Row, read_json, write_jsonl

TEST, SHOTS = 200, 20  # built-in rows
_BUILTIN = ("flores", "sib200", "belebele", "global_mmlu", "sums")  # what the phrasebook writes


class Settings(Section):
    """What decides the items."""

    source: str
    seed: int
    examples: bool = Field(True, description="Whether there are worked examples")
    hub: DataSet | None = None
    custom: Custom | None = None


def rows(benchmark: Benchmark, card: Row, settings: Settings) -> Split:
    """Test rows and rows for worked examples; no item is in both.

    Raises:
        UserError: the source has nothing for this language, or the splits overlap.
    """
    if settings.source == BUILTIN:
        return _builtin(benchmark, card)
    test, shots = benchmark.read(_source(benchmark, settings), card, settings.seed)
    asked = [{str(item.words) for item in benchmark.load(part)} for part in (test, shots)]
    if both := asked[0] & asked[1]:
        # Published splits may share an item: it stays a test item and is no example.
        print(f"{len(both)} examples are test items, too, and are left out")
        shots = [row for row in shots if str(benchmark.load([row])[0].words) not in both]
    if not test:
        raise UserError(f"{settings.source}: {benchmark.name} has no rows for {card['name']}")
    return test, shots


def _source(benchmark: Benchmark, settings: Settings) -> Source:
    if settings.source == HUB and settings.hub is not None:
        source: Source = Hub(DATA_SETS[benchmark.name], settings.hub, benchmark.fits)
    else:
        source = benchmark.folder(Path(settings.source).expanduser())
    return source if settings.examples else WithoutExamples(source)


def _builtin(benchmark: Benchmark, card: Row) -> Split:
    from limbeck.phrasebook.benchmarks import items

    name = DATA_SETS.get(benchmark.name)
    key = f"sources.{name}" if name else f"custom.{benchmark.name}.test"
    if card["code"] != "swh_Latn":
        raise UserError(
            f"benchmarks.{key}: the built-in items are Swahili; for "
            f"{card['name']} name a folder in the published format, or `hub`"
        )
    written = name or benchmark.name
    if written not in _BUILTIN:
        raise UserError(f"benchmarks.{key}: there are no built-in items of it")
    test, dev = items(written, "test", TEST), items(written, "dev", SHOTS)
    return marked(test, "builtin"), marked(dev, "builtin-dev")


def main() -> None:
    """Write the items."""
    parser = stage.parser(__doc__)
    parser.add_argument("--benchmark", required=True, help="its name")
    parser.add_argument("--language", type=Path, required=True, help="the language card")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    parser.add_argument("--test", type=Path, required=True, help="the items (JSONL)")
    parser.add_argument("--shots", type=Path, required=True, help="worked examples (JSONL)")
    options = parser.parse_args()
    benchmark = catalogue.find(options.benchmark, options.settings.custom)
    test, shots = rows(benchmark, read_json(options.language), options.settings)
    write_jsonl(options.shots, shots)
    write_jsonl(options.test, test)
    print(f"{benchmark.name}: {len(test)} items, {len(shots)} worked examples")


if __name__ == "__main__":
    stage.run(main)
