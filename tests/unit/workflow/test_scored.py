"""A scored model: what it is run on."""

import pytest

from configs import config
from limbeck.workflow import scored
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
