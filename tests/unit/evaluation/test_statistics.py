"""Intervals and macro-F1 against known figures."""

import pytest

from limbeck.evaluation.figures import share
from limbeck.evaluation.statistics import bootstrap, paired, wilson

# right, count -> interval. Figures of statsmodels' proportion_confint(method="wilson"); the case of
# 81 of 263 is Newcombe's (1998, Statistics in Medicine 17:857, table I), as are the next three.
WILSON = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
    (50, 100): (0.4038, 0.5962),
    (10, 10): (0.7225, 1.0),
    (0, 1): (0.0, 0.7935),
    (0, 0): (0.0, 1.0),
}


@pytest.mark.parametrize("case", WILSON)
def test_wilson(case: tuple[int, int]) -> None:
    assert wilson(*case) == pytest.approx(WILSON[case], abs=5e-5)


@pytest.mark.parametrize("case", [case for case in WILSON if case[1]])
def test_wilson_is_scipy_s(case: tuple[int, int]) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    found = stats.binomtest(*case).proportion_ci(method="wilson")
    assert wilson(*case) == pytest.approx((found.low, found.high), abs=1e-12)


def test_intervals_are_scipy_s() -> None:
    import numpy

    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    random = numpy.random.default_rng(7)
    segments = numpy.stack([random.binomial(30, 0.4, 300), numpy.full(300, 30)], axis=1)

    def ratio(sums: object) -> object:
        return sums[..., 0] / sums[..., 1]  # type: ignore[index]

    theirs = stats.bootstrap(
        (segments[:, 0] / 30,), numpy.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    ours = bootstrap(segments, ratio, seed=1)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=5e-4)
    other = segments.copy()
    other[:, 0] = numpy.clip(segments[:, 0] + random.integers(-2, 4, 300), 0, 30)
    theirs = stats.bootstrap(
        (other[:, 0] / 30, segments[:, 0] / 30), lambda a, b, axis: (a - b).mean(axis),
        paired=True, n_resamples=20_000, method="percentile", vectorized=True, rng=1,
    ).confidence_interval  # fmt: skip
    difference, interval, p = paired(segments, other, ratio, seed=1)
    assert difference == pytest.approx((other[:, 0] - segments[:, 0]).mean() / 30)
    assert interval == pytest.approx((theirs.low, theirs.high), abs=5e-4)
    assert p < 0.01
    assert paired(segments, segments, ratio, seed=1) == (0.0, (0.0, 0.0), 1.0)


def test_accuracy_is_scikit_learn_s() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    gold, predicted = list("abcabcabca"), [*"abbacaab", None, "a"]
    right = [g == p for g, p in zip(gold, predicted, strict=True)]
    theirs = metrics.accuracy_score(gold, [name or "no answer" for name in predicted])
    assert share(right)["value"] == pytest.approx(100 * theirs)


def test_bootstrap() -> None:
    import numpy

    segments = numpy.array([[1, 2], [2, 2], [0, 2], [2, 2]] * 100)

    def ratio(sums: object) -> object:
        return sums[..., 0] / sums[..., 1]  # type: ignore[index]

    low, high = bootstrap(segments, ratio, seed=1)
    assert (low, high) == bootstrap(segments, ratio, seed=1)
    # The mean's standard error is sd / sqrt(n): 0.4145 / 20.
    assert low == pytest.approx(0.625 - 1.96 * 0.4145 / 20, abs=0.004)
    assert high == pytest.approx(0.625 + 1.96 * 0.4145 / 20, abs=0.004)
    assert bootstrap(segments[1:2], ratio, seed=1) == (1.0, 1.0)
