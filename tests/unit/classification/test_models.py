"""Encoders and compact language models as classifiers: small real ones."""

import math
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

import tiny_checkpoint
from limbeck import files
from limbeck.classification import encoder, examples, kinds, llm, tasks
from limbeck.config import Architecture, Classifier
from limbeck.files import Row
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.student import tiny

pytest.importorskip("transformers")

ROOT = Path(__file__).parents[3]
CARD = resolve("Swahili").card()
TASK = tasks.find("sentiment", ROOT / "config/tasks")
INSTRUCTIONS = load(ROOT / "config/prompts/classification.yaml", examples.TEMPLATES)
CONTEXT = kinds.Context(TASK, CARD, INSTRUCTIONS, 2)
WORDS = {"positive": tiny_checkpoint.WORDS[:4], "negative": tiny_checkpoint.WORDS[4:8]}


def rows(first: int, count: int) -> list[Row]:
    """Texts whose words tell the label."""
    return [
        {"id": str(i), "label": label, "text": f"{WORDS[label][i % 4]} {WORDS[label][i // 4 % 4]}"}
        for i in range(first, first + count)
        for label in [TASK.names[i % 2]]
    ]


HELD = rows(100, 8)


def said(model: kinds.Trained) -> list[str | None]:
    return list(model.predict([row["text"] for row in HELD]))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights."""
    return tiny_checkpoint.write(tmp_path_factory.mktemp("base"))


def saved_and_loaded(model: kinds.Trained, settings: Classifier, folder: Path) -> kinds.Trained:
    kinds.save(model, settings, "sentiment", "swh_Latn", folder)
    return kinds.load(folder)


def test_an_encoder(tmp_path: Path) -> None:
    settings = Classifier(
        kind="encoder", base="builtin:tiny",
        fine_tuning={"learning_rate": 3e-3, "epochs": 15, "patience": 15, "batch": 8},
    )  # fmt: skip
    model = kinds.train(rows(0, 80), settings, 1, CONTEXT)
    assert said(model) == [row["label"] for row in HELD]
    assert said(saved_and_loaded(model, settings, tmp_path)) == said(model)
    assert list(tmp_path.glob("*.safetensors"))


def test_an_encoder_without_early_stopping(tmp_path: Path) -> None:
    """As in arXiv 2601.16278: all epochs on all examples, at one rate, batches by their number."""
    tuning: dict[str, Any] = {
        "learning_rate": 3e-3, "epochs": 6, "patience": None, "batch": {20: 4, 40: 6, 100: 8},
        "schedule": "constant", "warmup": 0.0, "dropout": 0.3,
    }  # fmt: skip
    settings = Classifier(kind="encoder", base="builtin:tiny", fine_tuning=tuning, even_labels=True)
    model = kinds.train(rows(0, 80), settings, 1, CONTEXT)
    assert isinstance(model, encoder.Encoder)
    assert said(model) == [row["label"] for row in HELD]
    assert model.model.config.classifier_dropout == 0.3
    sizes = {count: encoder.batch(settings.fine_tuning, count) for count in (10, 20, 21, 41, 900)}
    assert sizes == {10: 4, 20: 4, 21: 6, 41: 8, 900: 8}


def test_an_encoder_of_one_text_a_label_goes_through_all_epochs() -> None:
    """There is none to hold out, and so none that says that an epoch was the best."""
    one = {row["label"]: row for row in rows(0, 8)}.values()
    tuning = {"learning_rate": 3e-3, "epochs": 30, "warmup": 0.0, "schedule": "constant"}
    settings = Classifier(kind="encoder", base="builtin:tiny", fine_tuning=tuning)
    model = kinds.train(list(one), settings, 1, CONTEXT)
    assert model.predict([row["text"] for row in one]) == [row["label"] for row in one]
    assert isinstance(model, encoder.Encoder)
    weights = {row["label"]: 1.0 for row in one}
    loss = encoder._loss(model, list(one), dict(sorted(weights.items())))
    assert float(loss.detach()) < 0.1


def test_an_encoder_reads_as_much_when_it_is_loaded(tmp_path: Path) -> None:
    """It is cut where it was in training, by its base's positions where these are fewer."""
    tuning = {"epochs": 1, "max_length": 8, "patience": None}
    settings = Classifier(kind="encoder", base="builtin:tiny", fine_tuning=tuning)
    model = kinds.train(rows(0, 8), settings, 1, CONTEXT)
    loaded = saved_and_loaded(model, settings, tmp_path)
    for each in (model, loaded):
        assert isinstance(each, encoder.Encoder)
        assert each.encode(["neno " * 99])["input_ids"].shape == (1, 8)


@pytest.mark.parametrize(
    ("family", "count"),
    [("xlm-roberta", 510), ("bert", 512), ("distilbert", 512), ("xlnet", sys.maxsize)],
)
def test_the_positions_of_a_base(family: str, count: int) -> None:
    from transformers import AutoConfig

    assert encoder._positions(AutoConfig.for_model(family)) == count


@pytest.mark.parametrize("family", ["xlm-roberta", "modernbert", "distilbert", "deberta-v2", "t5"])
def test_the_dropout_of_a_head(family: str) -> None:
    from transformers import AutoConfig

    config = AutoConfig.for_model(family)
    settings = Classifier(kind="encoder", base="owner/name", fine_tuning={"dropout": 0.2})
    encoder._set_dropout(config, settings)
    assert 0.2 in config.to_dict().values()


