"""Scores of predicted labels: accuracy, macro-F1, per label, with bootstrap intervals.

A prediction may be None (a reply that names no label): wrong for its text, and no class of its
own. All scores equal scikit-learn's ``f1_score(..., labels=labels, average="macro",
zero_division=0)`` over the labels of the task, which a test shows.
"""

from collections.abc import Sequence
from typing import Any

SAMPLES = 1000  # of the bootstrap

Predictions = Sequence[str | None]


def encode(gold: Sequence[str], predicted: Predictions, labels: Sequence[str]) -> Any:
    """Cells of the confusion matrix, one an item: gold index x (labels + 1) + predicted index.

    The last column is for no label. Integer array, shape (items,).
    """
    import numpy as np

    index: dict[str | None, int] = {label: i for i, label in enumerate(labels)}
    width = len(labels) + 1
    pairs = zip(gold, predicted, strict=True)
    return np.array([index[g] * width + index.get(p, width - 1) for g, p in pairs], dtype=int)


def confusion(cells: Any, count: int) -> Any:
    """The confusion matrix, shape (count, count + 1), of the cells of `encode`."""
    import numpy as np

    flat = np.bincount(cells, minlength=count * (count + 1))
    return flat.reshape(count, count + 1)


def f1(matrix: Any) -> Any:
    """F1 of each label, shape (..., labels); NaN where a label neither occurs nor is predicted.

    Args:
        matrix: confusion matrices, shape (..., labels, labels + 1).
    """
    import numpy as np

    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    occurs = matrix.sum(-1)
    said = matrix.sum(-2)[..., :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(occurs + said > 0, 2 * hits / (occurs + said), np.nan)


def macro_f1(matrix: Any) -> Any:
    """The mean F1 of all labels, shape (...); one that neither occurs nor is predicted has 0."""
    import numpy as np

    return np.nan_to_num(f1(matrix)).mean(-1)


def accuracy(matrix: Any) -> Any:
    """The share of right predictions, shape (...)."""
    import numpy as np

    hits = np.diagonal(matrix, axis1=-2, axis2=-1).sum(-1)
    return hits / np.maximum(matrix.sum((-2, -1)), 1)


def resampled(cells: Any, count: int, seed: int, samples: int = SAMPLES) -> Any:
    """Confusion matrices of bootstrap samples of the items, shape (samples, labels, labels + 1).

    The same ``seed`` and number of items draw the same items, so that two systems are compared
    on the same samples (paired bootstrap: Koehn 2004).
    """
    import numpy as np

    items, size = len(cells), count * (count + 1)
    rng = np.random.default_rng(seed)
    matrices = np.zeros((samples, size), dtype=np.int64)
    for sample in range(samples):
        drawn = rng.integers(0, items, items)
        matrices[sample] = np.bincount(cells[drawn], minlength=size)
    return matrices.reshape(samples, count, count + 1)


def interval(values: Any) -> list[float]:
    """The 95% interval of bootstrap values, by percentiles."""
    import numpy as np

    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def score(gold: Sequence[str], predicted: Predictions, labels: Sequence[str]) -> dict[str, Any]:
    """The scores of one system's predictions, without intervals."""
    count = len(labels)
    matrix = confusion(encode(gold, predicted, labels), count)
    per_label = f1(matrix)
    said = matrix.sum(0)
    return {
        "items": len(gold),
        "unparsed": int(matrix[:, -1].sum()),
        "macro_f1": round(float(macro_f1(matrix)), 4),
        "accuracy": round(float(accuracy(matrix)), 4),
        "labels": {
            label: {
                "items": int(matrix[i].sum()),
                "precision": _share(matrix[i, i], said[i]),
                "recall": _share(matrix[i, i], matrix[i].sum()),
                "f1": None if per_label[i] != per_label[i] else round(float(per_label[i]), 4),
            }
            for i, label in enumerate(labels)
        },
        "confusion": matrix.tolist(),
    }


def _share(part: Any, whole: Any) -> float | None:
    return round(float(part / whole), 4) if whole else None


class Runs:
    """Several runs of one system on the same items: other samples of the training set, or seeds.

    Bootstrap values resample items and runs both, so an interval speaks of other test texts and
    of other training samples (the two-level bootstrap of Davison & Hinkley 1997, section 3.8).
    """

    def __init__(
        self, gold: Sequence[str], runs: Sequence[Predictions], labels: Sequence[str], seed: int
    ) -> None:
        import numpy as np

        count = len(labels)
        cells = [encode(gold, run, labels) for run in runs]
        matrices = np.stack([confusion(run, count) for run in cells])
        self.macro_f1 = float(macro_f1(matrices).mean())
        self.accuracy = float(accuracy(matrices).mean())
        draws = np.stack([resampled(run, count, seed) for run in cells])  # runs x samples x ...
        rng = np.random.default_rng([seed, len(runs)])
        chosen = rng.integers(0, len(runs), (SAMPLES, len(runs)))
        rows = np.arange(SAMPLES)[:, None]
        self.macro_f1_values = macro_f1(draws)[chosen, rows].mean(1)
        self.accuracy_values = accuracy(draws)[chosen, rows].mean(1)

    def summary(self) -> dict[str, Any]:
        """Means over the runs, with their intervals."""
        return {
            "macro_f1": round(self.macro_f1, 4),
            "macro_f1_interval": interval(self.macro_f1_values),
            "accuracy": round(self.accuracy, 4),
            "accuracy_interval": interval(self.accuracy_values),
        }

    def beats(self, other: "Runs") -> dict[str, Any]:
        """The difference of macro-F1 to another system on the same items, and what is sure of it.

        ``sure`` is true when the lower end of the 95% interval of the difference is above zero.
        """
        low, high = interval(self.macro_f1_values - other.macro_f1_values)
        return {
            "difference": round(self.macro_f1 - other.macro_f1, 4),
            "interval": [low, high],
            "sure": low > 0,
        }
