"""Multiple choice equals lm-evaluation-harness: the same prompts, log-likelihoods and options."""

from pathlib import Path
from typing import Any

import pytest

import harness
import real_texts
import tiny_checkpoint
from limbeck.evaluation import multiple_choice, prepare
from limbeck.evaluation.answers import Kept, ask
from limbeck.evaluation.catalogue import BENCHMARKS, load_instructions
from limbeck.evaluation.questions import Settings, questions
from limbeck.languages import resolve
from limbeck.models.transformers_model import TransformersModel

PROMPTS = Path(__file__).parents[3] / "config" / "prompts" / "benchmarks.yaml"
CARD = resolve("swh_Latn").card()


def source(name: str) -> str:
    return str(real_texts.folder() / "sib200") if name == "sib200" else "builtin"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint.write(tmp_path_factory.mktemp("harness") / "checkpoint")


@pytest.fixture(scope="module")
def theirs(checkpoint: Path) -> Any:
    pytest.importorskip("lm_eval", reason="lm-eval is not installed")
    return harness.model(checkpoint, batch=8)


# Letters after worked examples, labels without, whole options after examples.
CASES = [("belebele", 3, "letters", 40), ("sib200", 0, "letters", 40), ("belebele", 1, "whole", 20)]


@pytest.mark.parametrize(("name", "shots", "options", "count"), CASES)
def test_the_harness_gives_the_same(
    name: str, shots: int, options: Any, count: int, checkpoint: Path, theirs: Any, tmp_path: Path
) -> None:
    benchmark = BENCHMARKS[name]
    test, examples = prepare.rows(benchmark, CARD, prepare.Settings(source=source(name), seed=1))
    settings = Settings(
        shots=shots, limit=count, max_tokens=8, choose_by="likelihood", options=options, seed=1
    )
    asked = questions(benchmark, test, examples, load_instructions(PROMPTS), CARD, settings)
    samples = harness.evaluate(theirs, harness.task(tmp_path, asked))
    model = TransformersModel(checkpoint, batch=8, threads=2)
    answers = ask(asked, model, settings, Kept(None))
    assert len(samples) == count
    for index, sample in enumerate(samples):
        item = asked.items[index]
        assert {request for request, _ in sample["arguments"]} == {
            model._render(asked.prompts[index])
        }
        figures = [float(found[0]) for found in sample["filtered_resps"]]
        assert answers.scores is not None
        assert list(answers.scores[index].values()) == pytest.approx(figures, abs=1e-4)
        chosen = multiple_choice.best(
            asked.compared(item, dict(zip(item.options, figures, strict=True)))
        )
        assert answers.predicted[index] == chosen
        assert sample["acc_norm" if asked.whole else "acc"] == float(chosen == item.gold)
