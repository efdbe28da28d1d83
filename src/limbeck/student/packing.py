"""Rows side by side in the lines of a batch, where a base keeps them apart.

A base tells the rows of a line apart by their positions, which begin anew with each, or it is
shown a mask that says which tokens see each other. Which of the two holds is tried with rows of
the training set; a base for which neither does has a line for each row.
"""

from typing import Any, Literal

import torch

from limbeck.student.encoding import IGNORED, Encoded
from limbeck.student.layout import Batch

Way = Literal["positions", "mask", "alone"]


def tensors(samples: list[Encoded], batch: Batch, way: Way, device: Any) -> dict[str, Any]:
    """What a model reads of a batch: ids and labels, each [lines, tokens of the longest line].

    Beside them positions of the same shape, or a mask [lines, 1, tokens, tokens] too. Padding is at
    the ends of lines, where nothing that is learned can see it.
    """
    lines = [[samples[row] for row in line] for line in batch]
    length = max(sum(len(sample.input_ids) for sample in line) for line in lines)
    ids = torch.zeros((len(lines), length), dtype=torch.long)
    labels = torch.full((len(lines), length), IGNORED)
    positions = torch.arange(length).repeat(len(lines), 1)
    for index, line in enumerate(lines):
        start = 0
        for sample in line:
            end = start + len(sample.input_ids)
            ids[index, start:end] = torch.tensor(sample.input_ids)
            # The first token of a row would be learned from the end of the row before it.
            labels[index, start + 1 : end] = torch.tensor(sample.labels[1:], dtype=torch.long)
            positions[index, start:end] -= start
            start = end
        positions[index, start:] -= start
    found = {"input_ids": ids, "labels": labels}
    if any(len(line) > 1 for line in batch):
        found["position_ids"] = positions
        if way == "mask":
            row = (positions == 0).cumsum(-1)
            found["attention_mask"] = (row[:, :, None] == row[:, None, :]).tril()[:, None]
    return {name: value.to(device) for name, value in found.items()}


def device(model: Any) -> Any:
    """Where a model computes. Frozen embeddings may be elsewhere: Unsloth keeps them in memory."""
    return next(weight for weight in model.parameters() if weight.requires_grad).device


def find_way(model: Any, samples: list[Encoded]) -> Way:
    """The first way in which rows that share a line give the logits that each gives alone.

    Two things are looked at, with two short rows: the second one's logits must not change with what
    the first one says, and must be those of the row alone, but for rounding. The rows stand in each
    of two lines, since batches have several: Unsloth's own forward passes, which some families have
    on CUDA, look at positions in a batch of one line only. They have no use for a mask either.
    """
    if len(samples) < 2:
        return "alone"
    model.eval()
    first, second = sorted(samples, key=lambda sample: len(sample.input_ids))[:2]
    rows = [first, second, Encoded(first.input_ids[::-1], first.labels)]
    rounding = 1e-3 if next(model.parameters()).dtype == torch.float32 else 0.1
    own = any(getattr(module, "_unsloth_fast_path", False) for module in model.modules())
    ways: tuple[Way, ...] = ("positions",) if own else ("positions", "mask")
    for way in ways:

        def logits(line: list[int], way: Way = way) -> Any:
            inputs = tensors(rows, [line, line], way, device(model))
            del inputs["labels"]
            found = model(**inputs, use_cache=False).logits[-1].float()
            return found[-len(second.input_ids) :]

        with torch.no_grad():
            alone, after, changed = logits([1]), logits([0, 1]), logits([2, 1])
        scale = float(alone.std())
        leak = float((after - changed).abs().max())
        if leak <= 1e-5 * scale and float((after - alone).abs().max()) <= rounding * scale:
            return way
    return "alone"
