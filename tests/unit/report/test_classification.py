"""The report's part on classification: every system, what is sure of it, and text as text."""

import json
from pathlib import Path
from typing import Any

import pytest

import report_build
from limbeck.classification import compare, predictions, tasks
from limbeck.files import write_json
from limbeck.report import classification
from limbeck.report.collect import Settings, collect
from limbeck.report.render import render

TASK = tasks.find("sentiment", Path(__file__).parents[3] / "config/tasks")
GOLD = ["positive", "negative"] * 100
TEST = [
    {"id": str(i), "text": f"neno {i} {report_build.SCRIPT}", "label": label}
    for i, label in enumerate(GOLD)
]
FUNNEL = {"strategies": [{"name": "language", "rows": 90}], "filters": [], "rows": 80}


def system(path: Path, right: dict[tuple[str, int], float]) -> compare.System:
    """Predictions that are right for a share of the items, by source and size."""
    rows = [
        {"source": source, "size": size, "repeat": 0, "id": row["id"], "reply": None,
         "predicted": row["label"] if i % 100 < 100 * share else None}
        for (source, size), share in right.items()
        for i, row in enumerate(TEST)
    ]  # fmt: skip
    predictions.write(path, rows)
    return compare.System(path, TEST)


def scores(folder: Path, full: float) -> dict[str, Any]:
    """The scores of a task whose classifier is right for a share of the texts."""
    teacher = system(folder / "t", {("zero-shot", 0): 0.6, ("few-shot", 0): 0.7})
    points = {("synthetic", 10): 0.4, ("synthetic", 80): full, ("human", 80): 0.9}
    own = system(folder / "s", {**points, ("seeds", 80): 0.3})
    labels = {"task": "sentiment", "labels": TASK.names}
    test = {"items": len(TEST), "chance": compare.chance(GOLD, TASK.names)}
    compared = compare.compare(TASK, TEST, teacher, {"linear": own}, 1)
    examples = {label: [report_build.SCRIPT] for label in TASK.names}
    return {**labels, "test": test, **compared, "examples": examples, "funnel": FUNNEL}


VERDICTS = [
    (0.95, "better", "beats the teacher (few-shot) from 80 examples on, at 95%"),
    (0.7, "even", "does not surely differ from the teacher"),
    (0.4, "worse", "stays below the teacher"),
]


@pytest.mark.parametrize(("share", "kind", "said"), VERDICTS)
def test_what_is_sure(share: float, kind: str, said: str, tmp_path: Path) -> None:
    view = classification.view(scores(tmp_path, share))
    verdict = view["classifiers"][0]["verdict"]
    assert verdict["kind"] == kind
    assert said in verdict["text"]


def test_the_table_has_every_system_and_source(tmp_path: Path) -> None:
    view = classification.view(scores(tmp_path, 0.95))
    cells = {row["name"]: [cell and cell["n"] for cell in row["cells"]] for row in view["rows"]}
    assert cells == {
        "teacher, zero-shot": [0, None, None, None],
        "teacher, few-shot": [0, None, None, None],
        "linear": [None, 80, 80, 80],
    }
    curve = view["classifiers"][0]["curve"]
    for name in ("teacher", "guessing", "teacher&#x27;s examples", "human texts", "seeds alone"):
        assert f">{name}</text>" in curve


def test_on_the_page_texts_are_no_markup(tmp_path: Path) -> None:
    results = tmp_path / "results"
    report_build.write(results)
    folder = results / "swh_Latn/classification/sentiment"
    found = scores(tmp_path, 0.95)
    write_json(folder / "funnel.json", found.pop("funnel"))
    write_json(folder / "scores.json", found)
    given = json.loads(report_build.settings(classification=["sentiment", "topic"]))
    settings = Settings.model_validate(given)
    page = render(settings, collect(results / "swh_Latn", settings))
    assert "The teacher wrote 90 labelled texts, 80 of which were kept" in page
    assert report_build.SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert "Classifier: topic" not in page
