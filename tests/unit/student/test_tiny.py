"""The built-in base: its tokenizer, its chat template, its model."""

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Architecture
from limbeck.errors import UserError
from limbeck.student import encoding, tiny

from .conftest import SYSTEM, make_rows, talk


@pytest.mark.parametrize(
    "text",
    [
        "Mtoto anasoma kitabu.",
        "  two  spaces \t tab",
        "lines\n\nand\r\nlines",
        "<think>\na b\n</think>\n\nc",
        "12345.67",
        "漢字 العربية አማርኛ 🙂👍🏽 ǃ",
        "▁ is a space's own mark",
        "",
    ],
)
def test_round_trip(tokenizer: Any, folder: Path, text: str) -> None:
    import sentencepiece

    ids = tokenizer.encode(text, add_special_tokens=False)
    pieces = sentencepiece.SentencePieceProcessor(str(folder / "base" / "tokenizer.model"))
    assert ids == pieces.encode(text)
    # The one loss: SentencePiece writes a space as ▁, so that a ▁ comes back as a space.
    assert tokenizer.decode(ids) == text.replace("▁", " ")
    assert tokenizer.encode(text) == ids, "no BOS is added"


THINKING, DIRECT = True, False


@pytest.mark.parametrize(
    ("messages", "thinking", "prompt", "text"),
    [
        (talk("A"), DIRECT, True, "<|user|>A</s><|assistant|>"),
        (talk("A", "B"), DIRECT, False, "<|user|>A</s><|assistant|>B</s>"),
        (talk("A"), THINKING, True, f"<|system|>{SYSTEM}</s><|user|>A</s><|assistant|>"),
        (talk("A", system="S"), THINKING, True, "<|system|>S</s><|user|>A</s><|assistant|>"),
        (
            talk("A", "<think>\nt\n</think>\n\nB", "C"),
            DIRECT,
            True,
            "<|user|>A</s><|assistant|><think>\nt\n</think>\n\nB</s><|user|>C</s><|assistant|>",
        ),
        (talk(" A\n"), DIRECT, False, "<|user|> A\n</s>"),
    ],
)
def test_template(tokenizer: Any, messages: Any, thinking: bool, prompt: bool, text: str) -> None:
    assert encoding.render(tokenizer, messages, thinking=thinking, generation_prompt=prompt) == text


def test_template_refuses_other_roles(tokenizer: Any) -> None:
    from jinja2 import TemplateError

    with pytest.raises(TemplateError, match="role"):
        encoding.render(tokenizer, [{"role": "tool", "content": "x"}])


def test_thinking_prompt_is_text_not_template() -> None:
    from jinja2 import Environment

    odd = "a \"b\" {{ 1 + 1 }} {% raw %} 'c' \\n \n ŋ"
    rows = [{"form": "thinking", "messages": talk("A", "B", system=odd)}]
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(tiny.chat_template(rows))
    text = template.render(messages=talk("A"), enable_thinking=True)
    assert text == f"<|system|>{odd}</s><|user|>A</s>"


def test_one_thinking_prompt_or_none() -> None:
    assert 'thinking_prompt = ""' in tiny.chat_template(make_rows(0))
    rows = [
        {"form": "thinking", "messages": talk("A", "B", system=system)} for system in ("S", "T")
    ]
    with pytest.raises(UserError, match="2 system prompts"):
        tiny.chat_template(rows)
    briefly = {"form": "thinking", "messages": talk("A", "B", system="S Answer briefly.")}
    assert 'thinking_prompt = "S"' in tiny.chat_template([briefly, rows[0]])


def test_base_is_a_plain_checkpoint(folder: Path) -> None:
    base = folder / "base"
    assert {path.name for path in base.iterdir()} == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
    }
    config = json.loads((base / "config.json").read_text())
    assert config["tie_word_embeddings"]
    assert config["vocab_size"] == 420
    assert config["intermediate_size"] % 256 == 0
    assert json.loads((base / "generation_config.json").read_text())["eos_token_id"] == 2


def test_seed_decides_the_weights(folder: Path, tmp_path: Path) -> None:
    from .conftest import ARCHITECTURE

    def weights(seed: int, name: str) -> bytes:
        tiny.create(make_rows(160), ARCHITECTURE, seed, tmp_path / name)
        return (tmp_path / name / "model.safetensors").read_bytes()

    assert weights(1, "a") == (folder / "base" / "model.safetensors").read_bytes()
    assert weights(2, "b") != weights(1, "c")


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture(vocabulary=50_000, layers=1), "architecture.vocabulary: 50000"),
        (Architecture(vocabulary=420, layers=1, heads=3), "cannot be shared by 3 heads"),
    ],
)
def test_impossible_architecture(architecture: Architecture, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        tiny.create(make_rows(160), architecture, 1, tmp_path / "base")
