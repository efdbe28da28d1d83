"""A rehearsal of the demonstration says what the whole will ask, and what each part takes."""

import json
import subprocess
import sys
from pathlib import Path

from limbeck.files import read_json
from project import TEST_CONFIG, Project


def test_a_rehearsal_projects_the_whole(as_built: Project, tmp_path: Path) -> None:
    project = Project(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "rehearse", "--configfile", TEST_CONFIG, "--json"],
        cwd=tmp_path, env=project.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith(("ok", "MISSING"))]
    assert not [line for line in said if line.startswith("MISSING")]
    for rule in ("train_student", "train_classifier", "check_gguf", "score_model"):
        assert any(line.startswith(f"ok       {rule}: ") for line in said), said
    # Four rows of max_length, though no row of these is as long.
    assert any("the largest batch, of 2,048 tokens, fits: " in line for line in said)
    assert any("publish swh_Latn: 2 repositories" in line for line in said)
    score = read_json(tmp_path / "rehearsal/results/swh_Latn/scores/tiny/student/sib200.json")
    assert score["n"] == 10, "of twelve"
    found = json.loads(done.stdout)
    found_costs = read_json(as_built.folder / "results/swh_Latn/cost.json")
    costs = found_costs["stages"] | found_costs["shared"]
    planned = {one["stage"]: one["calls"] for one in found["plan"]["stages"] if one["calls"]}
    assert planned == {name: one["replies"] for name, one in costs.items()}
    # Of the teacher nothing is to come: the built-in one was asked everything.
    assert found["seconds"].pop("teacher") == [0, 0]
    assert all(seconds > 0 for seconds, _ in found["seconds"].values())
