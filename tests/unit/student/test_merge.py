"""Weights of checkpoints added, a few rows at a time."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import small_families
from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.student.merge import Settings, merge
from world import hub

from .conftest import run

SHAPES = {"a.weight": (40, 8), "b.weight": (6, 6), "norm.weight": (9,)}


def write(folder: Path, seed: int, shapes: dict[str, tuple[int, ...]] = SHAPES) -> dict[str, Any]:
    """A checkpoint of two shards with random weights in bfloat16."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: torch.randn(shape, generator=generator).to(torch.bfloat16)
        for name, shape in shapes.items()
    }
    names = sorted(weights)
    for number, part in enumerate((names[:1], names[1:])):
        save_file({name: weights[name] for name in part}, folder / f"model-{number}.safetensors")
    write_json(folder / "config.json", {"made": seed})
    return weights


def load(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {k: v for path in folder.glob("*.safetensors") for k, v in load_file(path).items()}


def test_weights_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("limbeck.student.merge._AT_ONCE", 30)  # several pieces of a tensor
    origin, base, expert = (
        write(tmp_path / name, seed) for seed, name in enumerate(("origin", "base", "expert"))
    )
    parts = {str(tmp_path / "base"): 0.4, str(tmp_path / "expert"): 0.6}
    settings = {"origin": str(tmp_path / "origin"), "parts": parts}
    merge(tmp_path / "base", Settings.model_validate(settings), tmp_path / "merged")
    merged = load(tmp_path / "merged")
    assert merged.keys() == SHAPES.keys()
    for name, tensor in merged.items():
        first = origin[name].float()
        wanted = first + 0.4 * (base[name].float() - first) + 0.6 * (expert[name].float() - first)
        assert torch.equal(tensor, wanted.to(torch.bfloat16)), name
    assert read_json(tmp_path / "merged" / "config.json") == {"made": 1}, "the base's own files"


@pytest.mark.parametrize("stored", ["base", "part"])
def test_a_tied_head_is_stored_or_not(folder: Path, tmp_path: Path, stored: str) -> None:
    """The hub's Qwen 3 0.6B has its head beside its table; a student of it has the table alone."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    base, part = tmp_path / "base", tmp_path / "part"
    small_families.create("qwen3", folder / "base", base)
    shutil.copytree(base, part)
    for checkpoint in (base, part):
        weights = load(checkpoint)
        assert "lm_head.weight" not in weights
        if checkpoint == part:
            weights = {name: weight + 0.5 for name, weight in weights.items()}
        if checkpoint.name == stored:
            weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
        save_file(weights, checkpoint / "model.safetensors", {"format": "pt"})
    settings = Settings(origin=str(base), parts={str(part): 0.5})
    merge(base, settings, tmp_path / "merged")
    found = load(tmp_path / "merged")
    assert found.keys() == load(base).keys()
    for name, weight in load(base).items():
        assert torch.allclose(found[name], weight + 0.25), name
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert model.lm_head.weight.equal(found["model.embed_tokens.weight"])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({**SHAPES, "b.weight": (6, 7)}, r"b\.weight is \[6, 7\], in the base \[6, 6\]"),
        ({**SHAPES, "c.weight": (2, 2)}, r"another kind than the base: c\.weight"),
    ],
)
def test_other_shapes_are_refused(
    tmp_path: Path, shapes: dict[str, tuple[int, ...]], message: str
) -> None:
    write(tmp_path / "base", 1)
    write(tmp_path / "other", 2, shapes)
    settings = Settings(origin=str(tmp_path / "base"), parts={str(tmp_path / "other"): 1.0})
    with pytest.raises(UserError, match=message):
        merge(tmp_path / "base", settings, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_the_stage_needs_less_memory_than_a_shard(tmp_path: Path) -> None:
    shape = (4096, 16384)  # a shard of 134 MB
    for seed, name in enumerate(("base", "expert")):
        write(tmp_path / name, seed, {"a.weight": shape, "b.weight": (4, 4)})
    settings = {"origin": str(tmp_path / "base"), "parts": {str(tmp_path / "expert"): 0.5}}
    code = (
        "import resource, torch, safetensors, sys\n"
        "from limbeck.student import merge\n"
        "now = int(open('/proc/self/statm').read().split()[5]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (now + 100_000_000,) * 2)\n"
        "merge.main()\n"
    )
    options = ["--base", tmp_path / "base", "--settings", json.dumps(settings)]
    options += ["--checkpoint", tmp_path / "merged", "--history", tmp_path / "training.json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, options)], capture_output=True, text=True,
        check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert load(tmp_path / "merged")["a.weight"].shape == shape
    assert read_json(tmp_path / "training.json")["merged"] == settings


@pytest.mark.parametrize(("commit", "found"), [("@" + "0" * 40, "0"), ("", "1")])
def test_a_part_of_the_hub_may_have_a_commit(tmp_path: Path, commit: str, found: str) -> None:
    there = {"owner/part": {"0" * 40: tmp_path / "old", "1" * 40: tmp_path / "new"}}
    for seed, name in enumerate(("old", "new")):
        write(tmp_path / name, seed)
    code = f"from limbeck.student.merge import folder; print(folder('owner/part{commit}'))"
    own = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    with hub.serving(there) as served:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False,
            env={**own, "HF_ENDPOINT": served.url, "HF_HOME": str(tmp_path / "home")},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert Path(done.stdout.split()[-1]).name == found * 40


def test_a_part_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "base", 1)
    settings = json.dumps({"origin": str(tmp_path / "base"), "parts": {"./none": 1.0}})
    done = run(
        "merge", "--base", tmp_path / "base", "--settings", settings,
        "--checkpoint", tmp_path / "merged", "--history", tmp_path / "h.json", check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "'./none' is no folder" in line
