"""chrF++ and chrF are the sacrebleu command line's, on real text."""

from pathlib import Path

import pytest

from limbeck import chrf
from limbeck.evaluation import statistics
from translations import PAIRS, command_line, sentences


@pytest.mark.parametrize(("hypothesis", "reference"), PAIRS)
def test_the_command_line_gives_the_same(tmp_path: Path, hypothesis: str, reference: str) -> None:
    hypotheses, references = sentences(hypothesis), sentences(reference)
    hypotheses[3] = ""  # a model may say nothing
    counts, signature = chrf.statistics(hypotheses, references)
    assert signature.startswith("chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:")
    for words in (2, 0):
        ours = float(chrf.score(counts.sum(0), words))
        theirs = command_line(tmp_path, hypotheses, references, words)
        assert f"{ours:.10f}" == f"{theirs:.10f}"
        assert 10 < ours < 90


SHORT = {
    "equal": ("Habari za asubuhi", "Habari za asubuhi", 100.0),
    "nothing": ("", "Habari", 0.0),
    "nothing in common": ("xyz", "Habari", 0.0),
    "one letter": ("a", "a", 100.0),
}


@pytest.mark.parametrize("case", SHORT)
def test_short_segments(case: str) -> None:
    from sacrebleu.metrics import CHRF

    hypothesis, reference, expected = SHORT[case]
    counts, _ = chrf.statistics([hypothesis], [reference])
    assert chrf.score(counts)[0] == pytest.approx(expected)
    theirs = CHRF(word_order=2).corpus_score([hypothesis], [[reference]]).score
    assert float(chrf.score(counts.sum(0))) == pytest.approx(theirs)


def test_the_interval_holds_the_score() -> None:
    references = [f"sentensi ya {n} ni ndefu kidogo kuliko {n * 7}" for n in range(60)]
    hypotheses = [text.replace("ndefu", "fupi") if n % 3 else text[: n % 20 + 4]
                  for n, text in enumerate(references)]  # fmt: skip
    counts, _ = chrf.statistics(hypotheses, references)
    low, high = statistics.bootstrap(counts, chrf.score, seed=1)
    assert low < float(chrf.score(counts.sum(0))) < high
    assert high - low < 30
