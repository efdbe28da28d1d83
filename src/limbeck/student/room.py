"""Whether the largest batch of a training fits: known in its first minute, not after hours."""

import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, cycle, islice

import torch

from limbeck.config import LORA
from limbeck.errors import UserError
from limbeck.student import layout
from limbeck.student.encoding import Encoded

ADVICE = (
    "smaller: training.device_tokens, training.max_length; less for each weight: training.memory "
    f"bfloat16 or adam8bit, training: {{{LORA}}} (on CUDA with memory: nf4); spread over devices: "
    "training.shard"
)
Layout = Callable[[list[int], layout.Rows], list[layout.Batch]]


def largest(samples: Sequence[Encoded], steps: Iterable[layout.Rows], lay: Layout) -> layout.Batch:
    """The batch of most tokens, padding among them, of all steps."""
    lengths = [len(sample.input_ids) for sample in samples]
    batches = (batch for rows in steps for batch in lay(lengths, rows))
    return max(batches, key=lambda batch: layout.size(lengths, batch))


def full(samples: Iterable[Encoded], length: int, count: int) -> list[Encoded]:
    """So many rows of ``length`` tokens, all of them learned."""
    tokens = chain.from_iterable(sample.input_ids for sample in samples)
    row = list(islice(cycle(tokens), length))
    return [Encoded(row, row)] * count


@contextmanager
def needed(tokens: int, device: torch.device) -> Iterator[None]:
    """Tell what a batch of so many tokens took.

    Raises:
        UserError: it does not fit.
    """
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        # Of a processor's memory it is torch's allocator that says so.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise UserError(
            f"training: the largest batch, of {tokens:,} tokens, is too large for the memory of "
            f"{_name(device)}; {ADVICE}"
        ) from None
    print(
        f"training: the largest batch, of {tokens:,} tokens, fits: {_peak(device) / 2**30:.1f} GiB "
        f"of {_name(device)}",
        flush=True,
    )


def _peak(device: torch.device) -> int:
    """Bytes that this process had of a device's memory, at most."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _name(device: torch.device) -> str:
    if device.type != "cuda":
        return "the processor"
    found = torch.cuda.get_device_properties(device)
    return f"{found.name} with {found.total_memory / 2**30:.1f} GiB"
