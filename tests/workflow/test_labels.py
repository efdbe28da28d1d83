"""Classifiers from people's labels alone: built without a teacher."""

from pathlib import Path

import pytest

from limbeck.files import read_json
from project import Project


def test_labels_alone_are_learned_from_and_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    result = project.snakemake("classification", config="config/presets/labels.yaml")
    assert result.code == 0, result.output
    folder = project.folder / "results/swh_Latn/classification/sentiment"
    scores = read_json(folder / "scores.json")
    assert (scores["teacher"], scores["teacher_best"], scores["examples"]) == ({}, None, {})
    (classifier,) = scores["classifiers"].values()
    assert {point["source"] for point in classifier["points"]} == {"human"}
    assert classifier["points"][-1]["macro_f1"] > scores["test"]["chance"]["macro_f1"]
    assert (folder / "linear/model").is_dir()
    page = (folder.parents[1] / "classifiers.html").read_text()
    assert "learned from people's labelled texts" in page
    assert not (project.folder / "work/journal").exists()
