"""Families of bases: each trains in all its layers, and is in llama.cpp what it is here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import small_families
from limbeck.config import Lora
from limbeck.files import read_json

from .conftest import TRAINING, run, train_options

ROOT = Path(__file__).parents[3]

SHORT = TRAINING.model_copy(update={"epochs": 1.0})


def changed(base: Path, checkpoint: Path) -> dict[str, bool]:
    """Of each matrix within the blocks whether training changed it."""
    from safetensors.torch import load_file

    old, new = load_file(base / "model.safetensors"), load_file(checkpoint / "model.safetensors")
    assert old.keys() == new.keys()
    return {
        name: not value.equal(new[name])
        for name, value in old.items()
        if ".layers." in name and value.dim() == 2
    }


@pytest.mark.parametrize(("family", "matrices"), [("granite4", 12), ("llama", 14), ("gemma3", 42)])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_all_layers_are_trained(
    folder: Path, tmp_path: Path, family: str, matrices: int, method: str
) -> None:
    base = small_families.create(family, folder / "base", tmp_path / "base")
    for name in ("train", "validation"):
        (tmp_path / f"{name}.parquet").symlink_to(folder / f"{name}.parquet")
    training = SHORT.model_copy(update={"method": method, "lora": Lora(rank=4, alpha=8)})
    run("train", *train_options(tmp_path, tmp_path, training))
    found = changed(base, tmp_path / "checkpoint")
    assert len(found) == matrices
    assert all(found.values()), json.dumps(found, indent=1)
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < losses[0]


@pytest.fixture(scope="module")
def figures(converter: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command of the table finds."""
    path = tmp_path_factory.mktemp("families") / "figures.json"
    command = [sys.executable, "benchmarks/families.py", "--converter", converter]
    done = subprocess.run([*command, "--output", path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr.splitlines()[-1]
    found: dict[str, Any] = read_json(path)
    return found


@pytest.mark.parametrize("family", small_families.FAMILIES)
def test_a_family_goes_all_the_way(figures: dict[str, Any], family: str) -> None:
    for method in ("full", "lora"):
        found = figures["families"][family][method]
        assert found["prompts"] == 74
        equal = round(found["agreement"] * found["positions"])
        assert equal + found["draws"] == found["positions"]
        assert found["draws"] <= 0.002 * found["positions"]
        assert found["packed"] == (family != "granite4_mamba")
        assert all(found["chat"][kind] for kind in ("Q8_0", "Q4_K_M"))


def test_the_page_has_every_family() -> None:
    page = (ROOT / "docs" / "students.md").read_text("utf-8")
    table = page.partition("<!-- families -->")[2].partition("<!-- /families -->")[0]
    rows = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert rows == [family.like for family in small_families.FAMILIES.values()]
