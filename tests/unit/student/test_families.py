"""Families of bases: each trains, full and with adapters, in all its layers."""

import json
from pathlib import Path

import pytest

from limbeck.config import Lora
from limbeck.files import read_json

from . import families
from .conftest import TRAINING, run, train_options

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


@pytest.mark.parametrize("family", ["granite4", "llama", "gemma3"])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_all_layers_are_trained(folder: Path, tmp_path: Path, family: str, method: str) -> None:
    base = families.create(family, folder / "base", tmp_path / "base")
    for name in ("train", "validation"):
        (tmp_path / f"{name}.parquet").symlink_to(folder / f"{name}.parquet")
    training = SHORT.model_copy(update={"method": method, "lora": Lora(rank=4, alpha=8)})
    run("train", *train_options(tmp_path, tmp_path, training))
    found = changed(base, tmp_path / "checkpoint")
    assert len(found) == (12 if family == "granite4" else 14)
    assert all(found.values()), json.dumps(found, indent=1)
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < losses[0]
