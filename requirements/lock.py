"""Resolve the locks and the conda environments that are made from them.

    make lock

Writes ``cuda.txt`` (every package), ``cpu.txt`` (the same without what only a CUDA machine can
use) and ``envs/*.yaml`` (one environment a family of stages), and says which pins are others now. A
pin that still fits stays, unless ``--upgrade`` names its package. A line of a lock has the digests
of all files of a release, so that pip takes no other file. Needs ``uv`` and a package index.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
OVERRIDDEN = {
    line.partition(";")[0]
    for line in (HERE / "overrides.in").read_text().split("\n")
    if line and line[0] != "#"
}

# Dependencies of torch and Unsloth that a machine without CUDA neither needs nor can always run.
CUDA_ONLY = re.compile(
    r"^(bitsandbytes|cuda-\w+|cut-cross-entropy|diffusers|nvidia-[\w-]+|torchao|torchvision|triton"
    r"|xformers)=="
)

# The index of PyTorch's CPU builds (download.pytorch.org/whl/cpu) has another file of this version
# than the package index has.
CPU_BUILD = {"torch==2.13.0": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"}

# Each environment by the extras of pyproject.toml that its stages import; "teacher" is also where a
# stage may start the server of one.
ENVIRONMENTS = {
    "teacher": ["teacher"],
    "dataset": ["dataset", "teacher"],
    "train": ["dataset", "train"],
    "export": ["dataset", "export"],
    "evaluate": ["dataset", "evaluate", "teacher"],
    "classify": ["classify", "dataset", "evaluate", "train"],
    "report": ["report"],
}


def resolve(extras: list[str], *options: str) -> list[str]:
    """The pinned requirements of the package with some of its extras, a line each.

    Those of ``cuda.txt`` are preferred.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        output.write_text((HERE / "cuda.txt").read_text())
        command = [
            sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate",
            "--no-header", "--python-version", "3.11",
            "--python-platform", "x86_64-manylinux_2_28",
            "--override", str(HERE / "overrides.in"), "--output-file", str(output),
            str(ROOT / "pyproject.toml"), *(f"--extra={extra}" for extra in extras), *options,
        ]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = output.read_text().replace(" \\\n    ", " ").splitlines()
    return [with_cpu_build(line) for line in lines if "==" in line]


def with_cpu_build(line: str) -> str:
    """A line of a lock, with the digest of the CPU build where there is one."""
    digest = CPU_BUILD.get(line.split(" ")[0])
    return f"{line} --hash=sha256:{digest}" if digest and " --hash" in line else line


def versions(lines: list[str]) -> dict[str, str]:
    """Package -> version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", "\n".join(lines), re.MULTILINE))


def told(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """A line for each pin that is another."""
    return [
        f"{name} {before.get(name, 'none')} -> {after.get(name, 'none')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def cpu_only(pins: list[str]) -> list[str]:
    """The pins that a machine without CUDA installs."""
    return [pin for pin in pins if not CUDA_ONLY.match(pin)]


def environment(name: str, pins: list[str]) -> str:
    """The conda environment file of a family of stages."""
    # pip resolves these itself, and would refuse a pin that an override forced.
    lines = "".join(f"      - {pin}\n" for pin in pins if pin.split("==")[0] not in OVERRIDDEN)
    return (
        f"# Made by `make lock` for the {name} stages; edit requirements/ instead.\n"
        "channels:\n  - conda-forge\n  - nodefaults\n"
        "dependencies:\n  - python=3.11\n  - pip\n"
        f"  - pip:\n{lines}"
    )


def main() -> None:
    """Write the locks and the environments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", nargs="+", default=[], metavar="PACKAGE")
    wanted = [f"--upgrade-package={package}" for package in parser.parse_args().upgrade]
    before = versions((HERE / "cuda.txt").read_text().splitlines())
    everything = resolve(
        [
            *sorted({extra for extras in ENVIRONMENTS.values() for extra in extras}),
            "workflow",
            "slurm",
            "test",
        ],
        str(HERE / "pins.in"),
        "--generate-hashes",
        *wanted,
    )
    print("\n".join(told(before, versions(everything)) or ["all pins stay"]))
    header = "# Made by `make lock`; edit pins.in or pyproject.toml instead.\n"
    (HERE / "cuda.txt").write_text(header + "\n".join(everything) + "\n")
    (HERE / "cpu.txt").write_text(header + "\n".join(cpu_only(everything)) + "\n")
    for name, extras in ENVIRONMENTS.items():
        pins = resolve(extras, "--constraint", str(HERE / "cuda.txt"))
        (ROOT / "envs" / f"{name}.yaml").write_text(environment(name, pins))


if __name__ == "__main__":
    main()
