"""A checkpoint and its GGUF file, made once."""

from pathlib import Path

import pytest

import tiny_checkpoint
from limbeck.models.gguf_model import GgufModel
from limbeck.models.transformers_model import TransformersModel


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint.write(tmp_path_factory.mktemp("models") / "checkpoint")


@pytest.fixture(scope="session")
def gguf(checkpoint: Path) -> Path:
    return tiny_checkpoint.write_gguf(checkpoint, checkpoint.parent / "F32.gguf")


@pytest.fixture(scope="session")
def transformers_model(checkpoint: Path) -> TransformersModel:
    return TransformersModel(checkpoint, batch=5, threads=1)


@pytest.fixture(scope="session")
def gguf_model(gguf: Path) -> GgufModel:
    return GgufModel(gguf, batch=5, threads=1)
