"""Code that lies with a model runs where it is trusted, and nowhere else."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from limbeck import files
from limbeck.errors import UserError
from limbeck.models import open_model

CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM

Path({mark!r}).touch()


class OwnConfig(LlamaConfig):
    model_type = "own"


class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig
"""


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of a kind that transformers does not know, with the code for it."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "m"))
    own = tmp_path / "own"
    shutil.copytree(checkpoint, own)
    config = files.read_json(own / "config.json")
    config |= {
        "model_type": "own",
        "architectures": ["OwnForCausalLM"],
        "auto_map": {
            "AutoConfig": "modeling_own.OwnConfig",
            "AutoModelForCausalLM": "modeling_own.OwnForCausalLM",
        },
    }
    files.write_json(own / "config.json", config)
    (own / "modeling_own.py").write_text(CODE.format(mark=str(tmp_path / "ran")))
    return own


def test_it_does_not_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="contains custom code"):
        open_model(str(folder), 1, 1)
    assert not (tmp_path / "ran").exists()


def test_it_runs_where_it_is_trusted(folder: Path, checkpoint: Path, tmp_path: Path) -> None:
    trusted = open_model(str(folder), 1, 1, trust_remote_code=True)
    assert (tmp_path / "ran").exists()
    asked = ([[{"role": "user", "content": "mtoto"}]], [["A", "samaki"]])
    plain = open_model(str(checkpoint), 1, 1)
    assert trusted.loglikelihood(*asked)[0] == pytest.approx(plain.loglikelihood(*asked)[0])


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_pickled_weights_are_not_read(checkpoint: Path, tmp_path: Path) -> None:
    import torch

    own = tmp_path / "own"
    shutil.copytree(checkpoint, own)
    (own / "model.safetensors").unlink()
    torch.save({"lm_head.weight": Evil(tmp_path / "ran")}, own / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"own: transformers cannot load it \(") as told:
        open_model(str(own), 1, 1)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "ran").exists()
