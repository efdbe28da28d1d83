"""A full disk, and files that are cut short: one line, and what was there before is there after."""

import json
import shutil
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.models.gguf_model import GgufModel
from limbeck.models.transformers_model import TransformersModel
from small_disk import limited_files, small_disk

from .conftest import METADATA, run, train_options


def exporting(trained: Path, converter: Path, output: Path) -> tuple[object, ...]:
    return (
        "export", "--checkpoint", trained / "checkpoint", "--converter", converter,
        "--metadata", json.dumps(METADATA), "--output", output,
    )  # fmt: skip


def quantizing(gguf: Path, output: Path) -> tuple[object, ...]:
    return ("quantize", "--input", gguf, "--type", "Q8_0", "--output", output)


def one_line(*command: object) -> str:
    """What a stage says that fails."""
    done = run(*command, check=False)  # type: ignore[arg-type]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [said] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return said


def test_a_full_disk_under_a_gguf(
    trained: Path, converter: Path, gguf: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    for command in (exporting(trained, converter, disk / "F16.gguf"),
                    quantizing(gguf, disk / "Q8_0.gguf")):  # fmt: skip
        with small_disk(disk, 200_000):
            one_line(*command)
            assert not list(disk.iterdir()), "nothing half made is left"
    run(*quantizing(gguf, disk / "Q8_0.gguf"))  # type: ignore[arg-type]


def test_a_full_disk_under_a_training(folder: Path, trained: Path, tmp_path: Path) -> None:
    options = train_options(folder, tmp_path)
    size = (trained / "checkpoint/model.safetensors").stat().st_size
    with limited_files(2 * size):  # the weights of a checkpoint, and no state of three times that
        said = one_line("train", *options, "--save-every", 0)
    assert "state.pt: cannot be written (" in said
    with limited_files(size // 2):
        assert "best.pt: cannot be written (" in one_line("train", *options)
    assert not (tmp_path / "checkpoint").exists()
    assert not list((tmp_path / "work").glob("*/*.new"))


def test_a_checkpoint_that_is_cut_short(
    trained: Path, converter: Path, folder: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(trained / "checkpoint", base)
    (tmp_path / "checkpoint").symlink_to(base)
    path = base / "model.safetensors"
    whole = path.read_bytes()
    others = {name: folder / name for name in ("train.parquet", "validation.parquet")}
    for name, source in others.items():
        shutil.copy(source, tmp_path / name)
    for size in (4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=f"^{path}: ") as error:
            TransformersModel(base, batch=1, threads=1)
        assert "\n" not in str(error.value)
    merging = {"origin": str(base), "parts": {str(base): 1.0}}
    output = tmp_path / "output"
    for command in (
        exporting(tmp_path, converter, output / "x.gguf"),
        ("train", *train_options(tmp_path, output)),
        ("merge", "--base", base, "--settings", json.dumps(merging),
         "--checkpoint", output / "checkpoint", "--history", output / "x.json"),
    ):  # fmt: skip
        assert "/model.safetensors: " in one_line(*command)


def test_a_gguf_that_is_cut_short(gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "F16.gguf"
    whole = gguf.read_bytes()
    for size in (3, len(whole) // 2):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=f"^{path}: ") as error:
            GgufModel(path, batch=1, threads=1)
        assert "\n" not in str(error.value)
        assert f"error: {path}: " in one_line(*quantizing(path, tmp_path / "Q8_0.gguf"))
        assert not (tmp_path / "Q8_0.gguf").exists()
