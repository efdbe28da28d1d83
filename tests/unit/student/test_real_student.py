"""A real language model goes all the way: trained, exported, checked, quantized, scored."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Choosing, Lora, Training
from limbeck.evaluation.answers import Kept, ask
from limbeck.evaluation.catalogue import find, load_instructions
from limbeck.evaluation.questions import Settings, questions
from limbeck.files import read_json, write_parquet
from limbeck.languages import resolve
from limbeck.models import open_model

from .conftest import METADATA, make_rows, run, train_options

ROOT = Path(__file__).parents[3]
ENGLISH = Choosing(
    kind="multiple_choice", test=str(Path(__file__).with_name("english.tsv")),
    question="question", options=["a", "b", "c", "d"], answer="answer", count_from=None,
)  # fmt: skip
FEW_STEPS = Training(
    method="lora", lora=Lora(rank=8, alpha=16), learning_rate=2e-4, epochs=1.0, step_tokens=300,
    max_length=256, precision="float32", validations=1,
)  # fmt: skip


def right(model: Path) -> float:
    """The share of the English questions that a model answers."""

    with Path(ENGLISH.test).open(encoding="utf-8", newline="") as file:
        rows = [
            {**row, "answer": row[row["answer"]], "number": number}
            for number, row in enumerate(csv.DictReader(file, delimiter="\t"))
        ]
    settings = Settings(
        shots=0, limit=100, max_tokens=8, choose_by="likelihood", options="whole", seed=1
    )
    texts = load_instructions(ROOT / "config" / "prompts" / "benchmarks.yaml")
    card: Any = dict(resolve("eng_Latn").card())
    asked = questions(find("english", ENGLISH), rows, [], texts, card, settings)
    answers = ask(asked, open_model(str(model), 8, 1), settings, Kept(None))
    chosen = zip(asked.items, answers.predicted, strict=True)
    return sum(item.gold == answer for item, answer in chosen) / len(rows)


def test_a_few_steps_leave_the_english_of_a_real_model(
    smollm2: Path, converter: Path, tmp_path: Path
) -> None:
    (tmp_path / "base").symlink_to(smollm2)
    write_parquet(tmp_path / "train.parquet", make_rows(24))
    write_parquet(tmp_path / "validation.parquet", make_rows(8, seed=1))
    run("train", *train_options(tmp_path, tmp_path, FEW_STEPS))
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < 0.9 * losses[0]
    checkpoint, half, small = (tmp_path / name for name in ("checkpoint", "F16.gguf", "Q8_0.gguf"))
    run(
        "export", "--checkpoint", checkpoint, "--converter", converter,
        "--metadata", json.dumps({**METADATA, "base": "SmolLM2.gguf"}), "--output", half,
    )  # fmt: skip
    run(
        "parity", "--checkpoint", checkpoint, "--gguf", half, "--output", tmp_path / "parity.json",
        "--prompts", tmp_path / "validation.parquet",
        "--settings", json.dumps({"agreement": 0.99, "greedy": 2}),
    )  # fmt: skip
    run("quantize", "--input", half, "--type", "Q8_0", "--output", small)
    before, after, quantized = right(smollm2), right(checkpoint), right(small)
    assert before >= 0.5  # by chance a quarter
    assert after == pytest.approx(before, abs=0.101)
    assert quantized == pytest.approx(after, abs=0.051)
