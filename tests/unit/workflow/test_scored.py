"""A scored model: what it is run on, and of how many items it is asked."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from configs import config
from limbeck.evaluation import spbleu
from limbeck.files import write_text
from limbeck.workflow import programs, scored
from limbeck.workflow.build import load


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize(
    ("model", "accelerator", "threads"),
    [
        ("teacher", "never", 1),
        ("tiny/base", "always", 1),
        ("tiny/Q8_0", "never", 1),  # faster beside each other
        ("own/student", "always", 1),
        ("own/F16", "built", 16),
        ("comparisons/theirs", "always", 1),
        ("comparisons/file", "built", 16),
    ],
)
def test_a_file_is_asked_on_an_accelerator_that_llama_cpp_can_use(
    model: str, accelerator: str, threads: int, built: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored, "llama_is_for_cuda", lambda: built)
    values = config()
    values["students"]["own"] = {"base": "owner/name"}
    compared = {"theirs": "owner/model", "file": "owner/model-GGUF/Q8_0.gguf@c0ffee"}
    values["benchmarks"]["comparisons"] = compared
    build = load(values)
    assert scored.on_accelerator(build, model) == (
        accelerator == "always" or (built and accelerator == "built")
    )
    assert scored.threads(build, model) == threads


@pytest.mark.parametrize(
    ("model", "limit", "fewer"),
    [
        ("tiny/base", 100, None),
        ("tiny/student", 100, 20),
        ("tiny/F16", 20, 20),
        ("tiny/Q8_0", 20, 20),
        ("tiny/Q8_0", 100, None),
        ("tiny/Q8_0", 100, 500),
        ("comparisons/Q8_0", 100, 20),  # named like a quantization
        ("comparisons/F16", 100, 20),
    ],
)
def test_of_a_students_files_fewer_items_are_asked(
    model: str, limit: int, fewer: int | None
) -> None:
    values = config()
    values["benchmarks"] |= {"limit": 100, "limit_quantized": fewer}
    values["benchmarks"]["comparisons"] = dict.fromkeys(["Q8_0", "F16"], "owner/repo/file.gguf")
    wildcards = SimpleNamespace(model=model, benchmark="sib200", language="swh_Latn")
    assert json.loads(scored.settings(load(values), wildcards))["limit"] == limit


def test_a_tokenizer_that_is_there_now_makes_the_scores_of_translations_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert programs.tokenizer() == spbleu.model()
    monkeypatch.setenv("SACREBLEU", str(tmp_path))
    build = load(config())

    def codes() -> dict[str, str]:
        asked = {
            name: SimpleNamespace(model="tiny/student", benchmark=name, language="swh_Latn")
            for name in ("flores_from_english", "sib200", "sums")
        }
        return {name: programs.score(build, wildcards) for name, wildcards in asked.items()}

    before = codes()
    write_text(programs.tokenizer(), "pieces")
    after = codes()
    assert {name for name in before if before[name] != after[name]} == {"flores_from_english"}
