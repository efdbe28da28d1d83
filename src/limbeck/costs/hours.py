"""Seconds of training and scoring on a device, from parameters and tokens.

A training takes 6 operations a parameter and token: 2 forwards, 2 for the gradients that go back,
2 for those of the weights (arXiv 2001.08361, section 2.1); with LoRA the last are those of the
adapters alone, and 4 are left. Reading takes the 2 forwards. To write a token all weights are read
from the device's memory once, for all items that are written at once. Attention's own operations
are left out: of rows of 1,000 tokens, in a model of three billion parameters, they are about a
twentieth (12 a layer, width and token of the row: arXiv 2204.02311, appendix B).

Of what a device can do at most a share is assumed: 0.3 of its operations, where those who train
on thousands of them report 0.38 to 0.43 (arXiv 2407.21783, table 4). Of its memory's speed
llama.cpp is taken to use the half, and the loop of transformers, which waits for Python, a tenth.
"""

from limbeck.config import Chip

OPERATIONS = {"full": 6, "lora": 4}
READING = 2
BUSY = 0.3  # of the operations
BUSY_MEMORY = {"llama.cpp": 0.5, "transformers": 0.1}


def training(parameters: float, tokens: float, method: str, chip: Chip) -> float:
    """Seconds to train on so many tokens, all epochs together."""
    return OPERATIONS[method] * parameters * tokens / (chip.flops * BUSY)


def reading(parameters: float, tokens: float, chip: Chip) -> float:
    """Seconds to read so many tokens."""
    return READING * parameters * tokens / (chip.flops * BUSY)


def writing(size: float, tokens: float, library: str, at_once: int, chip: Chip) -> float:
    """Seconds to write so many tokens.

    Args:
        size: bytes of the weights.
        tokens: of all items together.
        library: that runs the model, as in ``BUSY_MEMORY``.
        at_once: items that are written beside each other.
    """
    return size * tokens / at_once / (chip.bandwidth * BUSY_MEMORY[library])
