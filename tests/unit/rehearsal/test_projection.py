"""The whole run from what a rehearsal took: of files as a rehearsal leaves them."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck import config
from limbeck.costs import plan
from limbeck.costs.measured import REHEARSAL
from limbeck.evaluation.score import summary
from limbeck.files import write_json, write_jsonl, write_text
from limbeck.languages import resolve
from limbeck.rehearsal import commands, projection
from limbeck.rehearsal.folder import Job, jobs
from limbeck.rehearsal.projection import Hours
from limbeck.workflow.build import Build

ROOT = Path(__file__).parents[3]
CODE = "swh_Latn"


def planned(*hours: float | None, basis: str = "measured") -> dict[str, Any]:
    """What a plan says of the trainings of students, and of their teachers."""
    works = [{"kind": "training", "hours": one, "basis": basis} for one in hours]
    return {"total": {"hours": 0.5}, "students": [*works, {"kind": "scoring", "hours": 9.0}]}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The demonstration, rehearsed."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    folder = projection.RESULTS / CODE
    write_jsonl(folder / "benchmarks/sib200/test.jsonl", [{}] * 200)
    write_json(folder / "scores/tiny/Q8_0/sib200.json", {"n": 10})
    score = {"benchmark": "sib200", "metric": "accuracy", "value": 50.0, "interval": [40.0, 60.0],
             "n": 10, "unparsed": 0, "cut": 0}  # fmt: skip
    logs = REHEARSAL / "logs" / CODE
    write_text(logs / "scores/tiny/Q8_0/sib200/score_model.log", summary(score, 2.0))
    return Build(config.load(values), [resolve("Swahili")])


@pytest.mark.parametrize(
    ("training", "tokens"),
    [({"max_steps": 90, "step_tokens": 1000}, 90_000), ({}, 750)],  # of 3,000 bytes at most
)
def test_a_student_of_texts_alone_is_projected(
    training: dict[str, int], tokens: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was translated or answered for it; its training had 900 tokens a second, and 15 s."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    values: dict[str, Any] = yaml.safe_load(Path("config/config.yaml").read_text())
    values["conversations"]["limit"], values["classification"]["tasks"] = 0, []
    values["benchmarks"]["run"] = []
    mixture = {"strategies": {}, "texts": 100, "translations": 0, "max_bytes": 3000}
    values["students"] = {"own": {"base": "b", "mixture": mixture, "training": training}}
    write_json(REHEARSAL / "config.json", {"students": values["students"]})
    write_json(projection.RESULTS / CODE / "own/training.json", {"device": "the processor"})
    log = REHEARSAL / "logs" / CODE / "own/train_student.log"
    write_text(log, "training: 9,000 tokens in 10.00 s, loss 1.0\n")
    write_text(log.with_suffix(".tsv"), "s\tmax_rss\n25.0\tNA\n")
    build = Build(config.load(values), [resolve("Swahili")])
    found = projection.project(build, list(jobs(build)), plan.summary(build, Path("nowhere")))
    assert found["training"].seconds - 15 == pytest.approx(tokens / 900, rel=0.2)
    assert 0 < found["training"].error < found["training"].seconds / 4


def test_what_nobody_knows_is_not_said(build: Build) -> None:
    found = projection.project(build, [], planned(0.5, None))
    for hours in (found["training"], projection.wall(found, cuda=False)):
        assert commands._hours(hours) == ("not known", "")
        assert commands._pair(hours) == [None, None]


def test_seconds_of_the_whole(build: Build) -> None:
    took = [
        Job("train_student", f"{CODE}/tiny", 25.0, 0.0, None),
        Job("score_model", f"{CODE}/scores/tiny/Q8_0/sib200", 5.0, 0.0, None),
        Job("score_model", f"{CODE}/scores/teacher/sib200", 4.0, 0.0, None),
        Job("mix_rows", f"{CODE}/tiny", 3.0, 0.0, None),
        Job("write_report", CODE, 0.0, 0.0, "it broke"),
    ]
    found = projection.project(build, took, planned(0.1, 0.2))
    assert found["training"].seconds == pytest.approx(360.0 + 720.0)
    assert found["training"].error == pytest.approx(0.219 * math.hypot(360.0, 720.0), rel=0.01)
    # 2 of 5 seconds were for 10 items, of which the whole has 100.
    assert found["scoring"].seconds == pytest.approx(3.0 + 20.0)
    assert found["scoring"].error > 0
    assert found["other"] == Hours(7.0)
    assert found["teacher"] == Hours(1800.0)
    alone = found["training"].seconds + 1800.0
    assert projection.wall(found, cuda=False).seconds > alone
    whole = alone + found["scoring"].seconds
    assert projection.wall(found, cuda=True).seconds > whole
