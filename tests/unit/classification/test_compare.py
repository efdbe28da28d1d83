"""Comparing systems, the curve's runs, and limbeck classify."""

import io
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from limbeck import cli
from limbeck.classification import (
    compare,
    curve,
    examples,
    kinds,
    predictions,
    tasks,
)
from limbeck.config import Classifier
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation.instructions import load
from limbeck.languages import resolve

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[3]
CARD = resolve("Swahili").card()
TASK = tasks.find("sentiment", ROOT / "config/tasks")
INSTRUCTIONS = load(ROOT / "config/prompts/classification.yaml", examples.TEMPLATES)
GOLD = ["positive", "negative"] * 100
TEST = [{"id": str(i), "text": f"neno {i}", "label": label} for i, label in enumerate(GOLD)]


def system(path: Path, right: dict[tuple[str, int], list[float]]) -> compare.System:
    """Predictions that are right for a share of the items, by source and size, a share a repeat."""
    rows = [
        {"source": source, "size": size, "repeat": repeat, "id": row["id"],
         "predicted": row["label"] if i % 100 < 100 * share else None, "reply": None}
        for (source, size), shares in right.items()
        for repeat, share in enumerate(shares)
        for i, row in enumerate(TEST)
    ]  # fmt: skip
    predictions.write(path, rows)
    return compare.System(path, TEST)


def test_a_size_that_a_larger_one_belies_is_none_from_which_the_teacher_is_beaten(
    tmp_path: Path,
) -> None:
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.7]})
    student = system(
        tmp_path / "s",
        {("synthetic", 10): [0.9], ("synthetic", 50): [0.6], ("synthetic", 200): [0.9],
         ("synthetic", 400): [0.9]},
    )  # fmt: skip
    found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
    assert found["classifiers"]["linear"]["beats_teacher_from"] == 200


def test_equals_are_seldom_said_to_beat_each_other(tmp_path: Path) -> None:
    """Six sizes, teacher and student equally strong: at most one in twenty is a false alarm."""
    rng = random.Random(3)

    def equal() -> list[Row]:
        return [
            {"source": "synthetic", "size": size, "repeat": 0, "id": row["id"],
             "predicted": row["label"] if rng.random() < 0.75 else None, "reply": None}
            for size in (10, 20, 50, 100, 200, 400)
            for row in TEST
        ]  # fmt: skip

    alarms = 0
    for _ in range(60):
        predictions.write(tmp_path / "s", equal())
        predictions.write(tmp_path / "t", [row | {"size": 0} for row in equal()[: len(TEST)]])
        systems = (compare.System(tmp_path / name, TEST) for name in ("t", "s"))
        teacher, student = systems
        found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
        alarms += found["classifiers"]["linear"]["beats_teacher_from"] is not None
    assert alarms <= 0.05 * 60


def test_the_smallest_size_that_beats_the_teacher(tmp_path: Path) -> None:
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.6], ("few-shot", 0): [0.7]})
    student = system(
        tmp_path / "s",
        {("synthetic", 10): [0.5, 0.4], ("synthetic", 50): [0.7, 0.72],
         ("synthetic", 200): [0.9, 0.95], ("human", 10): [1.0], ("seeds", 200): [0.3]},
    )  # fmt: skip
    found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
    assert found["teacher_best"] == "few-shot"
    assert found["teacher"]["few-shot"]["unparsed"] == 60
    linear = found["classifiers"]["linear"]
    assert linear["beats_teacher_from"] == 200
    sure = {(p["source"], p["n"]): p["to_teacher"]["sure"] for p in linear["points"]}
    assert sure == {
        ("human", 10): True, ("seeds", 200): False, ("synthetic", 10): False,
        ("synthetic", 50): False, ("synthetic", 200): True,
    }  # fmt: skip
    assert linear["full"]["accuracy"] == 0.9
    assert len(linear["disagreements"]) == 5


def test_a_missing_prediction_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p"
    predictions.write(path, [{"source": "zero-shot", "size": 0, "repeat": 0, "id": "0",
                              "predicted": None, "reply": "?"}])  # fmt: skip
    with pytest.raises(UserError, match="no prediction of the test text '1'"):
        compare.System(path, TEST)


def test_chance_of_two_even_labels() -> None:
    assert compare.chance(GOLD, TASK.names) == {"accuracy": 0.5, "macro_f1": 0.5}


def test_chance_counts_a_label_without_a_text_as_the_scores_do() -> None:
    found = compare.chance(GOLD, [*TASK.names, "none"])
    assert found == {"accuracy": 0.5, "macro_f1": round((0.4 + 0.4 + 0) / 3, 4)}


def rows(count: int, prefix: str) -> list[Row]:
    return [
        {"id": f"{prefix}{i}", "text": f"{GOLD[i]} {i}", "label": GOLD[i]} for i in range(count)
    ]


def test_what_a_model_is_shown() -> None:
    """`icl` sees so many examples of each label; the control sees as many seeds, none twice."""
    classifier = Classifier(kind="icl", base="m", shots=3)
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=2, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 6): 2, ("human", 6): 2, ("seeds", 4): 1,
    }  # fmt: skip
    for run in found:
        assert len({row["id"] for row in run.rows}) == run.size
        assert set(Counter(row["label"] for row in run.rows).values()) == {run.size // 2}


def test_what_a_model_is_shown_of_samples() -> None:
    """As many at each size, of ever more texts; a sample that does not hold them is none."""
    classifier = Classifier(kind="icl", base="m", shots=3)
    settings = curve.Settings(classifier=classifier, sizes=[4, 6, 20], repeats=9, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 6): 9, ("synthetic", 20): 9, ("synthetic", 40): 9,
        ("human", 6): 9, ("human", 20): 9, ("human", 40): 9, ("seeds", 4): 1,
    }  # fmt: skip
    assert {len(run.rows) for run in found if run.source != "seeds"} == {6}
    ids = {run[:3]: {row["id"] for row in run.rows} for run in found}
    assert all(ids["synthetic", 6, i] != ids["synthetic", 20, i] for i in range(9))


