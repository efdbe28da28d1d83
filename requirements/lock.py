"""Resolve the locks and the conda environments that are made from them.

    make lock

Writes ``cuda.txt`` (every package), ``cpu.txt`` (the same without what only a CUDA machine can
use) and ``envs/*.yaml`` (one environment a family of stages). Needs ``uv`` and a package index.
"""

import re
import subprocess
import sys
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

# Each environment by the extras of pyproject.toml that its stages import.
ENVIRONMENTS = {
    "teacher": ["teacher"],
    "dataset": ["dataset"],
    "train": ["dataset", "train"],
    "export": ["dataset", "export"],
    "evaluate": ["dataset", "evaluate"],
    "classify": ["classify", "dataset", "evaluate"],
    "report": ["report"],
}


def resolve(extras: list[str], *options: str) -> list[str]:
    """The pinned requirements of the package with some of its extras."""
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header",
        "--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28",
        "--override", str(HERE / "overrides.in"), str(ROOT / "pyproject.toml"),
        *(f"--extra={extra}" for extra in extras), *options,
    ]  # fmt: skip
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line for line in output.splitlines() if "==" in line]


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
    everything = resolve(
        [
            *sorted({extra for extras in ENVIRONMENTS.values() for extra in extras}),
            "workflow",
            "slurm",
            "test",
        ],
        str(HERE / "pins.in"),
    )
    header = "# Made by `make lock`; edit pins.in or pyproject.toml instead.\n"
    (HERE / "cuda.txt").write_text(header + "\n".join(everything) + "\n")
    (HERE / "cpu.txt").write_text(header + "\n".join(cpu_only(everything)) + "\n")
    for name, extras in ENVIRONMENTS.items():
        pins = resolve(extras, "--constraint", str(HERE / "cuda.txt"))
        (ROOT / "envs" / f"{name}.yaml").write_text(environment(name, pins))


if __name__ == "__main__":
    main()
