"""The teacher's checks of its own rows, where the config turns them on."""

from pathlib import Path

import yaml

from limbeck.files import read_jsonl
from project import TEST_CONFIG, Project

LANGUAGE = "results/swh_Latn"


def test_checks_that_are_on(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    config = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
    config["generation"]["checks"] = {"judge": 1.0, "round_trip": 0.5}
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(config))
    target = f"{LANGUAGE}/rows.parquet"

    result = project.snakemake(target, config=str(own))
    assert result.code == 0, result.output
    checks = list(read_jsonl(project.folder / LANGUAGE / "checks.jsonl"))
    judged = {row["id"] for row in checks if row["judge"]}
    answered = {
        row["id"]
        for row in read_jsonl(project.folder / LANGUAGE / "responses.jsonl")
        if not row["failure"]
    }
    assert judged == answered
    scores = [row["round_trip"] for row in checks if not row["judge"]]
    assert 50 < len(scores) < 100
    assert sum(scores) / len(scores) > 99

    told = project.folder / "config/prompts/checks.yaml"
    text = told.read_text()
    told.write_text(text + "# a comment\n")
    assert project.snakemake("-n", target, config=str(own)).rules == set()
    told.write_text(text.replace("judge: |\n", "judge: |\n  Be strict.\n", 1))
    edited = project.snakemake("-n", target, config=str(own))
    assert edited.rules == {"check_rows", "filter_rows"}
