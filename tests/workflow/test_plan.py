"""What `limbeck plan` says before a build, against what the build then costs."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import real_texts
from limbeck.config.options import merged
from limbeck.costs.sum_costs import costs
from limbeck.costs.tally import tally
from limbeck.files import read_json, write_json, write_jsonl
from project import TEST_CONFIG, Project
from world import start, texts
from world.teacher import Manners

CODE = "amh_Ethi"
# All that the teacher writes, without what students learn of it.
ASKED = (
    "responses.jsonl", "translations.jsonl", "templates.json", "scores/teacher/sib200.json",
    "classification/topic/examples.jsonl", "classification/topic/teacher/predictions.parquet",
)  # fmt: skip
# Goes wrong in nothing that makes a second try, so that the calls are exact.
WELL = Manners(forgets=0.0, refuses=0.0, breaks_off=0.0, slips=0.0, repeats=0.0, overloaded=0.0)


def plan(project: Project, *config: str) -> dict[str, Any]:
    """What the command says, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "plan", "--json", "--configfile", *config],
        cwd=project.folder, env=project.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def calls(found: dict[str, Any]) -> dict[str, int]:
    return {one["stage"]: one["calls"] for one in found["stages"]}


def test_the_plan_of_a_build_is_what_it_then_asks(untouched: Project, as_built: Project) -> None:
    """The phrasebook makes no mistakes: calls are exact before anything is there."""
    cost = read_json(as_built.folder / "results/swh_Latn/cost.json")
    stages = cost["stages"] | cost["shared"]
    replies = {name: stage["replies"] for name, stage in stages.items()}
    assert calls(plan(untouched, TEST_CONFIG)) == replies
    after = plan(as_built, TEST_CONFIG)
    assert calls(after) == replies
    whole = after["total"]
    assert whole["journaled"] == whole["calls"]
    assert whole["prompt_tokens"] == whole["completion_tokens"] == whole["hours"] == 0
    assert {work["basis"] for work in after["students"]} == {"nothing to come"}


def test_a_student_like_one_that_is_there_is_measured(as_built: Project, tmp_path: Path) -> None:
    """Its tokens and its time are those of the other one."""
    files = ("config/config.yaml", TEST_CONFIG)
    default, own = (yaml.safe_load((as_built.folder / file).read_text()) for file in files)
    settings = merged(default["students"]["tiny"], own["students"]["tiny"])
    path = tmp_path / "other.json"
    write_json(path, {"students": {"tiny": None, "other": settings}})
    training, scoring = plan(as_built, TEST_CONFIG, str(path))["students"]
    assert (training["basis"], scoring["basis"]) == ("measured", "measured")
    seen = read_json(as_built.folder / "results/swh_Latn/tiny/training.json")["tokens_seen"]
    assert training["tokens"] == pytest.approx(seen, rel=0.05)
    machine = read_json(as_built.folder / "results/swh_Latn/cost.json")["machine"]
    assert training["hours"] == pytest.approx(machine["training"]["tiny"], rel=0.2)
    assert scoring["hours"] == pytest.approx(machine["scoring"]["tiny"], rel=0.2)
    assert sum(sum(part.values()) for part in (machine["training"], machine["scoring"])) == (
        pytest.approx(machine["hours"], abs=1e-4)
    )


def _sources(folder: Path) -> dict[str, Any]:
    """Amharic texts and English conversations in files, and the config of a run on them."""
    sentences = texts.sentences(CODE)
    rows = [{"text": " ".join(sentences[n : n + 5])} for n in range(0, 400, 5)]
    write_jsonl(folder / "texts.jsonl", rows)
    dolly = [
        {"instruction": row["instruction"], "context": row["context"], "output": row["response"]}
        for row in real_texts.dolly()[:400]
    ]
    write_jsonl(folder / "conversations.jsonl", dolly)
    (folder / "topic").mkdir()
    for split, part in (("train", "train_human_parsed"), ("test", "test")):
        path = real_texts.folder() / f"sib200/{CODE}/{split}.tsv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file, delimiter="\t"))
        with (folder / f"topic/am-{part}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ("text", "label"))
            writer.writeheader()
            writer.writerows({"text": row["text"], "label": row["category"]} for row in found)
    return {
        "languages": [CODE],
        "conversations": {"source": str(folder / "conversations.jsonl"), "limit": 200},
        "texts": {"source": str(folder / "texts.jsonl"), "limit": 80},
        "generation": {
            "topics": {"general_seeds": ["health", "work"], "language_seeds": ["{language} food"],
                       "macro_topics": 4, "topics": 4, "prompts": 2},
            "scenarios": {"general": 5, "local": 5, "detailed": 3, "prompts": 2},
        },
        "benchmarks": {
            "run": ["sib200"],
            "sources": {"sib200": str(real_texts.folder() / "sib200")},
            "shots": 2, "limit": 100,
        },
        "classification": {
            "tasks": ["topic"], "data": str(folder),
            "examples": {"per_label": 20, "per_request": 5, "rounds": 2},
        },
    }  # fmt: skip


def test_the_plan_after_a_part_is_true_of_the_whole(tmp_path: Path) -> None:
    """In a script of three bytes a letter, by what 40 questions of each step have taken."""
    project = Project(tmp_path / "project")
    config = _sources(tmp_path)
    with start.teaching(WELL) as teacher:
        config["teacher"] = {
            "generator": {
                "model": "any", "server": None, "url": teacher.url, "structured": "json_schema"
            }
        }  # fmt: skip
        whole, part = tmp_path / "whole.json", tmp_path / "part.json"
        write_json(whole, config)
        write_json(part, config | {"rehearsal": {"questions": 40, "items": 10}})
        folder = f"results/{CODE}"
        targets = [f"{folder}/{name}" for name in ASKED]

        before = calls(plan(project, str(whole)))
        assert project.snakemake(*targets, config=str(part)).code == 0
        asked = teacher.requests
        (project.folder / "rehearsal").mkdir()
        for name in ("results", "resources"):
            (project.folder / name).rename(project.folder / "rehearsal" / name)
        write_json(project.folder / "rehearsal/config.json", config)
        there = {
            path.stem: tally(path)
            for code in (CODE, "shared")
            for path in (project.folder / f"work/journal/{code}").glob("*.jsonl")
        }
        planned = plan(project, str(whole))
        assert 0 < planned["total"]["journaled"] <= asked
        result = project.snakemake(*targets, config=str(whole))
        assert result.code == 0, result.output
        # Second tries and repeated texts are expected at the rate of the part.
        assert teacher.requests == pytest.approx(sum(calls(planned).values()), rel=0.02)

    work = project.folder / "work"
    found = costs(work / f"journal/{CODE}", work / "journal/shared", work / "ledger.json")
    cost = found["stages"] | found["shared"]
    replies = {name: stage["replies"] for name, stage in cost.items()}
    assert calls(planned) == pytest.approx(replies, rel=0.1)
    assert before.keys() == replies.keys()
    for name in ("prompt_tokens", "completion_tokens"):
        expected = sum(getattr(there[one["stage"]], name) + one[name] for one in planned["stages"])
        assert expected == pytest.approx(sum(stage[name] for stage in cost.values()), rel=0.15)
    after = plan(project, str(whole))
    assert after["total"]["journaled"] == after["total"]["calls"], "nothing is to come"
    assert after["total"]["completion_tokens"] == 0
