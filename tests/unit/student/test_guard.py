"""A training that goes wrong stops at once, with one line, and keeps what was good."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.student import guard

from .conftest import TRAINING, run, train_options


def refused(folder: Path, output: Path, changes: dict[str, Any], *options: object) -> str:
    """The error of a training that fails."""
    training = TRAINING.model_copy(update=changes)
    done = run("train", *train_options(folder, output, training), *options, check=False)
    assert done.returncode == 1
    assert not (output / "checkpoint").exists()
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_a_learning_rate_of_ten(folder: Path, tmp_path: Path) -> None:
    import torch

    changes = {"learning_rate": 10.0, "warmup": 0.02}
    line = refused(folder, tmp_path, changes, "--save-every", 0)
    assert line.startswith("error: training: step ")
    assert int(line.split()[3]) <= 10
    assert "lower training.learning_rate" in line
    (state,) = (torch.load(path) for path in tmp_path.glob("work/*/state.pt"))
    assert all(bool(value.isfinite().all()) for value in state["weights"].values())


def test_a_weight_that_is_no_number(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, tmp_path / "x", ignore=shutil.ignore_patterns("trained", "work"))
    path = tmp_path / "x" / "base" / "model.safetensors"
    weights = load_file(path)
    weights["model.layers.0.mlp.up_proj.weight"][3, 5] = float("nan")
    save_file(weights, path, {"format": "pt"})
    line = refused(tmp_path / "x", tmp_path, {})
    assert "base: its weight model.layers.0.mlp.up_proj.weight holds a value" in line


def test_a_row_longer_than_the_base_reads(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "x", ignore=shutil.ignore_patterns("trained", "work"))
    path = tmp_path / "x" / "base" / "config.json"
    text = path.read_text(encoding="utf-8").replace(
        '"max_position_embeddings": 2048', '"max_position_embeddings": 24'
    )
    path.write_text(text, encoding="utf-8")
    line = refused(tmp_path / "x", tmp_path, {})
    assert "train.parquet: a row has " in line
    assert "the base reads 24 at most; with training.max_length 24 such rows are left out" in line


@pytest.mark.parametrize(
    ("loss", "norm", "good"),
    [
        (6.9, 1.0, True),
        (13.0, 1.0, True),  # not twice a blind guess
        (14.0, 1.0, False),
        (float("nan"), 1.0, False),
        (1.0, float("inf"), False),
        (1.0, float("nan"), False),
    ],
)
def test_bad_steps(loss: float, norm: float, good: bool) -> None:
    if good:
        guard.check_step(3, loss, norm, first=5.0, vocabulary=1000)
    else:
        with pytest.raises(UserError, match="step 3 went wrong"):
            guard.check_step(3, loss, norm, first=5.0, vocabulary=1000)


def test_a_validation_loss_that_is_no_number() -> None:
    guard.check_validation(3, 2.5)
    with pytest.raises(UserError, match="after step 3 the validation loss is no number; try a"):
        guard.check_validation(3, float("nan"))
