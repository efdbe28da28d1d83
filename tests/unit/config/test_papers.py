"""The presets of the papers: what they share, and whose languages they build."""

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


CODES = """
amh arz ars asm ast azj bak ben bod ceb chv cym fao gle gla glg grn hau hat ibo jav kmr sdh kir ltz
lao lus plt mri khk mlt nya oci pap pbt run kin snd sin smo sna sot sun swh tel tgk tir tuk tat uig
xho ydd yor zul
"""


def test_all_languages_of_the_paper_are_built_by_one_command() -> None:
    build = build_of([PRESETS / "kakugo.yaml", Path("config/languages/kakugo.yaml")], [])
    assert [code[:3] for code in build.codes] == CODES.split()
    for code in build.codes:  # its corpus has texts in all of them
        assert build.texts(code).limit == 10_000
