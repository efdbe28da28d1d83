"""The lengths of answers."""

from collections import Counter

import pytest

from limbeck import config
from limbeck.generation import respond


@pytest.mark.parametrize(("lengths", "least"), [(["natural", "short"], 450), (["short"], 1000)])
def test_lengths_are_dealt_by_the_prompt(lengths: list[config.Length], least: int) -> None:
    rows = [{"id": f"topic-{number}"} for number in range(1000)]
    dealt = [respond.deal(row, lengths, 1) for row in rows]
    counts = Counter(row["length"] for row in dealt)
    assert sorted(counts) == lengths
    assert min(counts.values()) >= least
    assert [respond.deal(row, lengths, 1) for row in rows[500:]] == dealt[500:]
