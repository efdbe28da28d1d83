"""AdamW whose weights and moments are bfloat16: what rounding takes is given back on the average.

A step of a learning rate like 1e-5 is less than half of the distance between two numbers of
bfloat16, and would be lost to the nearest. Rounded up as often as it is near (stochastic rounding,
arXiv 2010.06192) it is kept in the mean over steps and weights, and so are the moments.
"""

from collections.abc import Callable
from typing import Any

import torch


def rounded(value: Any) -> Any:
    """A float32 tensor in bfloat16, rounded up or down by chance: right on the average."""
    bits = value.view(torch.int32)
    # Of the 32 bits bfloat16 keeps the upper 16.
    noise = torch.randint(0, 1 << 16, bits.shape, dtype=torch.int32, device=bits.device)
    return ((bits + noise) & -(1 << 16)).view(torch.float32).bfloat16()


class RoundedAdamW(torch.optim.Optimizer):
    """`torch.optim.AdamW` with 8 bytes a weight: itself, its gradient and two moments.

    Each tensor is computed in float32. The random numbers are those of its device, so that a state
    of them continues a training bit by bit.
    """

    def __init__(self, groups: Any, betas: tuple[float, float], eps: float = 1e-8) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update the weights once."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group)

    def _update(self, weight: Any, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["first"] = torch.zeros_like(weight)
            state["second"] = torch.zeros_like(weight)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        gradient = weight.grad.float()
        first = state["first"].float().lerp_(gradient, 1 - beta1)
        second = state["second"].float().mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        count = float(state["step"])
        scale = (second / (1 - beta2**count)).sqrt_().add_(group["eps"])
        value = weight.float().mul_(1 - group["lr"] * group["weight_decay"])
        value.addcdiv_(first, scale, value=-group["lr"] / (1 - beta1**count))
        weight.copy_(rounded(value))
        state["first"].copy_(rounded(first))
        state["second"].copy_(rounded(second))
