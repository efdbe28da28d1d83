"""What is made, and asked, after an edit of the whole flow: the difference and nothing else."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from test_killed import answer, config

from endpoint import serving
from kills import built
from limbeck.files import read_jsonl
from limbeck.workflow import kept
from limbeck.workflow.options import config_of
from project import TEST_CONFIG, Project, Result

ROWS = "results/swh_Latn/tiny/train.parquet"
TOPICS = "config/prompts/topics.yaml"


def jobs(result: Result) -> int:
    """The jobs that were planned and done."""
    assert result.code == 0, result.output
    found = re.search(r"^total +(\d+)$", result.output, re.MULTILINE)
    return int(found[1]) if found else 0


def put_back(result: Result) -> int:
    """Those of them whose outputs were there already."""
    return len(re.findall(r"^unchanged: ", result.output, re.MULTILINE))


def test_a_text_and_its_earlier_wording(finished: Project) -> None:
    before = finished.files("results")
    path = finished.folder / TOPICS
    text = path.read_text()
    told = yaml.safe_load(text)
    path.write_text(yaml.safe_dump({**told, "prompts": told["prompts"] + "\nMind the weather."}))
    edited = finished.snakemake(ROWS)
    assert put_back(edited) < jobs(edited), "other words, other prompts"
    path.write_text(text)
    back = finished.snakemake(ROWS)
    assert jobs(back) >= 5
    assert put_back(back) == jobs(back)
    assert finished.files("results") == before
    assert "Nothing to be done" in finished.snakemake().output


def test_deleted_results_come_back_whatever_may_be_kept(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished.folder)
    before = built(finished)
    shutil.rmtree("results")
    assert finished.snakemake(ROWS, "--config", "keep=0").code == 0  # a part, which needs no more
    result = finished.snakemake("--config", "keep=0")
    assert put_back(result) >= 5
    assert trainings(result) == 0
    assert built(finished) == before
    assert not [entry for entry in kept.entries() if entry.alone], "at the end it is 0"


def test_a_renamed_student_is_neither_trained_nor_scored_again(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished.folder)
    values = config_of([Path(TEST_CONFIG)], [])
    values["students"] = {"tiny": None, "renamed": values["students"]["tiny"]}
    path = finished.folder / "renamed.json"
    path.write_text(json.dumps(values))
    folder = finished.folder / "results/swh_Latn"
    scores = [folder / f"scores/renamed/{form}/sib200.json" for form in ("base", "student")]
    wanted = [str(path.relative_to(finished.folder)) for path in scores]
    result = finished.snakemake(*wanted, config=str(path))
    assert jobs(result) >= 5, "its rows, its base, its training and their scores"
    assert put_back(result) == jobs(result)
    for name in ("train.parquet", "checkpoint/model.safetensors"):
        assert (folder / "renamed" / name).read_bytes() == (folder / "tiny" / name).read_bytes()
    for score in scores:
        assert score.read_bytes() == Path(str(score).replace("renamed", "tiny")).read_bytes()
    shutil.rmtree(folder / "renamed")
    shutil.rmtree(folder / "scores/renamed")
    path.unlink()


def trainings(result: Result) -> int:
    """The trainings that were run, not put back."""
    done = len(re.findall(r"\d  train_student ", result.output))
    back = len(re.findall(r"^unchanged: \S+/checkpoint,", result.output, re.MULTILINE))
    return done - back


def test_a_benchmark_more_trains_nothing_again(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its items are held out first; where none of them was learned, the rows are what they were."""
    monkeypatch.chdir(finished.folder)
    before = built(finished)
    values = config_of([Path(TEST_CONFIG)], [])
    table = finished.folder / "mine.tsv"
    lines = [
        f"The ship number {n} sails west.\tMerikebu ya {n} yaenda magharibi." for n in range(9)
    ]
    table.write_text("\n".join(["english\tswahili", *lines]))
    values["benchmarks"]["custom"] = {
        "mine": {"kind": "translation", "test": str(table), "english": "english",
                 "text": "swahili", "direction": "from_english"}
    }  # fmt: skip
    values["benchmarks"]["run"].append("mine")
    path = finished.folder / "more.json"
    path.write_text(json.dumps(values))
    result = finished.snakemake("results/swh_Latn/tiny/training.json", config=str(path))
    assert jobs(result) - put_back(result) == 2, "the items are prepared, the rows filtered"
    assert trainings(result) == 0
    shutil.rmtree(finished.folder / "results/swh_Latn/benchmarks/mine")
    path.unlink()
    table.unlink()
    assert finished.snakemake().code == 0
    assert built(finished) == before


def test_a_tenth_more_topics_asks_for_the_tenth(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    rows = "results/swh_Latn/responses.jsonl"
    seeds = ["health", "work", "food", "rain", "school", "music", "roads", "fish", "trees", "games"]
    off = {"texts": {"limit": 0}, "conversations": {"limit": 0}, "benchmarks": {"run": []}}
    small = {
        "training": {"epochs": 1.0}, "architecture": {"vocabulary": 400, "layers": 1},
        "mixture": {"validation": 0.1},
    }  # fmt: skip
    with serving(answer) as endpoint:
        path = Path(config(project, endpoint))
        values = yaml.safe_load(path.read_text()) | off | {"students": {"tiny": small}}
        found: list[list[dict[str, object]]] = []
        sent: list[int] = []
        trained: list[int] = []
        for count in (10, 11, 10):
            topics = {"general_seeds": [*seeds, "stars"][:count], "language_seeds": []}
            topics |= {"macro_topics": 1, "topics": 1, "prompts": 2}
            generation = {"topics": topics, "scenarios": {"general": 0, "local": 0}}
            path.write_text(json.dumps(values | {"generation": generation}))
            result = project.snakemake("results/swh_Latn/tiny/training.json", config=str(path))
            assert result.code == 0, result.output
            found.append(list(read_jsonl(project.folder / rows)))
            sent.append(endpoint.requests)
            trained.append(trainings(result))
    assert set(endpoint.counts.values()) == {1}, "no question was asked twice"
    fewer, more, back = found
    # Of a strategy's prompts a share is revised: with more of them another one or two are.
    same = [row for row in more if row in fewer]
    assert same == [row for row in fewer if row in more]
    assert len(same) >= 0.95 * len(fewer)
    assert back == fewer
    assert len(more) == pytest.approx(1.1 * len(fewer), rel=0.05)
    assert sent[1] == pytest.approx(1.1 * sent[0], rel=0.05)
    assert sent[2] == sent[1]
    assert trained == [1, 1, 0], "each set of rows is learnt once"
