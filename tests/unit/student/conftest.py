"""A tiny base, a student trained from it and its GGUF, made once for all tests of the room."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import real_weights
from limbeck.config import Architecture, Training
from limbeck.errors import UserError
from limbeck.files import write_parquet

SYSTEM = "Think first, then answer."
ARCHITECTURE = Architecture(vocabulary=420, width=256, layers=2, heads=4)
TRAINING = Training(
    learning_rate=2e-3,
    epochs=6,
    step_tokens=228,
    max_length=128,
    precision="float32",
    validations=1,
)


def talk(*contents: str, system: str | None = None) -> list[dict[str, str]]:
    """Messages: a user's and an assistant's in turn."""
    roles = ["user", "assistant"] * len(contents)
    messages = [
        {"role": role, "content": text} for role, text in zip(roles, contents, strict=False)
    ]
    return [{"role": "system", "content": system}, *messages] if system else messages


def make_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Short rows of word pairs: direct, thinking, and of two exchanges."""
    pairs = [
        ("The child reads a book.", "Mtoto anasoma kitabu."),
        ("The farmer sells fish.", "Mkulima anauza samaki."),
        ("The teacher wants water.", "Mwalimu anataka maji."),
        ("The doctor sees the town.", "Daktari anaona mji."),
        ("My friend brings bread.", "Rafiki yangu analeta mkate."),
    ]
    chance = random.Random(seed)
    rows = []
    for index in range(count):
        (english, swahili), (second, pili) = chance.sample(pairs, 2)
        form = "thinking" if index % 4 == 0 else "direct"
        if form == "thinking":
            answer = f"<think>\nKiingereza: {english}\n</think>\n\n{swahili}"
            messages = talk(english, answer, system=SYSTEM)
        elif index % 4 == 1:
            messages = talk(english, swahili, second, pili)
        else:
            messages = talk(f"Tafsiri: {english}", swahili)
        rows.append(
            {"id": f"t-{index}", "messages": messages, "form": form, "strategy": "translation"}
        )
    return rows


def run(module: str, *options: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a stage as its rule does."""
    command = [sys.executable, "-m", f"limbeck.student.{module}", *map(str, options)]
    # One thread: two that wait for each other are slow on a busy machine.
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert not check or done.returncode == 0, done.stderr[-2000:]
    return done


def train_options(folder: Path, output: Path, training: Training = TRAINING) -> list[object]:
    """The options of the training stage over the files in ``folder``."""
    settings = {"training": training.model_dump(), "seed": 1, "trust_remote_code": False}
    return [
        "--base", folder / "base",
        "--train", folder / "train.parquet",
        "--validation", folder / "validation.parquet",
        "--settings", json.dumps(settings),
        "--device-tokens", 256,
        "--work", output / "work",
        "--checkpoint", output / "checkpoint",
        "--history", output / "training.json",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with base/, train.parquet and validation.parquet."""
    path = tmp_path_factory.mktemp("student")
    write_parquet(path / "train.parquet", make_rows(160))
    write_parquet(path / "validation.parquet", make_rows(16, seed=1))
    settings = {
        "base": "builtin:tiny",
        "revision": None,
        "trust_remote_code": False,
        "architecture": ARCHITECTURE.model_dump(),
        "seed": 1,
    }
    run(
        "base", "--train", path / "train.parquet",
        "--settings", json.dumps(settings), "--output", path / "base",
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def tokenizer(folder: Path) -> Any:
    """The base's tokenizer, as a later stage reads it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder / "base")


@pytest.fixture(scope="session")
def trained(folder: Path) -> Path:
    """A folder with checkpoint/ and training.json of a whole training."""
    output = folder / "trained"
    output.mkdir()
    done = run("train", *train_options(folder, output))
    (output / "train.log").write_text(done.stdout, encoding="utf-8")
    return output


@pytest.fixture(scope="session")
def converter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """llama.cpp's converter: LIMBECK_TEST_CONVERTER names one, otherwise it is fetched."""
    if named := os.environ.get("LIMBECK_TEST_CONVERTER"):
        return Path(named)
    from importlib.metadata import version

    from limbeck.student.converter import fetch
    from limbeck.workflow.digest import digests

    path = tmp_path_factory.mktemp("resources") / "llama.cpp"
    try:
        fetch(version("llama-cpp-python"), path, digests("llama-cpp-python"))
    except UserError as error:
        pytest.skip(f"no converter: {error}")
    return path


METADATA = {
    "name": "Limbeck Swahili tiny",
    "languages": ["sw", "en"],
    "base": "builtin:tiny",
    "license": "apache-2.0",
    "dataset": "swh_Latn/tiny",
}


@pytest.fixture(scope="session")
def gguf(trained: Path, converter: Path) -> Path:
    """The trained student's F16 file."""
    path = trained / "gguf" / "F16.gguf"
    run(
        "export", "--checkpoint", trained / "checkpoint", "--converter", converter,
        "--metadata", json.dumps(METADATA), "--output", path,
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base of SmolLM2-135M-Instruct."""
    folder = tmp_path_factory.mktemp("smollm2") / "base"
    done = run("from_gguf", "--gguf", real_weights.smollm2(), "--output", folder)
    assert "templates_equal 20, tokens_equal 20" in done.stdout
    return folder
