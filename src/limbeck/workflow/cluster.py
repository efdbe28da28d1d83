"""What this machine, or the nodes of a Slurm cluster, can give to a job.

Slurm lets a job that no node can run wait for ever, so it is said before anything is submitted.
"""

import math
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import UserError

GROUPED = 15  # minutes at most of a job in a group, whose jobs come one after the other
_SHOWN = "%P|%c|%m|%G|%l"  # of a partition: name, processors, MB, devices, the limit of time
_FEEDING, _COMPUTING = 4, 16  # threads of a training, for each accelerator and without any
_DEVICES = Path("/dev")
# Of Linux, and of Linux inside Windows (WSL 2). A container has those that it was given alone.
_GPUS = ("nvidia[0-9]*", "dxg")


class Partition(NamedTuple):
    """The most that a job can have on a single node of a partition, kind by kind.

    Memory is in MB; minutes are infinite where a partition has no limit of time.
    """

    cpus: int = 0
    memory: int = 0
    gpus: int = 0
    minutes: float = 0

    def over(self, other: "Partition") -> "Partition":
        """The larger of each kind."""
        return Partition(
            max(self.cpus, other.cpus),
            max(self.memory, other.memory),
            max(self.gpus, other.gpus),
            max(self.minutes, other.minutes),
        )


def read(lines: Iterable[str]) -> dict[str, Partition]:
    """The partitions in the lines of ``sinfo -o _SHOWN``; the default one also as ''."""
    found: dict[str, Partition] = {}
    for line in filter(None, lines):
        name, cpus, memory, devices, limit = line.split("|")
        # Devices look like gpu:2, gpu:a100:4(S:0-1),shard:8 or (null).
        gpus = sum(
            int(device.partition("(")[0].rpartition(":")[2])
            for device in devices.split(",")
            if device.startswith("gpu:")
        )
        node = Partition(int(cpus.rstrip("+")), int(memory.rstrip("+")), gpus, _minutes(limit))
        for key in (name.rstrip("*"), *([""] if name.endswith("*") else [])):
            found[key] = node.over(found.get(key, Partition()))
    return found


def _minutes(limit: str) -> float:
    """A limit of time as ``sinfo`` writes it: 2-00:00:00, 12:00:00, 30:00 or infinite."""
    days, _, rest = limit.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in parts):
        return math.inf
    hours, minutes, _ = map(int, ["0", *parts][-3:])
    return (int(days or 0) * 24 + hours) * 60 + minutes


@cache
def partitions() -> dict[str, Partition]:
    """The partitions of this cluster, by name; empty where Slurm does not answer."""
    try:
        done = subprocess.run(
            ["sinfo", "--noheader", "--exact", "--format", _SHOWN],
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return read(done.stdout.splitlines()) if done.returncode == 0 else {}


class Machine:
    """What jobs may ask for, where this workflow runs them."""

    def __init__(self, workflow: Any) -> None:
        """``workflow`` is Snakemake's, which learns after parsing where its jobs run."""
        self._workflow = workflow

    @property
    def _is_cluster(self) -> bool:
        plugin = self._workflow.executor_plugin
        return plugin is not None and plugin.name.startswith("slurm")

    @property
    def _largest(self) -> Partition | None:
        """The most that any node of the cluster has; None where jobs run here."""
        if not self._is_cluster or not partitions():
            return None
        largest = Partition()
        for partition in partitions().values():
            largest = largest.over(partition)
        return largest

    def threads(self, wanted: int) -> int:
        """So many threads, or as many as a node has. (Here Snakemake bounds them by --cores.)"""
        return min(wanted, self._largest.cpus) if self._largest else wanted

    def gpu(self, wanted: int = 1) -> int:
        """So many accelerators, or as many as there are. (Here Snakemake bounds them.)"""
        if self._largest:
            return min(int(wanted), self._largest.gpus)
        return int(wanted) if any(any(_DEVICES.glob(name)) for name in _GPUS) else 0

    def training_threads(self, devices: int) -> int:
        """Threads of a training: a few beside each accelerator, which does the work, else many.

        So that trainings on several accelerators have room beside each other.
        """
        return self.threads(_FEEDING * self.gpu(devices) or _COMPUTING)

    def memory(self, needed: int, attempt: int) -> int:
        """MB of memory: more at each attempt, for a job that was ended for want of it."""
        wanted = needed * attempt
        return min(wanted, max(needed, self._largest.memory)) if self._largest else wanted

    def group(self, name: str) -> str | None:
        """The name of a group of jobs; None where jobs run here, and nothing is gained by one."""
        return name if self._is_cluster else None

    def minutes(
        self, group: str | None, wildcards: Any, attempt: int, times: int = 1
    ) -> int | None:
        """The time limit of a job: a short one in a group, else the profile's so many times."""
        if group:
            return GROUPED
        defaults = self._workflow.resource_settings.default_resources or {}
        if "runtime" not in defaults:
            return None
        known = {"input": [], "threads": 1, "rulename": "", "async_run": None}
        value: int = defaults["runtime"].evaluate(wildcards, attempt=attempt, **known).value
        return times * value

    def one_by_one(self) -> None:
        """Run the jobs of a group one after the other, as `profiles/slurm` has it.

        A job on a cluster is not told the limits of the run that submitted it. It would start the
        stages side by side, with more processors than it was given.
        """
        if self._workflow.remote_exec:
            self._workflow.register_resource("serial", 1)

    def check(self) -> None:
        """Leave with one line where a job is more than any node of its partition can run."""
        if self._workflow.executor_plugin.name != "slurm":
            return
        jobs = [job for job in self._workflow.dag.needrun_jobs() if not job.is_local]
        try:
            for job in sorted(jobs, key=str):
                refuse(job.rule.name, job.threads, dict(job.resources.items()), partitions())
        except UserError as error:
            sys.exit(f"error: {error}")


def refuse(rule: str, threads: int, resources: dict[str, Any], known: dict[str, Partition]) -> None:
    """Raise where a job of a rule asks for more than any node of its partition has.

    Raises:
        UserError: one line with the way out. (What is not known yet is not looked at.)
    """
    name = resources.get("slurm_partition", "")
    node = known.get(name)
    if node is None:
        if name:
            raise UserError(
                f"slurm: {rule} asks for partition {name!r}; there are "
                f"{', '.join(sorted(filter(None, known)))}"
            )
        return  # a cluster without a default partition may choose one by itself
    asked = (
        ("threads", threads, node.cpus, f"set-threads: {rule}"),
        ("MB of memory", resources.get("mem_mb"), node.memory, f"set-resources: {rule}: mem_mb"),
        ("GPUs", resources.get("gpu"), node.gpus, f"set-resources: {rule}: gpu"),
        ("minutes", resources.get("runtime"), node.minutes, f"set-resources: {rule}: runtime"),
    )
    where = f"partition {name!r}" if name else "the default partition"
    for what, wanted, most, key in asked:
        if isinstance(wanted, int) and wanted > most:
            raise UserError(
                f"slurm: {rule} asks for {wanted:,} {what}, but no node of {where} has more than "
                f"{most:,}: it would wait for ever. Give it another slurm_partition, or less by "
                f"{key} in the profile"
            )
