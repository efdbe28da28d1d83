"""Bases that exist already: folders and names of the hub."""

import json
import shutil
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.student import base

from .conftest import run


def settings(name: str) -> str:
    return json.dumps(
        {
            "base": name,
            "revision": None,
            "trust_remote_code": False,
            "architecture": {},
            "seed": 1,
        }
    )


def test_a_folder_is_linked(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(folder / "base", source)
    (source / "pytorch_model.bin").write_bytes(b"pickled")
    (source / "modeling_own.py").write_text("raise SystemExit")
    shutil.copy(source / "model.safetensors", source / "consolidated.safetensors")
    output = tmp_path / "base"
    run("base", "--settings", settings(str(source)), "--output", output)
    assert {path.name for path in output.iterdir()} == {
        path.name for path in (folder / "base").iterdir()
    }, "neither pickled weights nor code come along, nor weights a second time"
    assert (output / "model.safetensors").is_symlink()
    assert not (output / "config.json").is_symlink()
    base.link(source, tmp_path / "trusted", trust_remote_code=True)
    assert (tmp_path / "trusted" / "modeling_own.py").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("builtin:tiny", "--train: no rows to train a tokenizer on"),
        ("builtin:small", "the only built-in base is 'builtin:tiny'"),
        (
            "./no/such/folder",
            "is no folder; allowed: 'builtin:tiny', a folder, a GGUF file, a hub name",
        ),
        ("granite", "is no folder; allowed:"),
        ("owner/model", "is no folder, and the hub cannot be reached"),
    ],
)
def test_neither_folder_nor_model(tmp_path: Path, name: str, message: str) -> None:
    options = ["--settings", settings(name), "--output", tmp_path / "base"]
    done = run("base", *options, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no safetensors weights"),
        ("chat_template.jinja", "no chat template"),
        ("tokenizer*", "tokenizer"),
    ],
)
def test_a_missing_part_is_never_guessed(
    folder: Path, tmp_path: Path, missing: str, message: str
) -> None:
    source = tmp_path / "source"
    shutil.copytree(folder / "base", source)
    for path in source.glob(missing):
        path.unlink()
    with pytest.raises(UserError, match=message):
        base.check(source, "it", trust_remote_code=False)


def test_a_template_that_refuses_a_system_prompt(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "base", tmp_path / "own")
    path = tmp_path / "own/chat_template.jinja"
    gemma = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system!') }}{% endif %}"
    path.write_text(gemma + path.read_text())
    with pytest.raises(
        UserError, match=r"refuses a system prompt \(No system!\); add one"
    ) as caught:
        base.check(tmp_path / "own", "it", trust_remote_code=False)
    assert "\n" not in str(caught.value)


def test_quantized_weights_are_refused(tmp_path: Path) -> None:
    quantized = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}
    (tmp_path / "config.json").write_text(json.dumps(quantized))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=r"^base: the weights of 'it' are quantized \(bitsandbytes"):
        base.check(tmp_path, "it", trust_remote_code=False)
