"""AdamW whose weights are bfloat16: what rounding takes is given back on the average.

A step of a learning rate like 1e-5 is less than half of the distance between two numbers of
bfloat16, and would be lost to the nearest. Rounded up as often as it is near (stochastic rounding,
arXiv 2010.06192) it is kept in the mean over steps and weights. Adam's moments are bfloat16 rounded
so, too, or 8 bits times the largest of their block (arXiv 2110.02861).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

from limbeck.student import ranks

BLOCK = 256  # moments of a row that share a scale
AT_ONCE = 1 << 24  # weights of a tensor that are computed in float32 together


def rounded(value: Any) -> Any:
    """A float32 tensor in bfloat16, rounded up or down by chance: right on the average."""
    bits = value.view(torch.int32)
    # Of the 32 bits bfloat16 keeps the upper 16.
    noise = torch.randint(0, 1 << 16, bits.shape, dtype=torch.int32, device=bits.device)
    return ((bits + noise) & -(1 << 16)).view(torch.float32).bfloat16()


@cache
def levels(signed: bool, device: torch.device) -> Any:
    """The numbers of 8 bits, from -1 or 0 to 1, ascending: near each other where they are small.

    Each decade of seven has twice the numbers of the next smaller one, evenly (dynamic
    quantization, arXiv 2110.02861, section 2.2). Among those without a sign there is no 0, since a
    second moment is what one divides by (the zero-point problem, arXiv 2309.01507).
    """
    found = [torch.ones(1)]
    for decade in range(7):
        edges = torch.linspace(0.1, 1, 2 ** (6 - decade + (not signed)) + 1)
        found.append(10.0**-decade * (edges[1:] + edges[:-1]) / 2)
    positive = torch.cat(found)
    negative = [torch.zeros(1), -positive[1:]] if signed else []
    return torch.cat([positive, *negative]).sort().values.to(device)


def compressed(value: Any, signed: bool) -> tuple[Any, Any]:
    """A float32 tensor in 8 bits: the nearest levels, of its shape, and the scales of its blocks.

    A block is ``BLOCK`` numbers of a row; the last one of a row may be shorter. So rows that are
    kept elsewhere are the same there.
    """
    rows = value.flatten(1)
    width = rows.shape[1]
    padded = torch.nn.functional.pad(rows, (0, -width % BLOCK))
    blocks = padded.view(len(rows), -1, BLOCK)
    scales = blocks.abs().amax(-1)
    units = blocks / scales.clamp_min(torch.finfo(torch.float32).tiny)[..., None]
    found = levels(signed, value.device)
    codes = torch.bucketize(units, (found[1:] + found[:-1]) / 2, out_int32=True).byte()
    return codes.flatten(1)[:, :width].reshape(value.shape), scales


def expanded(codes: Any, scales: Any, signed: bool) -> Any:
    """What `compressed` made smaller, in float32."""
    rows = codes.flatten(1)
    units = levels(signed, codes.device).index_select(0, rows.flatten().int()).view(rows.shape)
    each = scales.repeat_interleave(BLOCK, 1)[:, : rows.shape[1]]
    return units.mul_(each).view(codes.shape)


class RoundedAdamW(torch.optim.Optimizer):
    """`torch.optim.AdamW` with 8 bytes a weight: itself, its gradient and two moments.

    With ``eight_bits`` it is 6: the moments of all but vectors have one byte each. Computed is in
    float32. The random numbers are those of the device, so that a state of them continues a
    training bit by bit.
    """

    def __init__(
        self,
        groups: Any,
        betas: tuple[float, float],
        eps: float = 1e-8,
        *,
        eight_bits: bool = False,
    ) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "betas": betas, "eps": eps})
        self.eight_bits = eight_bits

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update the weights once."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; PyTorch's own would make the 8 bits the weights' type."""
        weights = [weight for group in self.param_groups for weight in group["params"]]
        for number, kept in state_dict["state"].items():
            self.state[weights[number]] = dict(kept)

    def _update(self, weight: Any, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            small = self.eight_bits and weight.dim() > 1
            for name in ("first", "second"):
                state[name] = torch.zeros_like(weight, dtype=torch.uint8 if small else None)
                if small:  # 0 whatever the level
                    every = weight.flatten(1)[:, ::BLOCK]
                    state[f"{name}_scales"] = torch.zeros_like(every, dtype=torch.float32)
        state["step"] += 1
        tensors = {"weight": weight, "gradient": weight.grad, **state}
        del tensors["step"]
        here = [ranks.local(tensor) for tensor in tensors.values()]
        rows = max(1, AT_ONCE * len(weight) // weight.numel())
        split = [tensor.split(rows) for tensor in here if len(tensor)]
        for parts in zip(*split, strict=True):
            _advance(dict(zip(tensors, parts, strict=True)), group, float(state["step"]))


def _advance(part: Mapping[str, Any], group: Mapping[str, Any], count: float) -> None:
    """Update some rows of a weight."""
    beta1, beta2 = group["betas"]
    gradient = part["gradient"].float()
    first = _moment(part, "first").lerp_(gradient, 1 - beta1)
    second = _moment(part, "second").mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    scale = (second / (1 - beta2**count)).sqrt_().add_(group["eps"])
    value = part["weight"].float().mul_(1 - group["lr"] * group["weight_decay"])
    value.addcdiv_(first, scale, value=-group["lr"] / (1 - beta1**count))
    part["weight"].copy_(rounded(value))
    _keep(part, "first", first)
    _keep(part, "second", second)


def _moment(part: Mapping[str, Any], name: str) -> Any:
    if (scales := part.get(f"{name}_scales")) is None:
        return part[name].float()
    return expanded(part[name], scales, name == "first")


def _keep(part: Mapping[str, Any], name: str, value: Any) -> None:
    if (scales := part.get(f"{name}_scales")) is None:
        part[name].copy_(rounded(value))
        return
    codes, found = compressed(value, name == "first")
    part[name].copy_(codes)
    scales.copy_(found)
