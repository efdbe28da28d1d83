"""The students of the ablations differ in their mixture alone."""

from pathlib import Path

from limbeck.config import Config
from limbeck.workflow.options import build_of

PRESETS = Path("config/presets")


def config(*names: str) -> Config:
    files = [PRESETS / f"{name}.yaml" for name in names]
    return build_of(files, ["languages=[Kinyarwanda]"]).config


def test_ablations_change_the_mixture_alone() -> None:
    found, paper = config("kakugo", "ablations"), config("kakugo")
    granite = paper.students["granite"]
    assert found.students["granite"] == granite
    for name, student in found.students.items():
        assert student.model_copy(update={"mixture": granite.mixture}) == granite, name
    assert found.model_copy(update={"students": paper.students, "gguf": paper.gguf}) == paper
