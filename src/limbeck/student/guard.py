"""What stops a training at its first bad step, before anything bad is kept."""

import math
from typing import Any

from limbeck.errors import UserError

ADVICE = (
    "try a lower training.learning_rate, a longer training.warmup, or training.precision float32"
)


def check_weights(model: Any) -> None:
    """Raise a `UserError` if a weight of the base is infinite or no number."""
    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not bool(weight.isfinite().all()):
            raise UserError(
                f"base: its weight {name} holds a value that is no finite number; fetch the base "
                "again, or take another one"
            )


def check_step(step: int, loss: float, norm: float, first: float, vocabulary: int) -> None:
    """Raise a `UserError` if a step's loss or gradient is no number, or its loss is absurd.

    Args:
        step: counted from 1.
        loss: per learned token, before the step's update.
        norm: of the gradients, before they are clipped.
        first: the loss of the first step.
        vocabulary: tokens; to guess among them without any knowledge costs its logarithm.
    """
    worst = 2 * max(first, math.log(vocabulary))
    if math.isfinite(loss) and math.isfinite(norm) and loss <= worst:
        return
    raise UserError(
        f"training: step {step} went wrong (loss {loss:.4g}, length of the gradient {norm:.4g}; a "
        f"blind guess has loss {math.log(vocabulary):.3g}), and nothing of it is kept; {ADVICE}"
    )


def check_validation(step: int, loss: float) -> None:
    """Raise a `UserError` if the validation loss after a step is no number."""
    if not math.isfinite(loss):
        raise UserError(f"training: after step {step} the validation loss is no number; {ADVICE}")
