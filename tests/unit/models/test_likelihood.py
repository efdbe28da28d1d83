"""Option log-likelihoods: batched, one by one, and by a naive whole forward pass."""

from pathlib import Path
from typing import Any

import pytest

import tiny_gguf
from limbeck.errors import UserError
from limbeck.models.gguf_model import GgufModel
from limbeck.models.protocol import continuations, shared
from limbeck.models.transformers_model import TransformersModel
from limbeck.student import encoding
from tiny_checkpoint import WORDS

LETTERS = ["A", "B", "C", "D"]
LABELS = ["mtoto", "mkulima anauza samaki", "A/B", "kitabu?"]


def prompts(count: int) -> list[list[dict[str, str]]]:
    """Conversations of very different lengths, every third one with an earlier exchange."""
    found = []
    for index in range(count):
        words = [WORDS[(index * 5 + place) % 12] for place in range(1 + index * 7 % 40)]
        messages = [{"role": "user", "content": " ".join(words) + "?"}]
        if index % 3 == 0:
            answer = {"role": "assistant", "content": "mji"}
            messages = [{"role": "user", "content": "maji"}, answer, *messages]
        found.append(messages)
    return found


def naive(model: TransformersModel, messages: Any, option: str) -> float:
    """One whole forward pass over prompt and option, nothing shared, nothing padded."""
    import torch

    tokenizer, llama = model._tokenizer, model._model
    text = encoding.render(tokenizer, messages, generation_prompt=True)
    start = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    ids = torch.tensor(tokenizer(text + option, add_special_tokens=False)["input_ids"])
    with torch.inference_mode():
        logs = llama(ids[None]).logits[0].log_softmax(-1)
    return float(logs[start - 1 : -1].gather(-1, ids[start:, None]).sum())


@pytest.mark.parametrize("options", [LETTERS, LABELS, ["A"], ["A", "mtoto anasoma"]])
def test_batched_is_one_by_one_is_naive(
    transformers_model: TransformersModel, options: list[str]
) -> None:
    asked = prompts(23)
    batched = transformers_model.loglikelihood(asked, [options] * len(asked))
    for messages, scores in zip(asked, batched, strict=True):
        (alone,) = transformers_model.loglikelihood([messages], [options])
        expected = [naive(transformers_model, messages, option) for option in options]
        assert scores == pytest.approx(expected, abs=1e-4)
        assert alone == pytest.approx(expected, abs=1e-4)


def test_items_may_have_their_own_options(transformers_model: TransformersModel) -> None:
    asked, options = prompts(3), [LETTERS, LABELS, ["mji", "A"]]
    scores = transformers_model.loglikelihood(asked, options)
    for messages, names, row in zip(asked, options, scores, strict=True):
        expected = [naive(transformers_model, messages, name) for name in names]
        assert row == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("options", [LETTERS, LABELS, ["A", "mtoto anasoma"]])
def test_a_gguf_gives_the_options_of_its_checkpoint(
    transformers_model: TransformersModel, gguf_model: GgufModel, options: list[str]
) -> None:
    asked = prompts(23)
    ours = transformers_model.loglikelihood(asked, [options] * 23)
    theirs = gguf_model.loglikelihood(asked, [options] * 23)
    for a, b in zip(ours, theirs, strict=True):
        assert b == pytest.approx(a, abs=0.02)  # keys and values are F16
    best = [[row.index(max(row)) for row in rows] for rows in (ours, theirs)]
    assert best[0] == best[1]


def test_shared_and_single_sequences_agree_in_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "bytes.gguf"
    tiny_gguf.write(path)
    model = GgufModel(path, batch=3, threads=1)
    asked = [[{"role": "user", "content": "hello" * n}] for n in (1, 7, 3)]
    options = ["one", "another", "x"]  # a token a byte
    together = model.loglikelihood(asked, [options] * 3)
    for messages, scores in zip(asked, together, strict=True):
        alone = [model.loglikelihood([messages], [[option]])[0][0] for option in options]
        assert scores == pytest.approx(alone, abs=1e-2)


