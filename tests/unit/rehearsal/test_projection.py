"""The whole run from what a rehearsal took: of files as a rehearsal leaves them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck import config
from limbeck.costs.measured import REHEARSAL
from limbeck.evaluation.score import summary
from limbeck.files import write_json, write_jsonl, write_parquet, write_text
from limbeck.languages import resolve
from limbeck.rehearsal import projection
from limbeck.rehearsal.folder import Job
from limbeck.rehearsal.projection import Hours
from limbeck.workflow.build import Build

ROOT = Path(__file__).parents[3]
CODE = "swh_Latn"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The demonstration, of which 54 prompts and 60 conversations were rehearsed."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    folder = projection.RESULTS / CODE
    write_jsonl(folder / "responses.jsonl", [{"failure": None}] * 54)
    write_jsonl(folder / "translations.jsonl", [{}] * 60)
    write_jsonl(folder / "benchmarks/sib200/test.jsonl", [{}] * 200)
    kept = ["translation"] * 30 + ["topic"] * 40
    write_parquet(folder / "rows.parquet", [{"strategy": name} for name in kept], None)
    counts = {"topic": 80, "scenario": 20, "context": 8, "translation": 30, "pair": 100}
    write_json(folder / "tiny/mixture.json", {
        "train": {"by_strategy": counts}, "validation": {"by_strategy": {"topic": 0}}
    })  # fmt: skip
    turns = [{"role": "user", "content": "x" * 40}]
    rows = [{"strategy": name, "messages": turns} for name, n in counts.items() for _ in range(n)]
    write_parquet(folder / "tiny/train.parquet", rows, None)
    write_json(folder / "scores/tiny/Q8_0/sib200.json", {"n": 10})
    score = {"benchmark": "sib200", "metric": "accuracy", "value": 50.0, "interval": [40.0, 60.0],
             "n": 10, "unparsed": 0, "cut": 0}  # fmt: skip
    logs = REHEARSAL / "logs" / CODE
    write_text(logs / "tiny/train_student.log", "training: 9,000 tokens in 10.00 s, loss 1.0\n")
    write_text(logs / "scores/tiny/Q8_0/sib200/score_model.log", summary(score, 2.0))
    return Build(config.load(values), [resolve("Swahili")])


def test_rows_of_the_whole(build: Build) -> None:
    rows = projection.rows(build, CODE, "tiny")
    # 2,856 prompts instead of 54; half of 8,000 translations are kept, and 6,000 of them wanted.
    more = 2856 / 54
    expected = {"topic": 80 * more, "scenario": 20 * more, "context": 8 * more,
                "translation": 4000, "english": 100, "pair": 100 * 8000 / 60,
                "backtranslation": 0}  # fmt: skip
    assert rows == pytest.approx({name: count * 0.98 for name, count in expected.items()})


@pytest.mark.parametrize("step", [{"step_rows": 8}, {"step_tokens": 300, "step_rows": None}])
def test_seconds_of_so_many_steps(build: Build, step: dict[str, int]) -> None:
    """600 steps of 8 rows, or of as many tokens as the rehearsal's 238 rows had in 8."""
    write_json(projection.RESULTS / CODE / "tiny/training.json", {"tokens_seen": 238 * 37.5})
    own = build.config.students["tiny"]
    training = own.training.model_copy(update={"max_steps": 600, **step})
    build.config.students["tiny"] = own.model_copy(update={"training": training})
    jobs = [Job("train_student", f"{CODE}/tiny", 25.0, 0.0, None)]
    found = projection.project(build, jobs, {"total": {"hours": 0.0}})
    assert found["training"].seconds == pytest.approx(15.0 + 10.0 * 600 * 8 / 238)


def test_seconds_of_the_whole(build: Build) -> None:
    jobs = [
        Job("train_student", f"{CODE}/tiny", 25.0, 0.0, None),
        Job("score_model", f"{CODE}/scores/tiny/Q8_0/sib200", 5.0, 0.0, None),
        Job("score_model", f"{CODE}/scores/teacher/sib200", 4.0, 0.0, None),
        Job("mix_rows", f"{CODE}/tiny", 3.0, 0.0, None),
        Job("write_report", CODE, 0.0, 0.0, "it broke"),
    ]
    found = projection.project(build, jobs, {"total": {"hours": 0.5}})
    rows = sum(projection.rows(build, CODE, "tiny").values()) * 1.4  # epochs
    assert found["training"].seconds == pytest.approx(15.0 + 10.0 * rows / 238)
    # 2 of 5 seconds were for 10 items, of which the whole has 100.
    assert found["scoring"].seconds == pytest.approx(3.0 + 20.0)
    assert found["scoring"].error > 0
    assert found["other"] == Hours(7.0)
    assert found["teacher"] == Hours(1800.0)
    alone = found["training"].seconds + 1800.0
    assert projection.wall(found, cuda=False).seconds > alone
    whole = alone + found["scoring"].seconds
    assert projection.wall(found, cuda=True).seconds > whole
