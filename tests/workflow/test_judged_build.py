"""Answers judged in pairs, where the config turns it on in a finished build."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from limbeck.files import read_json, read_jsonl
from project import TEST_CONFIG, Project

LANGUAGE = "results/swh_Latn"
QUESTIONS = {
    "facts": [
        "Which city is the capital of Kenya?",
        "Which city is the capital of Ghana?",
        "A sentence that the phrasebook has never heard of.",
    ],
    "talk": [["How are you today?", "May I borrow your pen?"]],
}


def test_pairs_are_judged_in_a_finished_build(finished: Project, tmp_path: Path) -> None:
    project = Project.__new__(Project)
    project.folder = tmp_path / "project"
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    (project.folder / "open.yaml").write_text(yaml.safe_dump(QUESTIONS))
    config = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
    config["judgement"] = {
        "against": ["base", "teacher"], "questions": "open.yaml", "max_tokens": 16
    }  # fmt: skip
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(config))
    page = project.folder / LANGUAGE / "report.html"
    assert "Judged in pairs" not in page.read_text()

    result = project.snakemake(f"{LANGUAGE}/report.html", config=str(own))
    assert result.code == 0, result.output
    made = {"prepare_questions", "answer_questions", "judge_pairs"}
    assert result.rules == made | {"sum_costs", "write_report"}

    folder = project.folder / LANGUAGE
    questions = list(read_jsonl(folder / "judgement/questions.jsonl"))
    assert [row["failure"] is None for row in questions] == [True, True, False, True]
    assert questions[3]["turns"] == ["U hali gani leo?", "Naomba kuazima kalamu yako?"]
    rows = list(read_jsonl(folder / "judgement/pairs.jsonl"))
    assert {row["question"] for row in rows} == {row["id"] for row in questions} - {
        questions[2]["id"]
    }
    assert [len(answers) for row in rows for answers in row["answers"]] == [1, 1, 1, 1, 2, 2] * 2
    found = read_json(folder / "judgement.json")
    assert (found["judge"], found["questions"], found["not_translated"]) == ("phrasebook", 3, 1)
    base, teacher = found["pairs"]
    assert base["models"] == ["tiny/student", "tiny/base"]
    assert teacher["models"] == ["tiny/student", "teacher"]
    assert all(pair["win"] + pair["tie"] + pair["loss"] == 3 for pair in found["pairs"])
    # By its rule nobody answers better than the phrasebook itself, wherever the answer stands.
    assert (teacher["win"], teacher["first_place"], teacher["second_place"]) == (0, 0, 0)
    text = page.read_text()
    assert "student against base" in text
    assert "which is no judge: it counts by a rule" in text
    journal = project.folder / "work/journal/swh_Latn/judge_pairs.jsonl"
    asked = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len(asked) == 2 * sum(not row["alike"] for row in rows)

    done = subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "plan", "--json", "--configfile", str(own)],
        cwd=project.folder, env=project.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    planned = json.loads(done.stdout)
    assert planned["total"]["journaled"] == planned["total"]["calls"], "nothing is to come"
    stages = read_json(folder / "cost.json")["stages"]
    calls = {one["stage"]: one["calls"] for one in planned["stages"]}
    assert {name: calls[name] for name in made} == {name: stages[name]["replies"] for name in made}


def test_a_teacher_answers_that_is_not_scored(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    config = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
    config["benchmarks"]["teacher"] = False
    config["judgement"] = {"against": ["teacher"]}
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(config))
    answers = "results/swh_Latn/judgement/answers"
    result = project.snakemake("-n", f"{answers}/teacher.jsonl", config=str(own))
    assert result.rules == {"describe_language", "prepare_questions", "answer_questions"}
    # Nobody wants the base's answers.
    assert project.snakemake("-n", f"{answers}/tiny/base.jsonl", config=str(own)).code == 1
