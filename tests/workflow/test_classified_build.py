"""Classification in many languages: planned at once, and no text is paid for twice."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

import endpoint
import kinit_files
from limbeck.files import digest
from limbeck.serving.request import tagged
from project import ROOT, Project

TASKS = ["sentiment", "topic", "intent", "sarcasm"]
NAMES = ["Azerbaijani", "Welsh", "German", "English", "Hebrew", "Indonesian", "Romanian",
         "Slovenian", "Swahili", "Telugu", "Thai"]  # fmt: skip
CODES = {"swh_Latn": "Swahili", "cym_Latn": "Welsh"}
TEXTS = {"positive": "nzuri", "negative": "mbaya"}


def written(folder: Path, url: str, languages: list[str], tasks: list[str]) -> str:
    """A config over the preset's: an endpoint as teacher, human texts in a folder."""
    data = folder / "data"
    preset = yaml.safe_load((ROOT / "config/presets/generators.yaml").read_text())
    teacher = {"model": "m", "server": None, "url": url, "structured": "json_schema"}
    section = {
        "tasks": tasks, "data": str(data), "classifiers": {"linear": {"kind": "linear"}},
        "examples": {"per_label": 4, "per_request": 2, "rounds": 1},
    }  # fmt: skip
    path = folder / "change.json"
    change = {
        "languages": languages, "teacher": {"generator": teacher}, "classification": section
    }  # fmt: skip
    path.write_text(json.dumps({**preset, **change}))
    return str(path)


def test_four_tasks_in_eleven_languages_are_planned(untouched: Project, tmp_path: Path) -> None:
    kinit_files.write(tmp_path / "data")
    config = written(tmp_path, "http://127.0.0.1:9/v1", NAMES, TASKS)
    result = untouched.snakemake("-n", "classification", config=config)
    assert result.code == 0, result.output
    counts = dict(re.findall(r"^(\w+) +(\d+)$", result.output, re.M))
    assert {name: int(count) for name, count in counts.items()} == {
        "describe_language": 11, "prepare_task": 33, "write_examples": 33, "select_examples": 33,
        "classify_with_teacher": 33, "train_classifier": 33, "compare_classifiers": 33,
        "write_classifiers": 11,
        "classification": 1, "total": 221,
    }  # fmt: skip
    skipped = re.findall(r"^(\w+) \(\w+\): not classified by (\w+): no texts", result.output, re.M)
    assert sorted(skipped) == sorted(
        [("Welsh", "sentiment"), *((name, "sarcasm") for name in NAMES if name != "English")]
    )


def test_given_examples_are_planned_without_a_teacher(untouched: Project) -> None:
    presets = [f"config/presets/{name}.yaml" for name in ("generators", "released")]
    result = untouched.snakemake("-n", "classification", "--configfile", *presets, config=None)
    assert result.code == 0, result.output
    assert "take_examples" in result.rules
    asked = {"write_examples", "select_examples", "classify_with_teacher"}
    assert not asked & result.rules


def writer() -> Callable[[dict[str, Any], int], Any]:
    """A teacher whose texts are new at each request."""

    def answer(body: dict[str, Any], before: int) -> Any:
        form = body["response_format"]["json_schema"]["name"]
        mark = digest(body["messages"], body.get("seed"))
        items = {"items": [f"neno {mark[i : i + 8]} la {i}" for i in range(2)]}
        value = {"answer": "yes"} if form == "Judgement" else items
        return endpoint.completion(json.dumps(value))

    return answer


def human_texts(folder: Path, codes: list[str]) -> None:
    (folder / "data/sentiment").mkdir(parents=True)
    for code in codes:
        for part in ("test", "train_human_parsed"):
            with (folder / f"data/sentiment/{code}-{part}.csv").open("w") as file:
                rows = [
                    [f"{word} {i} {part} {code}", label]
                    for i in range(6)
                    for label, word in TEXTS.items()
                ]
                csv.writer(file).writerows([["text", "label"], *rows])


def test_an_edited_description_pays_for_its_label_alone(tmp_path: Path) -> None:
    """Through the whole workflow, with an endpoint that counts."""
    project = Project(tmp_path / "project")
    human_texts(tmp_path, ["sw", "cy"])
    wanted = [f"results/{c}/classification/sentiment/train.parquet" for c in CODES]
    task = project.folder / "config/tasks/sentiment.yaml"
    with endpoint.serving(writer()) as served:
        config = written(tmp_path, served.url, list(CODES.values()), ["sentiment"])

        def build() -> list[dict[str, Any]]:
            """The requests that a run pays for."""
            before = len(served.bodies)
            result = project.snakemake(*wanted, config=config)
            assert result.code == 0, result.output
            new = served.bodies[before:]
            return [body for body in new if "<label>" in body["messages"][-1]["content"]]

        first = build()
        assert first
        assert build() == []
        task.write_text(task.read_text().replace("pleased, thankful", "glad, thankful"))
        new = build()
        assert {tagged(body["messages"][-1]["content"], "label") for body in new} == {"positive"}
        assert len(new) == len(first) / 2
        task.write_text(task.read_text().replace("glad, thankful", "pleased, thankful"))
        assert build() == []
