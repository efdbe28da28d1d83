"""The report's part on classification: every system, what is sure of it, and text as text."""

import json
from pathlib import Path

import pytest

import report_build
from limbeck.files import write_json
from limbeck.languages import resolve
from limbeck.report import classification, classifiers
from limbeck.report.collect import Settings, collect
from limbeck.report.render import render

VERDICTS = [
    (0.95, "better", "beats the teacher (few-shot) from 80 examples on, at 95%"),
    (0.7, "even", "does not surely differ from the teacher"),
    (0.4, "worse", "stays below the teacher"),
]


@pytest.mark.parametrize(("share", "kind", "said"), VERDICTS)
def test_what_is_sure(share: float, kind: str, said: str, tmp_path: Path) -> None:
    view = classification.view(report_build.classified(tmp_path, share))
    verdict = view["classifiers"][0]["verdict"]
    assert verdict["kind"] == kind
    assert said in verdict["text"]


def test_what_is_sure_of_a_model_that_is_shown_nothing(tmp_path: Path) -> None:
    found = report_build.classified(tmp_path, 0.95)
    body = found["classifiers"]["linear"]
    best = max(body["points"], key=lambda point: float(point["macro_f1"]))
    body |= {"points": [best | {"source": "zero-shot", "n": 0}], "beats_teacher_from": None}
    verdict = classification.view(found)["classifiers"][0]["verdict"]
    assert verdict["kind"] == "better"
    assert "linear beats the teacher (few-shot), at 95%; with no example the" in verdict["text"]


def test_the_table_has_every_system_and_source(tmp_path: Path) -> None:
    view = classification.view(report_build.classified(tmp_path, 0.95))
    cells = {row["name"]: [cell and cell["n"] for cell in row["cells"]] for row in view["rows"]}
    assert cells == {
        "teacher, zero-shot": [0, None, None, None],
        "teacher, few-shot": [0, None, None, None],
        "linear": [None, 80, 80, 80],
    }
    curve = view["classifiers"][0]["curve"]
    for name in ("teacher", "guessing", "teacher&#x27;s examples", "human texts", "seeds alone"):
        assert f">{name}</text>" in curve


def test_one_chart_has_all_classifiers_of_several_sizes(tmp_path: Path) -> None:
    found = report_build.classified(tmp_path, 0.95)
    assert classification.view(found)["overview"] is None
    linear = found["classifiers"]["linear"]
    many = {f"number{i}": linear for i in range(6)}
    point = linear["points"][0]
    zero = linear | {"points": [point | {"source": "zero-shot", "n": 0}]}
    view = classification.view(found | {"classifiers": {**many, "zero": zero}})
    for name in many:
        assert f">{name}</text>" in view["overview"]
    assert ">zero</text>" not in view["overview"]
    assert 'class="curve c0 dashed"' in view["overview"]
    [row] = [row for row in view["rows"] if row["name"] == "zero"]
    assert [bool(cell) for cell in row["cells"]] == [True, False, False, False]


def test_examples_that_were_given_and_strategies_apart(tmp_path: Path) -> None:
    found = report_build.classified(tmp_path, 0.95)
    points = found["classifiers"]["linear"]["points"]
    for point in [point for point in points if point["source"] == "synthetic"]:
        points.append(point | {"source": "language+check"})
    view = classification.view(found)
    assert view["sources"][-1] == "language+check"
    assert ">language+check</text>" in view["classifiers"][0]["curve"]
    assert not view["given"]
    assert classification.view(found | {"teacher": {}, "teacher_best": None})["given"]


def test_without_a_teacher_the_page_speaks_of_none(tmp_path: Path) -> None:
    results = tmp_path / "results"
    report_build.write(results)
    report_build.write_classified(results / "swh_Latn/classification", tmp_path, asked=False)
    given = json.loads(report_build.settings(classification=["sentiment"]))
    settings = Settings.model_validate(given)
    page = render(settings, collect(results / "swh_Latn", settings))
    section = page[page.index('<section id="classifiers">') : page.index('<section id="samples">')]
    assert "No teacher was asked: classifiers learned from people&#39;s" in section.replace(
        "people's", "people&#39;s"
    )
    assert "linear: texts that it takes for something else" in section
    for text in ("The teacher wrote", "Teacher</th>", "than the teacher", "The seeds are"):
        assert text not in section


def test_on_the_page_texts_are_no_markup(tmp_path: Path) -> None:
    results = tmp_path / "results"
    report_build.write(results)
    report_build.write_classified(results / "swh_Latn/classification", tmp_path)
    given = json.loads(report_build.settings(classification=["sentiment", "topic"]))
    settings = Settings.model_validate(given)
    page = render(settings, collect(results / "swh_Latn", settings))
    assert "The teacher wrote 90 labelled texts, 80 of which were kept" in page
    assert report_build.SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert "Classifier: topic" not in page


def test_classifiers_have_a_page_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "swh_Latn"
    report_build.write_classified(folder / "classification", tmp_path)
    write_json(folder / "language.json", resolve("Swahili").card())
    teacher = {"model": "a teacher", "server": None}
    settings = classifiers.Settings(teacher=teacher, classification=["sentiment"])
    page = classifiers.render(folder, settings)
    assert "Classifier: sentiment" in page
    assert "human-labelled texts that none of them had seen" in page
    assert "demonstrator" not in page
