"""`limbeck clean` tells what a build left behind, and removes it when told."""

import json
import os
from pathlib import Path

import pytest

from limbeck import cli
from limbeck.errors import UserError
from limbeck.files import lock
from limbeck.workflow import alone

NEEDED = (
    "results/swh_Latn/rows.parquet",
    "results/swh_Latn/kept/checkpoint/model.safetensors",
    "results/index.html",
    "results/reproduction/classification.tsv",
    "work/training/swh_Latn/kept/state",
    "work/answers/swh_Latn/teacher/sib200.jsonl",
    "work/curves/swh_Latn/topic/linear/key.json",
    "work/journal/swh_Latn/score-sib200.jsonl",
    "work/journal/yor_Latn/write_topics.jsonl",
)
STRAY = (
    "results/swh_Latn/gone/checkpoint/model.safetensors",
    "results/swh_Latn/scores/gone/base/sib200.json",
    "results/yor_Latn/rows.parquet",
    "work/training/swh_Latn/gone/state",
    "work/answers/yor_Latn/teacher/sib200.jsonl",
    "work/curves/swh_Latn/topic/gone/key.json",
)
CLEAN = ["clean", "--stray"]


def write(path: str, text: str = "x") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (*NEEDED, *STRAY, "results/swh_Latn/gone/checkpoint/.snakemake_timestamp"):
        write(path)


def build() -> None:
    """What a finished build says of itself."""
    files = [{"path": path, "sha256": "x"} for path in NEEDED[:2]]
    classification = {"tasks": ["topic"], "classifiers": {"linear": {"kind": "linear"}}}
    students = {"kept": {}}
    config = {"languages": ["swh_Latn"], "students": students, "classification": classification}
    whole = {"config": config, "stages": [{"outputs": files}], "pages": [NEEDED[2]]}
    write("results/build.json", json.dumps(whole))
    write("results/ro-crate-metadata.json")


def limbeck(*arguments: str) -> None:
    options = cli.parser().parse_args(arguments)
    assert options.run(options) == 0


def files() -> set[str]:
    found = (path for top in ("results", "work") for path in Path(top).rglob("*"))
    return {str(path) for path in found if path.is_file()}


def test_it_is_shown_by_folder_and_left(capsys: pytest.CaptureFixture[str]) -> None:
    build()
    before = files()
    limbeck("clean")
    said = capsys.readouterr().out
    for folder in (
        "results/swh_Latn/gone", "results/swh_Latn/scores", "results/yor_Latn",
        "work/training/swh_Latn", "work/answers/yor_Latn",
    ):  # fmt: skip
        assert folder in said
    assert "kept/" not in said.replace("work/made", "")
    assert files() == before


def test_it_is_removed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    build()
    limbeck(*CLEAN)
    assert f"{len(STRAY)} files" in capsys.readouterr().out
    assert files() == {*NEEDED, "results/build.json", "results/ro-crate-metadata.json"}
    assert not Path("results/swh_Latn/gone").exists()
    assert not Path("results/yor_Latn").exists()


def test_the_state_of_a_training_that_nobody_goes_on_with_is_stray() -> None:
    for student in "ended", "goes_on":
        for state in "changed", "held":
            write(f"work/training/swh_Latn/{student}/{state}/state.pt")
            write(f"work/training/swh_Latn/{student}/{state}.lock")
        write(f"work/training/swh_Latn/{student}/unsloth/kernel.py")
    history = "results/swh_Latn/ended/training.json"
    write(history)
    files_needed = [{"path": path, "sha256": "x"} for path in (*NEEDED[:2], history)]
    config = {"languages": ["swh_Latn"], "students": {"kept": {}, "ended": {}, "goes_on": {}}}
    whole = {"config": config, "stages": [{"outputs": files_needed}], "pages": [NEEDED[2]]}
    write("results/build.json", json.dumps(whole))
    held = lock.take(Path("work/training/swh_Latn/ended/held.lock"), "it", "trains")
    limbeck(*CLEAN)
    os.close(held)
    there = Path("work/training/swh_Latn")
    assert not (there / "ended/changed").exists()
    assert (there / "ended/unsloth/kernel.py").is_file()
    left = {str(state.relative_to(there)) for state in there.rglob("state.pt")}
    assert left == {"ended/held/state.pt", "goes_on/changed/state.pt", "goes_on/held/state.pt"}
    limbeck(*CLEAN)
    assert not (there / "ended/held").exists(), "its training has ended"


def test_without_a_finished_build_nothing_is_removed() -> None:
    before = files()
    with pytest.raises(UserError, match="run snakemake to its end first"):
        limbeck(*CLEAN)
    assert files() == before


def test_nothing_is_removed_while_a_run_builds() -> None:
    build()
    before = files()
    running = lock.take(alone.LOCK, ".", "builds here")
    with pytest.raises(UserError, match="a run builds here"):
        limbeck(*CLEAN)
    assert files() == before
    os.close(running)
    limbeck(*CLEAN)
    assert files() < before
