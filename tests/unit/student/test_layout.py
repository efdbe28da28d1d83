"""Steps of even tokens, in an order of their own each epoch, with little padding."""

import random
from collections import Counter

import pytest

from limbeck.config import Training
from limbeck.student import layout


def lengths(count: int, seed: int = 1) -> list[int]:
    """Lengths as of a real training set: log-normal, mean about 900, from 16 to 8,192."""
    chance = random.Random(seed)
    return [max(16, min(8192, int(chance.lognormvariate(6.4, 0.9)))) for _ in range(count)]


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


@pytest.mark.parametrize("device_tokens", [8192, 16_384, 65_536])
def test_packed_lines_hold_whole_rows_and_little_padding(device_tokens: int) -> None:
    rows = lengths(2000)
    tokens = placed = 0
    for step in layout.plan(rows, Training(), seed=3)[0]:
        found = layout.packed(rows, step, device_tokens)
        assert sorted(row for batch in found for line in batch for row in line) == sorted(step)
        assert all(layout.size(rows, batch) <= device_tokens for batch in found)
        tokens += sum(rows[row] for row in step)
        placed += sum(layout.size(rows, batch) for batch in found)
    assert 1 - tokens / placed < 0.03


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
