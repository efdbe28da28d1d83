"""The parts of the laptop preset that are on a machine, as a config that loads over it."""

import csv
import gzip
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from limbeck import config
from limbeck.files import read_jsonl
from limbeck.sources import parts

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of one question and a benchmark of two English sentences."""
    folder = tmp_path / "data"
    for name in ("dolly15k", "flores200_devtest", "sib200/eng_Latn"):
        (folder / name).mkdir(parents=True)
    (folder / parts.QUESTIONS).touch()
    with gzip.open(folder / parts.ENGLISH, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([("index_id", "category", "text"), (1, "travel", 'A "fast"\ttrain.')])
        writer.writerow((2, "health", "An apple."))
    return folder


def written(monkeypatch: pytest.MonkeyPatch, *options: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["parts", *options])
    parts.main()
    found: dict[str, Any] = yaml.safe_load(Path(options[-1]).read_text())
    return found


def test_what_is_here_goes_over_the_preset(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "made/parts.yaml"
    found = written(monkeypatch, "--data", str(data), "--output", str(output))
    whole = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for path in (ROOT / "config/presets/laptop.yaml", output):
        update_config(whole, yaml.safe_load(path.read_text()))
    loaded = config.load(whole)
    assert loaded.benchmarks.sources["flores"] == str(data / "flores200_devtest")
    assert loaded.conversations.source == str(data / parts.QUESTIONS)
    rows = list(read_jsonl(found["benchmarks"]["custom"]["english_topics"]["test"]))
    assert [row["answer"] for row in rows] == ["travel", "health"]
    assert rows[0]["question"].endswith('A "fast"\ttrain.')
    assert rows[0]["options"] == ["health", "travel"]
    assert "benchmarks: here" in capsys.readouterr().err


def test_without_a_folder_the_hub_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "PACKAGE", "no_such_package")
    assert written(monkeypatch, "--output", str(tmp_path / "parts.yaml")) == {}
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{name}: taken from the hub"
        for name in ("teacher", "students", "conversations", "benchmarks")
    ]
