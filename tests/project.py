"""A copy of the project in a folder of its own, to be built, edited and killed by tests."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEST_CONFIG = "config/presets/test.yaml"


@dataclass(frozen=True)
class Result:
    """A finished command."""

    code: int
    output: str

    @property
    def rules(self) -> set[str]:
        """The rules that a dry run would run, or a run ran, by its table of jobs."""
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", self.output, re.M | re.S)
        lines = table[1].splitlines() if table else []
        return {line.split()[0] for line in lines if line.strip()} - {"all"}


class Project:
    """The copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of commands: the copy's own source comes first."""
        return {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def command(self, *arguments: str, config: str | None = TEST_CONFIG) -> list[str]:
        """The snakemake command line; ``config`` is a file put over the default."""
        chosen = ["--configfile", config] if config else []
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, *chosen]

    def snakemake(self, *arguments: str, config: str | None = TEST_CONFIG) -> Result:
        """Run snakemake to its end."""
        done = subprocess.run(
            self.command(*arguments, config=config), cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return Result(done.returncode, done.stdout)

    def start(self, *arguments: str, config: str | None = TEST_CONFIG) -> subprocess.Popen[bytes]:
        """Start snakemake as the leader of a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments, config=config), cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def files(self, *folders: str) -> dict[str, bytes]:
        """The content of all files under some folders, by path."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for folder in folders
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file() and path.name != ".snakemake_timestamp"
        }


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process group as a power cut would, with nothing left to clean up."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
