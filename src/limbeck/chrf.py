"""chrF++ and chrF (Popović 2017, W17-4770; 2015, W15-3049), from sacrebleu's statistics.

The statistics of each segment are counted once, by sacrebleu. Corpus scores, segment scores,
resampled scores and chrF without words all follow from sums of them.
"""

from collections.abc import Sequence
from typing import Any

CHARACTERS, WORDS, BETA = 6, 2, 2  # n-gram orders and the weight of recall


def statistics(hypotheses: Sequence[str], references: Sequence[str]) -> tuple[Any, str]:
    """Counts of n-grams, and sacrebleu's signature of chrF++.

    The counts are an integer array (segments, orders x 3): in the hypothesis, in the reference, in
    both; 6 orders of characters, then 2 of words.
    """
    import numpy
    from sacrebleu.metrics import CHRF

    metric = CHRF(char_order=CHARACTERS, word_order=WORDS, beta=BETA)
    counts = metric._extract_corpus_statistics(list(hypotheses), [list(references)])
    signature = f"chrF2++|{metric.get_signature().format()}"
    return numpy.array(counts, dtype=numpy.int64), signature


def score(counts: Any, words: int = WORDS) -> Any:
    """chrF++ (0 to 100) of summed statistics; chrF for ``words=0``. (..., orders x 3) to (...,).

    Precision and recall are means over the orders that hypothesis and reference both have, as in
    sacrebleu since 2.0.
    """
    import numpy

    orders = CHARACTERS + words
    parts = numpy.asarray(counts, dtype=float)[..., : 3 * orders]
    parts = parts.reshape(*parts.shape[:-1], orders, 3)
    hypothesis, reference, match = parts[..., 0], parts[..., 1], parts[..., 2]
    there = (hypothesis > 0) & (reference > 0)
    effective = numpy.maximum(there.sum(-1), 1)
    precision = numpy.where(there, match / numpy.maximum(hypothesis, 1), 0).sum(-1) / effective
    recall = numpy.where(there, match / numpy.maximum(reference, 1), 0).sum(-1) / effective
    weighted = BETA**2 * precision + recall
    positive = numpy.where(weighted > 0, weighted, 1)
    return 100 * (1 + BETA**2) * precision * recall / positive
