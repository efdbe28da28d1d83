"""The largest batch of a training: which it is, and one that does not fit."""

import resource
import subprocess
import sys
from functools import partial

import pytest

from limbeck.student import layout, room
from limbeck.student.encoding import Encoded

ROWS = [Encoded([1] * length, [1] * length) for length in (3, 9, 4, 7, 2)]


def test_the_largest_batch_is_of_any_step() -> None:
    steps = [[0, 2, 4], [1, 3]]
    found = room.largest(ROWS, steps, partial(layout.packed, device_tokens=100))
    assert sorted(row for line in found for row in line) == [1, 3]
    # With room for one row alone it is the longest row.
    assert room.largest(ROWS, steps, partial(layout.grouped, device_tokens=1)) == [[1]]


@pytest.mark.parametrize(("length", "count"), [(4, 5), (20, 1), (30, 2)])
def test_rows_as_long_as_they_may_be(length: int, count: int) -> None:
    rows = room.full(ROWS, length, count)
    assert [len(row.input_ids) for row in rows] == [length] * count
    assert all(row.labels == row.input_ids for row in rows)


CHILD = """
import resource, sys
import torch
from limbeck.errors import UserError
from limbeck.student import room

used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
try:
    with room.needed(4096, torch.device("cpu")):
        torch.zeros(2**30)
except UserError as error:
    sys.exit(str(error))
"""


def test_one_that_does_not_fit_is_one_line() -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert done.stderr.strip() == (
        "training: the largest batch, of 4,096 tokens, is too large for the memory of the "
        f"processor; {room.ADVICE}"
    )


def test_other_errors_stay_what_they_are() -> None:
    import torch

    with pytest.raises(RuntimeError, match="mat1"), room.needed(1, torch.device("cpu")):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