def test_a_trained_language_model(tmp_path: Path) -> None:
    """Trained by the students' trainer, saved whole, and gone from where it was made."""
    if find_spec("unsloth") is None:  # imported here, it would change this process's environment
        pytest.skip("unsloth is not installed")
    plain = llm.wording(TASK, CARD, INSTRUCTIONS)
    asked = [{"messages": plain.prompt(row["text"])} for row in rows(0, 64)]
    tiny.create(asked, Architecture(vocabulary=420, layers=2), 1, tmp_path / "base")
    settings = Classifier(
        kind="instruct", base=str(tmp_path / "base"),
        training={
            "learning_rate": 2e-3, "max_steps": 96, "step_rows": 8, "max_length": 256,
            "validations": 0,
        },
    )  # fmt: skip
    model = kinds.train(rows(0, 64), settings, 1, CONTEXT)
    assert isinstance(model, llm.Choosing)
    work = model.base.parent
    right = [row["label"] for row in HELD]
    assert said(model) == right
    loaded = saved_and_loaded(model, settings, tmp_path / "model")
    del model
    assert not work.exists()
    assert said(loaded) == right


def demonstrations() -> list[Row]:
    return rows(0, 4)


def test_the_direct_way(base: Path, tmp_path: Path) -> None:
    settings = Classifier(kind="icl", base=str(base))
    model = kinds.train(demonstrations(), settings, 1, CONTEXT)
    assert isinstance(model, llm.Choosing)
    assert isinstance(model.way, llm.Wording)
    prompt = model.way.prompt("a {text} of braces")
    assert [turn["role"] for turn in prompt] == ["user", "assistant"] * 4 + ["user"]
    assert prompt[-1]["content"].endswith("\n\na {text} of braces")
    assert Counter(turn["content"] for turn in prompt if turn["role"] == "assistant") == {
        "positive": 2, "negative": 2,
    }  # fmt: skip
    assert model.way.weights(model.model, ["samaki"])[0] == pytest.approx(
        [x / 8 for x in model.model.loglikelihood([model.way.prompt("samaki")], [TASK.names])[0]]
    )
    assert said(saved_and_loaded(model, settings, tmp_path)) == said(model)


def likelihood(base: Path, messages: list[dict[str, str]], text: str) -> float:
    """Log-likelihood of a reply, token after token, without any of our code."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    start, whole = (
        tokenizer(part, add_special_tokens=False)["input_ids"] for part in (prompt, prompt + text)
    )
    with torch.inference_mode():
        logs = model(torch.tensor([whole])).logits[0].log_softmax(-1)
    steps = range(len(start), len(whole))
    return math.fsum(float(logs[i - 1, whole[i]]) for i in steps)


def test_the_noisy_channel(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Classifier(kind="icl", base=str(base), by="channel")
    model = kinds.train(demonstrations(), settings, 1, CONTEXT)
    assert isinstance(model, llm.Choosing)
    assert isinstance(model.way, llm.Channel)
    given = [row["text"] for row in rows(0, 4) if row["label"] == "positive"]
    for text, shown in zip(given, model.way.contexts["positive"], strict=True):
        request, reply, again = shown
        assert request == again == {"role": "user", "content": request["content"]}
        assert reply == {"role": "assistant", "content": text}
        assert "positive" in request["content"]
        assert TASK.labels["positive"].description in request["content"]
    texts = [row["text"] for row in HELD]
    weights = model.way.weights(model.model, texts)
    for text, row in list(zip(texts, weights, strict=True))[:3]:
        expected = [
            fmean(likelihood(base, context, text) for context in model.way.contexts[label])
            for label in TASK.names
        ]
        assert row == pytest.approx(expected, abs=1e-3)
    monkeypatch.setattr(llm, "_TEXTS", 3)
    for row, again in zip(weights, model.way.weights(model.model, texts), strict=True):
        assert again == pytest.approx(row, abs=1e-3)
    assert said(saved_and_loaded(model, settings, tmp_path)) == said(model)
    assert files.read_json(tmp_path / llm.CHOICE)["contexts"] == model.way.contexts


def test_the_channel_in_words_of_the_language() -> None:
    task = tasks.find("topic", ROOT / "config/tasks")
    texts = [{"id": "1", "text": "Tazama mchezo.", "label": "sports"}]
    way = llm.channel(task, CARD, INSTRUCTIONS, texts, "Andika {label} kuhusu {name}.")
    asked = {"role": "user", "content": "Andika sports kuhusu michezo."}
    shown = {"role": "assistant", "content": texts[0]["text"]}
    assert way.contexts["sports"] == [[asked, shown, asked]]
    assert [len(contexts) for contexts in way.contexts.values()] == [1] * 7
    other = llm.channel(task, resolve("Yoruba").card(), INSTRUCTIONS, [], "{name}")
    assert other.contexts["travel"] == [[{"role": "user", "content": "travel"}]]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "linear", "base": "x"}, "'base' names what"),
    ({"kind": "icl"}, "'base' names what"),
    ({"kind": "icl", "base": "builtin:tiny"}, "of an encoder"),
    ({"kind": "encoder", "base": "builtin:large"}, "of an encoder"),
    ({"kind": "icl", "base": "m", "prompt": "Andika."}, "label.name"),
    ({"kind": "icl", "base": "m", "by": "chanel"}, "'label' or 'channel'"),
]


@pytest.mark.parametrize(("section", "message"), BAD)
def test_sections_that_make_no_sense(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Classifier(**section)
