"""A key to an endpoint is sent, and is left in no file and no line of a run."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from endpoint import ECHO, Body, completion, serving
from limbeck.phrasebook.responder import reply
from project import TEST_CONFIG, Project

KEY = "-".join(("sk", "limbeck", "very", "secret", "0123456789"))  # not in this file itself
ASKED = (
    "responses.jsonl", "translations.jsonl", "templates.json", "scores/teacher/sib200.json",
    "scores/teacher/flores_from_english.json", "classification/sentiment/examples.jsonl",
    "classification/sentiment/teacher/predictions.parquet",
)  # fmt: skip
TARGETS = [f"results/swh_Latn/{name}" for name in ASKED]


def talkative(body: Body, before: int) -> Any:
    """The phrasebook, with the key in every trace and in some translations."""
    content, reasoning = reply(body)
    if "response_format" not in body:
        content = f"{content} {KEY}"
    return completion(content, reasoning_content=f"The key is {KEY}. {reasoning}")


def config(project: Project, url: str) -> str:
    values = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
    generator = {"server": None, "url": url, "api_key_env": "SOME_TEACHER_KEY", "retries": 1}
    values["teacher"] = {"generator": {**generator, "structured": "json_schema"}}
    values["prices"] = {"phrasebook": {"input": 1.0, "output": 1.0}}
    path = project.folder / "secret.json"
    path.write_text(json.dumps(values))
    return str(path)


def holders(folder: Path) -> list[str]:
    """The files under a folder that hold the key, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path.relative_to(folder)) for path in files if KEY.encode() in path.read_bytes()]


def test_a_key_is_nowhere_after_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path / "project")
    monkeypatch.setenv("SOME_TEACHER_KEY", KEY)
    with serving(lambda body, before: ECHO) as endpoint:
        refused = project.snakemake(*TARGETS, config=config(project, endpoint.url))
    assert refused.code != 0
    assert "SOME_TEACHER_KEY" in refused.output
    assert KEY not in refused.output
    assert holders(project.folder) == []

    with serving(talkative) as endpoint:
        path = config(project, endpoint.url)
        result = project.snakemake(*TARGETS, "--verbose", "--printshellcmds", config=path)
    assert result.code == 0, result.output
    assert all(headers["Authorization"] == f"Bearer {KEY}" for headers in endpoint.headers)
    assert KEY not in result.output
    assert list((project.folder / ".snakemake").rglob("*"))
    assert list((project.folder / "work/journal").rglob("*.jsonl"))
    assert holders(project.folder) == []
