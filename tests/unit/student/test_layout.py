"""Steps of even tokens, in an order of their own each epoch, with little padding."""

import math
import random
from collections import Counter

import pytest

from limbeck.config import Training
from limbeck.student import layout


def lengths(count: int, *, mean: int = 900, spread: float = 0.9, longest: int = 8192) -> list[int]:
    """Lengths as of a real training set: log-normal, longer ones dropped, as `encoding` does.

    Args:
        count: of rows.
        mean: of all lengths, before the longest are dropped.
        spread: standard deviation of a length's logarithm.
        longest: that is kept.
    """
    chance = random.Random(1)
    middle = math.log(mean) - spread**2 / 2
    found: list[int] = []
    while len(found) < count:
        length = max(10, int(chance.lognormvariate(middle, spread)))
        found += [length] * (length <= longest)
    return found


def test_steps_have_even_tokens() -> None:
    rows = lengths(8000)
    (steps,) = layout.plan(rows, Training(), seed=3)
    tokens = [sum(rows[row] for row in step) for step in steps]
    assert len(steps) == round(sum(rows) / 32_768)
    assert min(tokens) > 0.7 * 32_768
    assert max(tokens) < 1.3 * 32_768


def test_an_epoch_has_each_row_once_in_an_order_of_its_own() -> None:
    rows = lengths(500)
    epochs = layout.plan(rows, Training(step_tokens=4000, epochs=3.0), seed=3)
    orders = [[row for step in epoch for row in step] for epoch in epochs]
    assert all(sorted(order) == list(range(500)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert epochs == layout.plan(rows, Training(step_tokens=4000, epochs=3.0), seed=3)
    assert epochs != layout.plan(rows, Training(step_tokens=4000, epochs=3.0), seed=4)
    # Not sorted by length: early steps are like late ones.
    half = [rows[row] for row in orders[0]]
    assert 0.8 < sum(half[:250]) / sum(half[250:]) < 1.25


def test_a_part_of_an_epoch_and_a_set_smaller_than_a_step() -> None:
    rows = lengths(500)
    first, second = layout.plan(rows, Training(step_tokens=4000, epochs=1.5), seed=3)
    assert abs(len(second) - len(first) / 2) <= 1
    assert layout.plan([10, 20], Training(), seed=3) in ([[[0, 1]]], [[[1, 0]]])
    # Rows longer than a step are steps of their own, and none is empty.
    steps = layout.epoch_steps([5000, 9000, 10], 1000, 3, 0)
    assert all(steps)
    assert sorted(row for step in steps for row in step) == [0, 1, 2]


@pytest.mark.parametrize("rows", [50, 400, 3000])
def test_so_many_steps_of_so_many_rows(rows: int) -> None:
    """As in arXiv 2601.16278: 600 steps of 4 rows, however many rows there are."""
    training = Training(step_rows=4, max_steps=600)
    epochs = layout.plan(lengths(rows), training, seed=3)
    steps = [step for epoch in epochs for step in epoch]
    assert len(steps) == 600
    assert set(map(len, steps)) <= {4, 5}
    seen = Counter(row for step in steps for row in step)
    assert max(seen.values()) - min(seen[row] for row in range(rows)) <= 1


@pytest.mark.parametrize(
    ("mean", "spread", "longest", "step_tokens", "device_tokens"),
    [
        pytest.param(36, 0.35, 120, 600, 2048, id="demonstration"),
        pytest.param(36, 0.35, 120, 1200, 2048, id="demonstration, longer steps"),
        pytest.param(100, 0.5, 192, 1536, 2048, id="laptop"),
        pytest.param(150, 0.8, 512, 4096, 2048, id="short rows"),
        pytest.param(150, 0.8, 512, 32_768, 8192, id="short rows, long steps"),
        pytest.param(300, 0.6, 512, 4096, 2048, id="rows that nearly fill a line"),
        pytest.param(300, 0.6, 512, 4096, 8192, id="and one batch a step"),
        pytest.param(400, 0.3, 512, 32_768, 8192, id="rows of like length"),
        pytest.param(900, 0.9, 8192, 32_768, 8192, id="long rows"),
        pytest.param(900, 0.9, 8192, 32_768, 16_384, id="long rows, two batches a step"),
        pytest.param(900, 0.9, 8192, 32_768, 65_536, id="long rows, one batch a step"),
    ],
)
def test_packed_lines_hold_whole_rows_and_little_padding(
    mean: int, spread: float, longest: int, step_tokens: int, device_tokens: int
) -> None:
    rows = lengths(2000, mean=mean, spread=spread, longest=longest)
    tokens = placed = 0
    for step in layout.plan(rows, Training(step_tokens=step_tokens), seed=3)[0]:
        found = layout.packed(rows, step, device_tokens)
        assert sorted(row for batch in found for line in batch for row in line) == sorted(step)
        assert all(layout.size(rows, batch) <= device_tokens for batch in found)
        tokens += sum(rows[row] for row in step)
        placed += sum(layout.size(rows, batch) for batch in found)
    assert 1 - tokens / placed < 0.03


def test_lines_are_no_longer_than_they_need_be() -> None:
    """What a token is compared with grows with its line."""
    assert layout.packed([60, 40, 60, 40], [0, 1, 2, 3], 1000) == [[[0, 1], [2, 3]]]
    assert layout.packed([50] * 4, [0, 1, 2, 3], 1000) == [[[0], [1], [2], [3]]]


def test_rows_are_exchanged_where_the_longest_first_leave_lines_uneven() -> None:
    # The longest first would be 8 + 5 + 4 and 7 + 6.
    (found,) = layout.packed([8, 7, 6, 5, 4], [0, 1, 2, 3, 4], 100)
    assert sorted(sorted(line) for line in found) == [[0, 1], [2, 3, 4]]


def test_a_row_longer_than_the_device_takes_goes_alone() -> None:
    assert layout.packed([50, 400, 30], [0, 1, 2], 100) == [[[1]], [[0, 2]]]
    assert layout.grouped([50, 400, 30], [0, 1, 2], 100) == [[[1]], [[0], [2]]]


def test_grouped_rows_are_of_like_length() -> None:
    rows = lengths(200)
    found = layout.grouped(rows, list(range(200)), 16_384)
    assert all(len(line) == 1 for batch in found for line in batch)
    assert all(layout.size(rows, batch) <= 16_384 for batch in found)
    order = [rows[line[0]] for batch in found for line in batch]
    assert order == sorted(order, reverse=True)
