"""Scores equal scikit-learn's, and one unparsed reply costs one item."""

import random

import numpy as np
import pytest

from limbeck.evaluation import macro_f1

sklearn_metrics = pytest.importorskip("sklearn.metrics")

LABELS = ["a", "b", "c", "d"]


def predictions(seed: int, items: int, labels: list[str], unparsed: float):
    rng = random.Random(seed)
    gold = [rng.choice(labels) for _ in range(items)]
    predicted = [
        None if rng.random() < unparsed else (g if rng.random() < 0.6 else rng.choice(labels))
        for g in gold
    ]
    return gold, predicted


CASES = [
    (1, 200, LABELS, 0.0),
    (2, 200, LABELS, 0.1),
    (3, 7, LABELS, 0.0),
    (4, 3, LABELS, 0.5),  # labels that never occur
    (5, 1000, LABELS[:2], 0.02),
    (6, 50, LABELS, 1.0),
]


@pytest.mark.parametrize(("seed", "items", "labels", "unparsed"), CASES)
def test_equal_to_scikit_learn(seed, items, labels, unparsed) -> None:
    gold, predicted = predictions(seed, items, labels, unparsed)
    mine = macro_f1.score(gold, predicted, labels)
    said = [p or "-" for p in predicted]
    there = sorted({*gold, *(p for p in predicted if p)})
    options = {"labels": labels, "zero_division": 0}
    expected = sklearn_metrics.f1_score(gold, said, average="macro", **options)
    assert mine["macro_f1"] == pytest.approx(expected, abs=5e-5)
    expected = sklearn_metrics.accuracy_score(gold, said)
    assert mine["accuracy"] == pytest.approx(expected, abs=5e-5)
    each = sklearn_metrics.f1_score(gold, said, average=None, **{**options, "labels": there})
    assert [mine["labels"][label]["f1"] for label in there] == pytest.approx(each, abs=5e-5)
    recall = sklearn_metrics.recall_score(gold, said, average=None, labels=sorted(set(gold)))
    assert [mine["labels"][x]["recall"] for x in sorted(set(gold))] == pytest.approx(
        recall, abs=5e-5
    )
    matrix = sklearn_metrics.confusion_matrix(gold, said, labels=[*labels, "-"])
    assert np.array_equal(matrix[:-1], mine["confusion"])


# Gold, predicted, and macro-F1 over the labels a and b by hand.
BY_HAND = {
    "all right": (["a", "b", "b"], ["a", "b", "b"], 1.0),
    "all wrong": (["a", "b"], ["b", "a"], 0.0),
    # a: precision 2/3, recall 1, F1 4/5; b: precision 1, recall 1/2, F1 2/3
    "one wrong": (["a", "a", "b", "b"], ["a", "a", "a", "b"], (4 / 5 + 2 / 3) / 2),
    # a: 2/3 (one missed), b: 1. The missing answer is no third class.
    "one unparsed": (["a", "a", "b"], ["a", None, "b"], (2 / 3 + 1) / 2),
    "all unparsed": (["a", "b"], [None, None], 0.0),
    "a label that does not occur": (["a", "a"], ["a", "a"], 1 / 2),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_macro_f1_by_hand(case: str) -> None:
    gold, predicted, expected = BY_HAND[case]
    assert macro_f1.score(gold, predicted, ["a", "b"])["macro_f1"] == pytest.approx(
        expected, abs=5e-5
    )


def test_one_unparsed_of_a_thousand_moves_little() -> None:
    gold = ["a", "b"] * 500
    whole = macro_f1.score(gold, gold, ["a", "b"])
    spoilt = macro_f1.score(gold, [None, *gold[1:]], ["a", "b"])
    assert whole["macro_f1"] == 1.0
    assert whole["macro_f1"] - spoilt["macro_f1"] <= 0.002
    assert spoilt["unparsed"] == 1


def test_intervals_cover_the_score_and_shrink() -> None:
    widths = []
    for items in (50, 800):
        gold, predicted = predictions(9, items, LABELS, 0.0)
        runs = macro_f1.Runs(gold, [predicted], LABELS, seed=1)
        summary = runs.summary()
        low, high = summary["macro_f1_interval"]
        assert low < summary["macro_f1"] < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_a_better_system_is_surely_better_and_an_equal_one_is_not() -> None:
    gold, weak = predictions(11, 400, LABELS, 0.0)
    strong = [g if i % 10 else "a" for i, g in enumerate(gold)]
    weak_runs = macro_f1.Runs(gold, [weak], LABELS, seed=1)
    strong_runs = macro_f1.Runs(gold, [strong, strong], LABELS, seed=1)
    assert strong_runs.beats(weak_runs)["sure"]
    assert not weak_runs.beats(strong_runs)["sure"]
    assert not weak_runs.beats(weak_runs)["sure"]


def test_runs_that_differ_widen_the_interval() -> None:
    gold, _ = predictions(12, 400, LABELS, 0.0)
    good = list(gold)
    bad = ["a"] * len(gold)
    alike = macro_f1.Runs(gold, [good, good], LABELS, seed=1).summary()["macro_f1_interval"]
    apart = macro_f1.Runs(gold, [good, bad], LABELS, seed=1).summary()["macro_f1_interval"]
    assert apart[1] - apart[0] > 0.3 > alike[1] - alike[0]
