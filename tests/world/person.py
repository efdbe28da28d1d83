"""A person at work in a copy of the project, in the stand-in world."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from project import ROOT, Project, Result
from world.start import World
from world.teacher import Teacher

HERE = Path(__file__).parent


class Person:
    """Runs commands as they stand in a preset's heading, with the counts put over the preset."""

    def __init__(self, folder: Path, world: World, teacher: Teacher | None = None) -> None:
        self.project, self.world = Project(folder), world
        if (converter := ROOT / "resources/llama.cpp").is_dir():
            shutil.copytree(converter, folder / "resources/llama.cpp")
        self.overlays: list[str] = []
        if teacher:
            body = {"teacher": {"generator": {"url": teacher.url}}}
            (folder / "address.json").write_text(json.dumps(body), encoding="utf-8")
            self.overlays.append("address.json")

    def over(self, *names: str) -> "Person":
        """Put these counts over the presets."""
        self.overlays += [str(HERE / f"{name}.yaml") for name in names]
        return self

    def run(self, *command: str, said: str = "") -> Result:
        """Run a command to its end; ``said``: what is typed into it."""
        done = subprocess.run(
            command, cwd=self.project.folder, input=said, text=True,
            env={**self.project.environment, **self.world.environment()},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Result(done.returncode, done.stdout)

    def limbeck(self, *arguments: str, said: str = "") -> str:
        """What a command that succeeds says."""
        result = self.run(sys.executable, "-m", "limbeck.cli", *arguments, said=said)
        assert result.code == 0, result.output[-4000:]
        return result.output

    def snakemake(self, *arguments: str) -> str:
        """What a run that succeeds says; the counts come after the last config file."""
        words = list(arguments)
        place = words.index("--configfile") + 2
        words[place:place] = self.overlays
        result = self.run(sys.executable, "-m", "snakemake", "--cores", "2", *words)
        assert result.code == 0, result.output[-6000:]
        assert "Traceback" not in result.output
        return result.output

    def heading(self, preset: str) -> list[list[str]]:
        """The snakemake commands in a preset's heading, without the number of cores."""
        return snakemake_commands(ROOT / "config/presets" / f"{preset}.yaml")


def snakemake_commands(path: Path) -> list[list[str]]:
    """The arguments of the snakemake commands that a file's heading shows."""
    heading = path.read_text(encoding="utf-8").partition("\n\n")[0]
    text = re.sub(r"^# ?", "", heading, flags=re.M).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("snakemake ")]
    return [shlex.split(line.replace("--cores all", ""))[1:] for line in lines]
