"""The tables and sentences of docs/real-run.md, from the results of `make real`, as Markdown.

python docs/real_run.py epo_Latn [--student smol]
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from limbeck.evaluation import compare
from limbeck.files import read_json, read_parquet
from limbeck.workflow import records

TRANSLATIONS = ("flores_from_english", "flores_into_english")
SENTENCES, CHARACTERS = 10, 170  # that are shown


class Run:
    """What a run has made of a language."""

    def __init__(self, code: str, student: str) -> None:
        self.folder, self.student = Path("results") / code, student
        self.logs = Path("logs") / code
        self.language = read_json(self.folder / "language.json")["name"]
        scores = self.folder / "scores"
        forms = ("base", "student", "F16", "Q8_0", "Q4_K_M")
        named = {form: scores / student / form for form in forms}
        named |= {name: scores / name for name in ("translator", "teacher")}
        self.models = {name: place for name, place in named.items() if place.is_dir()}
        found = {path.stem for place in self.models.values() for path in place.glob("*.json")}
        self.benchmarks = [*TRANSLATIONS, *sorted(found - set(TRANSLATIONS))]

    def score(self, model: str, benchmark: str) -> dict[str, Any] | None:
        """A model's score, if it has one."""
        path = self.models[model] / f"{benchmark}.json"
        return read_json(path) if path.is_file() else None

    def scores(self) -> Iterator[str]:
        """Values with their intervals."""
        yield from _head("model", *self.benchmarks)
        for model in self.models:
            cells = (self.score(model, benchmark) for benchmark in self.benchmarks)
            yield _line(model, *(_value(cell) for cell in cells))

    def replies(self) -> Iterator[str]:
        """What translations were like, of both directions."""
        yield from _head("model", "right language", "looping", "cut")
        for model in self.models:
            found = [self.score(model, benchmark) or {} for benchmark in TRANSLATIONS]
            keys = ("right_language_rate", "repetition_rate", "cut")
            yield _line(model, *(", ".join(str(one.get(key)) for one in found) for key in keys))

    def differences(self) -> Iterator[str]:
        """The student less its base, and each other form less the student, on the same items."""
        yield from _head("difference", *TRANSLATIONS)
        pairs = [("base", "student"), *(("student", f) for f in ("F16", "Q8_0", "Q4_K_M"))]
        for one, two in pairs:
            cells = []
            for benchmark in TRANSLATIONS:
                paths = [self.models[name] / f"{benchmark}.json" for name in (one, two)]
                found = compare.compare(*map(compare.load, paths))
                low, high = found["interval"]
                cells.append(f"{found['difference']:+.2f} [{low:+.1f}, {high:+.1f}]")
            yield _line(f"{two} less {one}", *cells)

    def sentences(self, benchmark: str) -> Iterator[str]:
        """Every so many-th item, with what base, student and translator made of it."""
        names = [
            name for name in ("base", "student", "Q4_K_M", "translator") if name in self.models
        ]
        items = {n: read_parquet(self.models[n] / f"{benchmark}.items.parquet") for n in names}
        count = len(items["student"])
        for number, index in enumerate(range(0, count, max(1, count // SENTENCES)), start=1):
            row = items["student"][index]
            source = _source(row["prompt"])
            yield f"{number}. {_short(source)}"
            yield f"   - reference: {_short(row['gold'])}"
            for name in names:
                one = items[name][index]
                yield f"   - {name} ({one['score']:.0f}): {_short(one['predicted'] or '')}"

    def filters(self) -> Iterator[str]:
        """Rows that each filter removed."""
        funnel = read_json(self.folder / "funnel.json")
        written = sum(part["rows"] for part in funnel["strategies"])
        yield f"{written} rows: " + ", ".join(
            f"{part['rows']} {part['name']}" for part in funnel["strategies"]
        )
        yield from _head("filter", "removed", "why")
        for one in funnel["filters"]:
            why = ", ".join(f"{count} {name}" for name, count in one["removed"].items())
            yield _line(one["name"], str(one["in"] - one["out"]), one["idle"] or why)

    def training(self) -> Iterator[str]:
        """What the student read."""
        history = read_json(self.folder / self.student / "training.json")
        mixture = read_json(self.folder / self.student / "mixture.json")["train"]
        yield f"rows {mixture['rows']}: {mixture['by_kind']}"
        yield f"used: {history['rows']['train']}"
        yield f"steps {history['steps']}, tokens {history['tokens_seen']}"
        yield f"loss {[(one['step'], round(one['loss'], 2)) for one in history['loss']][::10]}"
        yield f"validation {history['validation']}; {history['device']}"
        yield f"parity {read_json(self.folder / self.student / 'gguf/parity.json')['agreement']}"

    def stages(self) -> Iterator[str]:
        """Seconds and memory of each job, the longest first."""
        yield from _head("stage", "seconds", "GB")
        for log in sorted(self.logs.rglob("*.tsv"), key=lambda log: -records.jobs(log)[0].seconds):
            job = records.jobs(log)[0]
            yield _line(str(log.relative_to(self.logs).with_suffix("")), f"{job.seconds:.0f}",
                        f"{job.megabytes / 1000:.1f}")  # fmt: skip


def _source(prompt: str) -> str:
    """The text that a prompt of FLORES asks to translate."""
    return str(json.loads(prompt)[-1]["content"]).split("\n\n")[-1]


def _value(score: dict[str, Any] | None) -> str:
    if score is None:
        return "-"
    low, high = score["interval"]
    return f"{score['value']:.1f} [{low:.1f}, {high:.1f}]"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CHARACTERS else f"{line[:CHARACTERS]} …"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*cells: str) -> Sequence[str]:
    return _line(*cells), "|---" * len(cells) + "|"


def main() -> None:
    """Print all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("code", help="such as epo_Latn")
    parser.add_argument("--student", default="smol")
    options = parser.parse_args()
    run = Run(options.code, options.student)
    parts = {
        "Scores": run.scores(), "Replies": run.replies(), "Differences": run.differences(),
        **{name: run.sentences(name) for name in TRANSLATIONS},
        "Filters": run.filters(), "Training": run.training(), "Stages": run.stages(),
    }  # fmt: skip
    for title, lines in parts.items():
        print(f"\n## {run.language}: {title}\n")
        print("\n".join(lines))


if __name__ == "__main__":
    main()
