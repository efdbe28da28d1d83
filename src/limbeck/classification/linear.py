"""The linear student: character n-grams, TF-IDF, logistic regression; a model that is one JSON.

Trained by scikit-learn, used without it: `load` reads the JSON and needs numpy alone.

    from limbeck.classification import linear
    linear.load("model.json").predict(["Nimefurahi sana."])
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import files
from limbeck.classification import sampling
from limbeck.errors import UserError

SHORTEST, LONGEST = 2, 6  # characters of an n-gram
FORMAT = "limbeck-linear-1"


def ngrams(text: str) -> Iterator[str]:
    """The 2- to 6-grams of each word of a text, a space at either end of the word.

    Within words, as scikit-learn's ``char_wb``: a language without spaces is one long word.
    """
    for word in unicodedata.normalize("NFC", text).casefold().split():
        padded = f" {word} "
        for length in range(SHORTEST, LONGEST + 1):
            if length >= len(padded):
                yield padded
                break
            for start in range(len(padded) - length + 1):
                yield padded[start : start + length]


@dataclass(frozen=True, slots=True)
class Linear:
    """A trained classifier.

    Attributes:
        labels: of its classes.
        features: n-gram -> row of the arrays.
        idf: inverse document frequency, shape (features,).
        weights: shape (features, labels).
        bias: shape (labels,).
    """

    labels: list[str]
    features: dict[str, int]
    idf: Any
    weights: Any
    bias: Any

    def probabilities(self, texts: Sequence[str]) -> Any:
        """The probability of each label, shape (texts, labels); rows sum to 1."""
        import numpy as np

        result = np.empty((len(texts), len(self.labels)))
        for row, text in enumerate(texts):
            result[row] = 1 / (1 + np.exp(-self._margins(text)))
        return result / np.maximum(result.sum(1, keepdims=True), 1e-12)

    def _margins(self, text: str) -> Any:
        import numpy as np

        counts = Counter(gram for gram in ngrams(text) if gram in self.features)
        if not counts:
            return self.bias
        rows = np.array([self.features[gram] for gram in counts])
        values = (1 + np.log(np.array(list(counts.values())))) * self.idf[rows]
        return values @ self.weights[rows] / math.sqrt(values @ values) + self.bias

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text."""
        return [self.labels[i] for i in self.probabilities(texts).argmax(1)] if texts else []

    def save(self, path: Path) -> None:
        """Write the model as JSON, its numbers as exact as floats of 32 bits."""
        files.write_text(
            path,
            files.canonical(
                {
                    "format": FORMAT,
                    "labels": self.labels,
                    "ngrams": {
                        "lengths": [SHORTEST, LONGEST],
                        "within_words": True,
                        "fold": "NFC casefold",
                    },
                    "bias": [_short(value) for value in self.bias],
                    "features": list(self.features),
                    "idf": [_short(value) for value in self.idf],
                    "weights": [[_short(value) for value in row] for row in self.weights],
                }
            )
            + "\n",
        )


def _short(value: float) -> float:
    return float(f"{value:.8g}")


def load(path: Path | str) -> Linear:
    """The classifier of a file that `Linear.save` wrote.

    Raises:
        UserError: it is no such file.
    """
    import numpy as np

    content = files.read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: no linear classifier ({FORMAT} is wanted)")
    return Linear(
        content["labels"],
        {gram: row for row, gram in enumerate(content["features"])},
        np.array(content["idf"]),
        np.array(content["weights"]).reshape(len(content["features"]), len(content["labels"])),
        np.array(content["bias"]),
    )


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    seed: int,
    inverse_penalty: float,
    even: bool = True,
) -> Linear:
    """A classifier of labelled texts, by one logistic regression a label.

    Args:
        texts: to learn from.
        labels: of the texts; two different ones at least.
        seed: of the solver.
        inverse_penalty: scikit-learn's C.
        even: whether each label weighs the same, however many texts it has.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    names = sorted(set(labels))
    if len(names) < 2:
        raise UserError(f"linear: texts of one label only ({', '.join(names) or 'none'})")
    vectorizer = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    gold = np.array(labels)
    counted = sampling.weights(labels, even)
    weigh = np.array([counted[label] for label in labels])
    weights, bias = [], []
    for name in names:
        model = LogisticRegression(
            C=inverse_penalty, solver="liblinear", dual=True, random_state=seed, max_iter=1000
        )
        model.fit(matrix, gold == name, sample_weight=weigh)
        weights.append(model.coef_[0])
        bias.append(model.intercept_[0])
    features = {gram: int(row) for gram, row in vectorizer.vocabulary_.items()}
    ordered = dict(sorted(features.items(), key=lambda item: item[1]))
    return Linear(names, ordered, vectorizer.idf_, np.stack(weights, axis=1), np.array(bias))
