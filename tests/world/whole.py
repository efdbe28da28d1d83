"""What a finished run has, and what it took, as docs/rehearsal.md shows it."""

import json
import re
from collections.abc import Sequence

import pyarrow.parquet

from limbeck.files import read_json, read_parquet
from project import ROOT
from world.person import Person

PAGE = ROOT / "docs/rehearsal.md"
STRATEGIES = {"topic", "scenario", "context", "translation"}


def plan(person: Person, arguments: str) -> dict[str, dict[str, float]]:
    """The stages of a plan, by name."""
    said = person.types(f"limbeck plan {arguments} --json")
    return {one["stage"]: one for one in json.loads(said[said.index("{\n") :])["stages"]}


def calls(stages: dict[str, dict[str, float]]) -> int:
    """Calls of a run to its end, after which nothing of these stages is to come."""
    for one in stages.values():
        assert (one["calls"], one["prompt_tokens"]) == (one["journaled"], 0), one
    return round(sum(one["calls"] for one in stages.values()))


def rows(person: Person) -> int:
    """Rows that were trained on, or held out of it."""
    results = person.folder / "results"
    parts = [path for name in ("train", "validation") for path in results.rglob(f"{name}.parquet")]
    return sum(pyarrow.parquet.read_metadata(path).num_rows for path in parts)


def is_shown(preset: str, asked: int, trained: int, minutes: float) -> bool:
    """Whether the docs' table has these calls and rows; minutes are the machine's."""
    print(f"| `{preset}` | {asked:,} | {trained:,} | {minutes:.1f} |")
    line = re.search(rf"^\| `{preset}` .*$", PAGE.read_text(encoding="utf-8"), re.M)
    cells = [cell.strip().replace(",", "") for cell in line[0].split("|")] if line else []
    return cells[-4:-2] == [str(asked), str(trained)]


def check_student(person: Person, code: str, name: str, benchmarks: Sequence[str]) -> None:
    """A student has all its forms, scored on all benchmarks, and pages and cards of them."""
    folder = person.folder / "results" / code
    assert {row["strategy"] for row in read_parquet(folder / name / "train.parquet")} >= STRATEGIES
    assert read_json(folder / name / "training.json")["steps"] > 0
    assert read_json(folder / name / "gguf/parity.json")["agreement"] >= 0.99
    forms = [f"{name}/{form}" for form in ("base", "student", "F16", "Q8_0", "Q4_K_M")]
    for form in [*forms, "teacher"]:
        for benchmark in benchmarks:
            assert read_json(folder / f"scores/{form}/{benchmark}.json")["n"] == 6
    for path in ("report.html", "dataset_card.md", f"{name}/model_card.md"):
        assert (folder / path).stat().st_size > 1000
    assert code in (person.folder / "results/scores.tsv").read_text() or not benchmarks