def test_a_model_that_is_shown_nothing(tmp_path: Path) -> None:
    classifier = Classifier(kind="icl", base="m", shots=0)
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=2, seed=1)
    assert list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings)) == [
        ("zero-shot", 0, 0, [])
    ]
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.6]})
    model = system(tmp_path / "s", {("zero-shot", 0): [0.9]})
    [found] = compare.compare(TASK, TEST, teacher, {"icl": model}, 1)["classifiers"].values()
    assert found["full"]["accuracy"] == 0.9
    assert found["points"][0]["to_teacher"]["sure"]
    assert found["beats_teacher_from"] is None


@pytest.mark.parametrize(
    ("classifier", "whole"),
    [
        (Classifier(kind="linear"), 1),  # it would learn the same from the same texts
        (Classifier(kind="encoder", base="m"), 2),
    ],
)
def test_runs_of_a_curve(classifier: Classifier, whole: int) -> None:
    settings = curve.Settings(classifier=classifier, sizes=[10, 20, 100], repeats=2, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 10): 2, ("synthetic", 20): 2, ("synthetic", 40): whole,
        ("human", 10): 2, ("human", 20): 2, ("human", 40): 2, ("seeds", 40): 1,
    }  # fmt: skip
    assert all(len(run.rows) == run.size for run in found)
    assert len({row["id"] for row in found[-1].rows}) == 4


def test_strategies_apart_are_sources_of_their_own() -> None:
    written = [row | {"strategy": name} for name in ("language", "summaries+check")
               for row in rows(20, name)]  # fmt: skip
    for classifier in (Classifier(kind="linear"), Classifier(kind="icl", base="m")):
        settings = curve.Settings(classifier=classifier, sizes=[], repeats=1, seed=1, apart=True)
        found = Counter(run.source for run in curve.runs(written, rows(9, "h"), [], settings))
        assert found == dict.fromkeys(("synthetic", "language", "summaries+check", "human"), 1)


@pytest.mark.parametrize(
    ("classifier", "seeds"),
    [(Classifier(kind="linear"), 20), (Classifier(kind="icl", base="m", shots=3), 4)],
)
def test_a_text_that_strategies_share_is_one_of_all_together(
    classifier: Classifier, seeds: int
) -> None:
    """`language` and `language+check` ask alike, and have the same texts under ids of their own."""
    written = [
        row | {"id": f"{name}-{row['id']}", "strategy": name}
        for name in ("language", "language+check")
        for row in rows(20, "s")
    ]
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=1, seed=1, apart=True)
    found = {
        run.source: run.rows for run in curve.runs(written, rows(60, "h"), rows(4, "h"), settings)
    }
    assert len({row["text"] for row in found["synthetic"]}) == len(found["synthetic"])
    assert len(found["seeds"]) == seeds
    sizes = {len(found[name]) for name in ("synthetic", "language", "language+check", "human")}
    assert sizes == ({20} if classifier.kind == "linear" else {6})


def test_without_a_teacher_all_learn_from_people() -> None:
    linear, shown = Classifier(kind="linear"), Classifier(kind="icl", base="m", shots=3)
    for classifier, sizes, expected in (
        (linear, [10], {("human", 10): 2, ("human", 60): 1}),
        (shown, [], {("human", 6): 2}),
    ):
        settings = curve.Settings(classifier=classifier, sizes=sizes, repeats=2, seed=1)
        found = curve.runs([], rows(60, "h"), rows(4, "h"), settings)
        assert Counter((run.source, run.size) for run in found) == expected


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A results folder with a classifier."""
    settings = Classifier(kind="linear")
    context = kinds.Context(TASK, CARD, INSTRUCTIONS, 1)
    model = kinds.train(rows(20, "s"), settings, 1, context)
    folder = tmp_path / "swh_Latn/classification/sentiment/linear/model"
    kinds.save(model, settings, "sentiment", "swh_Latn", folder)
    return tmp_path


TEXTS = "positive 77\n\nnegative 78\n"


def classify_texts(
    built: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, texts: bytes = TEXTS.encode()
) -> int:
    options = cli.parser().parse_args(["classify", *arguments, "--results", str(built)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(texts), encoding="utf-8"))
    code: int = options.run(options)
    return code


def test_limbeck_classify(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify_texts(built, monkeypatch, "sentiment", "Swahili") == 0
    assert capsys.readouterr().out == "positive\tpositive 77\nnegative\tnegative 78\n"
    classify_texts(built, monkeypatch, "sentiment", "sw", "--json")
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[1]) == {"label": "negative", "text": "negative 78"}


MISTAKES = [
    (["topic", "Swahili"], "no classifier for 'topic'.*only for sentiment"),
    (["../sentiment", "Swahili"], "no classifier for '../sentiment'"),
    (["sentiment", "Yoruba"], "nothing was built there for Yoruba.*snakemake"),
    (["sentiment", "Swahili", "--classifier", "encoder"], "there are: linear"),
]


def test_texts_that_are_none(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for texts, message in ((b"\n \n", "no text came in"), (b"caf\xe9\n", "no UTF-8")):
        with pytest.raises(UserError, match=message):
            classify_texts(built, monkeypatch, "sentiment", "Swahili", texts=texts)


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistakes_of_classify(
    built: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        classify_texts(built, monkeypatch, *arguments)
