"""Which rows make a step of the optimizer, and how a step is laid out for the device.

A step has about so many tokens, whatever the lengths of its rows, so that a token of a short row
weighs as much as one of a long row. Rows come in a random order over the epoch; within a step their
order is free, and chosen so that little of a batch is padding.
"""

import math
import random
from collections.abc import Iterator, Sequence
from heapq import heapreplace

from limbeck.config import Training

Rows = list[int]  # numbers of rows
Batch = list[Rows]  # lines of equal length on the device, each of one row or of several

LITTLE = 0.01  # of a batch, as padding: with less of it lines would get longer, or planning slow


def epoch_steps(lengths: Sequence[int], step_tokens: int, seed: int, epoch: int) -> list[Rows]:
    """The steps of an epoch, in random order, all rows once: the same at each call.

    Args:
        lengths: tokens of each row.
        step_tokens: of a step, as nearly as whole rows allow.
        seed: of the training.
        epoch: counted from 0.
    """
    order = list(range(len(lengths)))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    total = sum(lengths)
    count = max(1, round(total / step_tokens))
    steps: list[Rows] = [[] for _ in range(count)]
    before = 0
    for row in order:
        middle = before + lengths[row] / 2
        steps[min(count - 1, int(middle * count / total))].append(row)
        before += lengths[row]
    return [step for step in steps if step]


def plan(lengths: Sequence[int], training: Training, seed: int) -> list[list[Rows]]:
    """The steps of each epoch of a training; the last epoch may be a part of one."""
    if training.step_rows:  # every row counts the same
        lengths, size = [1] * len(lengths), training.step_rows
    else:
        size = training.step_tokens
    found: list[list[Rows]] = []
    done = 0
    while done < training.max_steps if training.max_steps else len(found) < training.epochs:
        epoch = len(found)
        steps = epoch_steps(lengths, size, seed, epoch)
        if training.max_steps:
            found.append(steps[: training.max_steps - done])
        else:
            found.append(steps[: math.ceil(len(steps) * min(1.0, training.epochs - epoch))])
        done += len(found[-1])
    return found


def packed(lengths: Sequence[int], rows: Rows, device_tokens: int) -> list[Batch]:
    """Batches of at most ``device_tokens`` (or one row), with lines of several whole rows.

    A line is about as long as the longest row, or up to twice that: what a token is compared with
    grows with it.
    """
    long = [row for row in rows if lengths[row] > device_tokens]
    rest = [row for row in rows if lengths[row] <= device_tokens]
    parts = math.ceil(sum(lengths[row] for row in rest) / device_tokens)
    while True:
        batches = [_lines(lengths, part) for part in _spread(lengths, rest, parts)]
        if all(size(lengths, batch) <= device_tokens for batch in batches):
            return [[[row]] for row in long] + batches
        parts += 1


def grouped(lengths: Sequence[int], rows: Rows, device_tokens: int) -> list[Batch]:
    """Batches of at most ``device_tokens`` (or one row), a row a line, of like lengths."""
    batches: list[Batch] = []
    for row in sorted(rows, key=lambda row: (-lengths[row], row)):
        if not batches or size(lengths, [*batches[-1], [row]]) > device_tokens:
            batches.append([])
        batches[-1].append([row])
    return batches


def size(lengths: Sequence[int], batch: Batch) -> int:
    """The tokens of a batch on the device, padding among them."""
    return len(batch) * max(sum(lengths[row] for row in line) for line in batch)


def _lines(lengths: Sequence[int], rows: Rows) -> Batch:
    """Rows in lines: the shortest lines of little padding, or those of the least there is."""
    tokens = sum(lengths[row] for row in rows)
    most = tokens // max(lengths[row] for row in rows)
    tried: list[Batch] = []
    # A large batch has hundreds of numbers of lines to choose from: a few are choice enough.
    for count in range(most, (most - 1) // 2, -max(1, most // 16)):
        tried.append(_spread(lengths, rows, count))
        if size(lengths, tried[-1]) <= (1 + LITTLE) * tokens:
            break
    return min(tried, key=lambda lines: size(lengths, lines))


def _spread(lengths: Sequence[int], rows: Rows, parts: int) -> list[Rows]:
    """Rows in ``parts`` of nearly equal tokens: the longest first, each into the lightest part.

    Few rows are left uneven by that, and by so much as half of the shortest: then rows of the
    fullest part are exchanged for shorter ones until it is hardly longer than the others.
    """
    parts = min(parts, len(rows))
    found: list[Rows] = [[] for _ in range(parts)]
    lightest = [(0, part) for part in range(parts)]  # a heap
    for row in sorted(rows, key=lambda row: (-lengths[row], row)):
        load, part = lightest[0]
        found[part].append(row)
        heapreplace(lightest, (load + lengths[row], part))
    loads = [sum(lengths[row] for row in part) for part in found]
    while max(loads, default=0) * parts > (1 + LITTLE / 2) * sum(loads):
        full = loads.index(max(loads))
        best = min(_exchanges(lengths, found, loads, full), default=None)
        if best is None:
            break
        _, other, gone, back = best
        found[full] = [row for row in found[full] if row != gone] + back
        found[other] = [row for row in found[other] if row not in back] + [gone]
        for part in (full, other):
            loads[part] = sum(lengths[row] for row in found[part])
    return found


def _exchanges(
    lengths: Sequence[int], parts: list[Rows], loads: list[int], full: int
) -> Iterator[tuple[int, int, int, Rows]]:
    """All ways to relieve the fullest part of a row, for one row of another part or for none.

    Each is the fuller one's tokens afterwards, the other part, the row, and what comes back.
    """
    for other, part in enumerate(parts):
        gap = loads[full] - loads[other]
        returns: list[tuple[int, Rows]] = [(0, []), *((lengths[row], [row]) for row in part)]
        for row in parts[full]:
            for tokens, back in returns:
                moved = lengths[row] - tokens
                if 0 < moved < gap:
                    yield loads[other] + max(moved, gap - moved), other, row, back
