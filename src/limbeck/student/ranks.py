"""Processes that train a student together, each on a device of its own.

Each reads its share of a step's batches, and adds its gradients to those of the others, so that all
of them make the same step (data parallelism, arXiv 2006.15704). Each has all weights, or a part of
each with its gradients and moments, and the whole of one block at a time (fully sharded data
parallelism, arXiv 2304.11277). The first is the one that writes.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any, TypeVar

import torch
import torch.distributed as group
from torch.distributed.tensor import DTensor, distribute_tensor

from limbeck import device, stage

# The variable that says which process this is, of how many, and the port where they meet. (Clusters
# set PyTorch's own for their purposes.)
_PLACE = "LIMBECK_RANK"
# The others wait while the first writes: the state of a large student, to a slow disk, takes longer
# than NCCL's ten minutes. `lead` ends all of them where one has failed.
_PATIENCE = timedelta(days=1)

Part = TypeVar("Part")


def rank() -> int:
    """Which of the processes this is, from 0."""
    return int(group.get_rank()) if group.is_initialized() else 0


def count() -> int:
    """How many there are."""
    return group.get_world_size() if group.is_initialized() else 1


def share(parts: Sequence[Part], even: bool = False) -> list[tuple[Part, bool]]:
    """Those of all parts that are this process's, and whether they count.

    With ``even`` all processes have as many: one that has fewer reads the last part again, in vain.
    """
    own = [(part, True) for part in parts[rank() :: count()]]
    most = -(-len(parts) // count()) if even else 0
    return own + [(parts[-1], False)] * (most - len(own))


def total(value: float) -> float:
    """The sum of all processes' values."""
    if count() == 1:
        return value
    found = torch.tensor(value, dtype=torch.float64, device=_device())
    group.all_reduce(found)
    return float(found)


def add_gradients(weights: Sequence[Any]) -> None:
    """Give each weight the sum of all processes' gradients; one of which nobody has any, none.

    Those of sharded weights are summed already.
    """
    if count() == 1 or isinstance(weights[0], DTensor):
        return
    there = torch.tensor([weight.grad is not None for weight in weights], device=_device()).int()
    group.all_reduce(there, group.ReduceOp.MAX)
    for weight, has in zip(weights, there.tolist(), strict=True):
        if has:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            group.all_reduce(weight.grad)


def shard(model: Any) -> None:
    """Leave this process a part of each weight; a block's are gathered while they are used."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    kind = next(model.parameters()).dtype
    for weight in model.parameters():
        weight.data = weight.data.to(kind)  # which is of one type in a block
    mesh = init_device_mesh(_device(), (count(),))
    for module in (*model.get_decoder().layers, model):
        part = fully_shard(module, mesh=mesh)
        part.set_gradient_divide_factor(1.0)  # each loss is a share of the step's
        part.set_force_sum_reduction_for_comms(True)


def sharded(model: Any) -> bool:
    """Whether `shard` was here."""
    return any(isinstance(weight, DTensor) for weight in model.parameters())


def local(tensor: Any) -> Any:
    """This process's part of a tensor."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def everywhere(tensor: Any) -> Any:
    """A sharded tensor, whole; all processes ask at once."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def whole(value: Any) -> Any:
    """A value, or a dict of such; sharded tensors are whole, on the CPU of the first process."""
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    if not isinstance(value, DTensor):
        return value
    found = everywhere(value)
    return None if rank() else found.cpu()


def spread(value: Any, like: Any) -> Any:
    """A whole tensor on the device of another one, and sharded if that is."""
    value = value.to(like.device)
    if not isinstance(like, DTensor) or not value.dim():
        return value
    return distribute_tensor(value, like.device_mesh, like.placements, src_data_rank=None)


def first_says(value: bool) -> bool:
    """What the first process says, for all."""
    return total(float(value and not rank())) > 0


def joined() -> bool:
    """Whether this process was started by `lead`; then it has met the others."""
    if _PLACE not in os.environ:
        return False
    if not group.is_initialized():
        number, among, port = map(int, os.environ[_PLACE].split("/"))
        group.init_process_group(
            "nccl" if torch.cuda.is_available() else "gloo",
            init_method=f"tcp://127.0.0.1:{port}", rank=number, world_size=among,
            timeout=_PATIENCE,
        )  # fmt: skip
        if number:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the first speaks for all
    return True


def lead(devices: Sequence[str]) -> int:
    """Run this command once for each device, to its end; its exit code.

    Where one of the processes fails the others are ended, and what it says is all that is said:
    they mostly fail of the same, or of its end. Else it is what the first says.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ, stage.RUN: str(os.getpid()),
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // len(devices))),
    }  # fmt: skip
    command = [sys.executable, *sys.orig_argv[1:]]
    with ExitStack() as stack:
        said = [stack.enter_context(TemporaryFile()) for _ in devices]
        running = []
        for number, name in enumerate(devices):
            own = {_PLACE: f"{number}/{len(devices)}/{port}", device.VISIBLE: name}
            process = subprocess.Popen(command, env=environment | own, stderr=said[number])
            running.append(stack.enter_context(process))
            stack.callback(process.kill)
        codes = [process.poll() for process in running]
        while None in codes and not any(codes):
            time.sleep(0.1)
            codes = [process.poll() for process in running]
        first, code = next(((i, code) for i, code in enumerate(codes) if code), (0, 0))
        said[first].seek(0)
        sys.stderr.write(said[first].read().decode(errors="replace"))
        return abs(code)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
