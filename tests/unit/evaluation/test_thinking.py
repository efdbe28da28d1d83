"""Thinking is asked for in a score as it was in training, whatever its template knows."""

from pathlib import Path
from typing import Any

import pytest

from limbeck.dataset import mix
from limbeck.evaluation import prepare
from limbeck.evaluation.catalogue import find, load_instructions
from limbeck.evaluation.questions import Questions, Settings, questions
from limbeck.generation.instructions import load
from limbeck.generation.templates import TEMPLATES
from limbeck.languages import resolve
from limbeck.models.chat_template import ChatTemplate
from limbeck.student import encoding, tiny
from limbeck.workflow import scored
from limbeck.workflow.options import build_of

ROOT = Path(__file__).parents[3]
PROMPTS = ROOT / "config" / "prompts"
CARD = dict(resolve("swh_Latn").card())
WORDING = mix.Wording.of(load(PROMPTS / "dataset.yaml", TEMPLATES), CARD, {})
WITHOUT_SWITCH = """\
{%- for message in messages %}
{{- '<' + message.role + '>' + message.content + '</s>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<assistant>' }}
{%- endif %}
"""
# As Qwen 3's: without thinking it begins the answer with an empty trace.
WITH_SWITCH = WITHOUT_SWITCH.replace(
    "{{- '<assistant>' }}",
    "{{- '<assistant>' + ('' if enable_thinking else '<think></think>') }}",
)


def asked(monkeypatch: pytest.MonkeyPatch, thinking: bool) -> Questions:
    monkeypatch.chdir(ROOT)
    benchmark = find("belebele")
    rows, shots = prepare.rows(benchmark, CARD, prepare.Settings(source="builtin", seed=1))
    settings = Settings(
        shots=0, limit=3, max_tokens=8, choose_by="generation", seed=1, thinking=thinking,
        thinking_prompt=scored.thinking_prompt(build_of([], []).config),
    )  # fmt: skip
    texts = load_instructions(PROMPTS / "benchmarks.yaml")
    return questions(benchmark, rows, shots, texts, CARD, settings)


def tokenizer(template: str) -> Any:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), chat_template=template)


@pytest.mark.parametrize("kind", ["without", "with", "builtin"])
@pytest.mark.parametrize("thinking", [True, False])
def test_a_prompt_is_that_of_a_training_row(
    monkeypatch: pytest.MonkeyPatch, kind: str, thinking: bool
) -> None:
    (question,) = asked(monkeypatch, thinking=False).prompts[0]
    row = {
        "messages": [question, {"role": "assistant", "content": "B"}],
        "reasoning": "It is said at the end.",
        "length": "long",
    }
    trained = mix.thinking(row, WORDING) if thinking else mix.direct(row, WORDING)
    template = {"without": WITHOUT_SWITCH, "with": WITH_SWITCH}.get(kind)
    template = template or tiny.chat_template([mix.thinking(row, WORDING)])
    expected = encoding.render(
        tokenizer(template), trained["messages"][:-1], thinking=thinking, generation_prompt=True
    )
    prompt = asked(monkeypatch, thinking).prompts[0]
    assert ChatTemplate(template, {}).render(prompt, thinking=thinking) == expected
    assert expected.count(WORDING.thinking) == thinking