def after_shots(count: int) -> list[list[dict[str, str]]]:
    """Prompts that all begin with the same two worked examples."""
    shots = [
        {"role": role, "content": " ".join(WORDS[n : n + 9])}
        for n in (0, 3)
        for role in ("user", "assistant")
    ]
    return [[*shots, messages[-1]] for messages in prompts(count)]


@pytest.mark.parametrize("options", [LETTERS, LABELS])
def test_shots_that_are_computed_once_change_nothing(
    transformers_model: TransformersModel, gguf_model: GgufModel, options: list[str]
) -> None:
    asked = after_shots(11)
    ids = [transformers_model._encode(transformers_model._render(m)) for m in asked]
    assert 40 < len(transformers_model._head(ids).tokens) == shared(ids) < min(map(len, ids))
    expected = [[naive(transformers_model, m, option) for option in options] for m in asked]
    for model, tolerance in ((transformers_model, 1e-4), (gguf_model, 0.05)):
        scores = model.loglikelihood(asked, [options] * len(asked))
        for ours, theirs in zip(scores, expected, strict=True):
            assert ours == pytest.approx(theirs, abs=tolerance)


@pytest.mark.parametrize("kind", ["hybrid", "window"])
def test_states_that_cannot_be_shared_are_computed_anew(
    kind: str, checkpoint: Path, tmp_path: Path
) -> None:
    import torch
    import transformers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    common = {
        "vocab_size": len(tokenizer), "hidden_size": 64, "num_hidden_layers": 2,
        "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
    }  # fmt: skip
    torch.manual_seed(1)
    if kind == "hybrid":
        config = transformers.GraniteMoeHybridConfig(
            **common, layer_types=["mamba", "attention"], shared_intermediate_size=64,
            num_local_experts=0, mamba_n_heads=4, mamba_d_head=32, mamba_d_state=16,
            mamba_expand=2,
        )  # fmt: skip
        model = transformers.GraniteMoeHybridForCausalLM(config)
    else:
        config = transformers.MistralConfig(**common, sliding_window=16)
        model = transformers.MistralForCausalLM(config)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    opened = TransformersModel(tmp_path, batch=3, threads=1)
    asked = after_shots(4)
    assert not opened._head([opened._encode(opened._render(m)) for m in asked]).tokens
    for messages, scores in zip(asked, opened.loglikelihood(asked, [LETTERS] * 4), strict=True):
        expected = [naive(opened, messages, option) for option in LETTERS]
        assert scores == pytest.approx(expected, abs=1e-4)


SHARED = [
    ([], 0),
    ([[1, 2, 3]], 0),
    ([[1, 2, 3], [1, 2, 4]], 2),
    ([[1, 2], [1, 2, 3]], 1),
    ([[1, 2], [1, 2]], 1),
    ([[1, 2], [2, 2], [1, 2]], 0),
]


@pytest.mark.parametrize(("ids", "count"), SHARED)
def test_what_prompts_share(ids: list[list[int]], count: int) -> None:
    assert shared(ids) == count


CUTS = {
    # case: (prompt, options) -> (tokens shared, tokens of each option), a word a token
    "plain": ("q = ", ["a", "b"], (2, [1, 1])),
    "longer": ("q = ", ["a b", "c"], (2, [2, 1])),
    "the last word of the prompt grows into the option": ("q =", ["a", "b"], (1, [1, 1])),
}


@pytest.mark.parametrize("case", CUTS)
def test_where_options_begin(case: str) -> None:
    prompt, options, (shared, lengths) = CUTS[case]
    words: dict[str, int] = {}

    def encode(text: str) -> list[int]:
        return [words.setdefault(word, len(words)) for word in text.split()]

    prefix, own = continuations(encode, prompt, options)
    assert (len(prefix), [len(tokens) for tokens in own]) == (shared, lengths)


def test_a_prompt_without_tokens_is_refused() -> None:
    with pytest.raises(UserError, match="nothing before the answer"):
        continuations(lambda text: [ord(c) for c in text], "", ["a", "b"])
