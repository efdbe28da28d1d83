"""Muon: what a layer's matrix has learned of late, with its directions made about equally strong.

Jordan et al. 2024 (https://kellerjordan.github.io/posts/muon), with steps as large as Adam's of the
same learning rate (arXiv 2502.16982, section 2.2). From random weights it learns more of each token
than Adam does.

`torch.optim.Muon` computes in bfloat16, which many processors do slowly, and a matrix at a time;
here it is float32, all matrices of a shape together, on the smaller side of each.
"""

from collections.abc import Callable
from typing import Any

import torch

MOMENTUM = 0.95
# Of the singular values, one a round: the first of the Polar Express (arXiv 2505.16932,
# implementation 1). Three bring most values to between 0.2 and 1.9, which is near enough: of a
# fourth or fifth a student learns no more, of two alone less (benchmarks/README.md).
POLYNOMIALS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
)
WIDE = 2  # times as many columns as rows, from which it pays to compute on the rows alone
RMS = 0.2  # of the elements of a step by Adam, about


def orthogonal(matrices: Any) -> Any:
    """Matrices with their singular values brought near 1, [count, rows, columns], rows <= columns.

    A round is X -> (a + b XX' + c (XX')^2) X. Of wide matrices what is put before X in all rounds
    is gathered, since it is small and square.
    """
    matrices = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    if matrices.shape[-1] < WIDE * matrices.shape[-2]:
        for a, b, c in POLYNOMIALS:
            square = matrices @ matrices.mT
            factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
            matrices = torch.baddbmm(matrices, factor, matrices, beta=a)
        return matrices
    first, *others = POLYNOMIALS
    square = matrices @ matrices.mT
    gathered = factor = _factor(square, first)
    for polynomial in others:
        square = factor @ square @ factor
        factor = _factor(square, polynomial)
        gathered = factor @ gathered
    return gathered @ matrices


def _factor(square: Any, polynomial: tuple[float, float, float]) -> Any:
    """What a round puts before X, from XX'."""
    a, b, c = polynomial
    factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
    factor.diagonal(dim1=-2, dim2=-1).add_(a)
    return factor


class Muon(torch.optim.AdamW):
    """Muon for the groups with ``orthogonal``, of matrices alone; AdamW for the others."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update the weights once."""
        assert closure is None
        for group in self.param_groups:
            if group["orthogonal"]:
                self._turn(group)
        super().step()  # which passes over weights without a gradient

    def _turn(self, group: dict[str, Any]) -> None:
        shapes: dict[Any, list[Any]] = {}
        for weight in group["params"]:
            shapes.setdefault(weight.shape, []).append(weight)
        for (rows, columns), weights in shapes.items():
            found = torch.stack([self._momentum(weight) for weight in weights])
            found = orthogonal(found if rows <= columns else found.mT)
            size = group["lr"] * RMS * max(rows, columns) ** 0.5
            for weight, turned in zip(weights, found, strict=True):
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(turned if rows <= columns else turned.T, alpha=size)
                weight.grad = None

    def _momentum(self, weight: Any) -> Any:
        """The mean of a weight's gradients, and once more of the last one (Nesterov)."""
        state = self.state[weight]
        if not state:  # as Adam names them, which looks for both
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(weight)
        state["step"] += 1
        state["exp_avg"].lerp_(weight.grad, 1 - MOMENTUM)
        return weight.grad.lerp(state["exp_avg"], MOMENTUM)
