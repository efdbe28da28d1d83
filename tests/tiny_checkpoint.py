"""A small Llama of random weights with a SentencePiece tokenizer, and its GGUF file."""

import os
from pathlib import Path

import pytest

from limbeck.config import Architecture
from limbeck.student import tiny
from limbeck.student.export import convert

WORDS = [
    "mtoto",
    "anasoma",
    "kitabu",
    "mkulima",
    "anauza",
    "samaki",
    "mwalimu",
    "anataka",
    "maji",
    "daktari",
    "anaona",
    "mji",
]
SPREAD = 2  # random weights as they are made give nearly the same probability to all tokens


def write(folder: Path) -> Path:
    """Write a checkpoint whose predictions depend on every token that it has read."""
    import torch
    from transformers import AutoModelForCausalLM

    text = [" ".join(WORDS[i % 12 :] + WORDS[: i % 7]) + f" {i} A B C D / . ?" for i in range(200)]
    row = {"messages": [{"role": "user", "content": line} for line in text]}
    tiny.create([row], Architecture(vocabulary=420, width=256, layers=2, heads=4), 1, folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight *= SPREAD
    model.save_pretrained(folder)
    return folder


def write_gguf(checkpoint: Path, path: Path, form: str = "f32") -> Path:
    """Convert a checkpoint to GGUF, or skip the test where there is no converter."""
    named = os.environ.get("LIMBECK_TEST_CONVERTER", "resources/llama.cpp")
    if not Path(named).is_dir():
        pytest.skip(f"{named}: llama.cpp's converter is not there (LIMBECK_TEST_CONVERTER)")
    convert(checkpoint, Path(named), path, form)
    return path
