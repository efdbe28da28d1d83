"""A Slurm of one node on this machine, with all its files in one folder, for as long as a test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
SBIN = "/usr/sbin:/sbin"  # where daemons lie, which is not on every PATH

CONFIG = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
MpiDefault=none
MinJobAge=300
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Why no Slurm can be started here; None where one can."""
    path = f"{os.environ['PATH']}:{SBIN}"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return f"no {', '.join(absent)}: apt-get install slurm-wlm munge" if absent else None


@contextmanager
def cluster(folder: Path, cpus: int = 2, memory: int = 24_000) -> Iterator[dict[str, str]]:
    """Start Slurm; the environment in which its programs find it. Memory is in MB.

    What it names as the node's is what it gives away, whatever this machine has.
    """
    folder.mkdir(parents=True, mode=0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    config = folder / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    ports = dict(zip(("controller", "node"), _free_ports(2), strict=True))
    user = subprocess.check_output(["id", "-un"], text=True).strip()
    config.write_text(
        CONFIG.format(folder=folder, host=host, user=user, cpus=cpus, memory=memory, **ports)
    )
    environment = {"SLURM_CONF": str(config), "PATH": f"{_programs(folder)}:{os.environ['PATH']}"}
    started: list[subprocess.Popen[bytes]] = []
    try:
        munge = [f"--{name}={folder}/munge.{name}" for name in ("socket", "pid-file", "log-file")]
        munge += [f"--key-file={key}", f"--seed-file={folder}/munge.seed"]
        for command in (
            ["munged", "--foreground", "--force", *munge],
            ["slurmctld", "-D", "-c"],
            ["slurmd", "-D", "-c", "-N", host],
        ):
            started.append(_daemon(command, folder / f"{command[0]}.out", environment))
            if command[0] == "munged":
                _until(lambda: (folder / "munge.socket").exists(), started[-1:], folder)
        _until(lambda: _state(environment) == "idle", started, folder)
        yield environment
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _programs(folder: Path) -> Path:
    """A folder with an ``srun`` that finds the config.

    Snakemake's plugin takes all variables that begin with SLURM_ from the environment of a step.
    """
    srun = folder / "bin/srun"
    srun.parent.mkdir()
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    return srun.parent


def _daemon(
    command: list[str], output: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    path = f"{environment['PATH']}:{SBIN}"
    with output.open("wb") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            env={**os.environ, **environment, "PATH": path}, start_new_session=True,
        )  # fmt: skip


def _state(environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sinfo", "-h", "-o", "%t"], env={**os.environ, **environment},
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def _until(true: object, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    assert callable(true)
    deadline = time.monotonic() + 60
    while not true():
        ended = [process for process in processes if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            logs = (path for path in folder.iterdir() if path.suffix in (".out", ".log"))
            raise RuntimeError("\n".join(f"{path}:\n{path.read_text()[-2000:]}" for path in logs))
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
