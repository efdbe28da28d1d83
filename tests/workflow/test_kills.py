"""Twenty kills at random moments, of trainings too: in the end all is as if none had been."""

import json
from collections import Counter
from pathlib import Path

import pytest
from test_killed import CONCURRENCY, answer, config, whole_lines

from endpoint import serving
from kills import Killing, built, differences
from limbeck.files import outside, read_json
from limbeck.workflow import kept
from limbeck.workflow.digest import source_digest
from project import Project

COUNT = 20


@pytest.mark.long
def test_twenty_kills(finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path / "project")
    total = len(read_json(finished.folder / "results/build.json")["stages"])
    with serving(answer, latency=0.02) as endpoint:
        path = Path(config(project, endpoint))
        values = json.loads(path.read_text())
        # As the built-in server's, whose signature it is to have.
        values["teacher"]["generator"]["revision"] = source_digest("limbeck.phrasebook.responder")
        path.write_text(json.dumps(values))
        killing = Killing(project, str(path), total, COUNT, seed=1)
        killing.run()
        said = killing.said
        result = project.snakemake(config=str(path))
        assert result.code == 0, said(result.output)
        assert "Nothing to be done" in project.snakemake(config=str(path)).output, said("")
    assert not killing.trainings, said("not all of these killed a training")
    wrong = differences(built(project), built(finished))
    assert not wrong, said(f"not the same: {', '.join(wrong)}")

    log = project.folder / "logs/swh_Latn/tiny/train_student.log"
    assert "training: goes on after step " in log.read_text(), said("it was trained from 0")

    journals = list((project.folder / "work/journal").rglob("*.jsonl"))
    for journal in journals:
        keys = Counter(outside.loads(line)["key"] for line in whole_lines(journal))
        assert set(keys.values()) == {1}, said(f"{journal}: paid twice")
    # What was in flight at a kill may have been answered, and nobody was there to write it down.
    again = endpoint.requests - len(endpoint.counts)
    assert again <= COUNT * 2 * CONCURRENCY, said(f"{again} asked again")

    monkeypatch.chdir(project.folder)
    for entry in kept.entries():
        key, outputs = entry.folder.name, entry.record["outputs"]
        places = [f"again/{key}/{number}" for number in range(len(outputs))]
        assert kept.fetch(key, places), said(f"{outputs} half made")
