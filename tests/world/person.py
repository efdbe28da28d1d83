"""A person at work in a copy of the project, in the stand-in world."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from project import ROOT, Project, Result
from world.start import SECRETS, World
from world.teacher import Teacher

HERE = Path(__file__).parent
PROGRAMS = {"limbeck": "limbeck.cli", "snakemake": "snakemake"}
CONVERTER = "resources/llama.cpp"


class Person:
    """Types commands as a page or a preset's heading has them, with the counts put over a config.

    ``exported`` are the secrets in the environment: all of them at first. ``seconds`` is what the
    last command took.
    """

    def __init__(self, folder: Path, world: World, teacher: Teacher | None = None) -> None:
        self.project, self.world, self.exported = Project(folder), world, dict(SECRETS)
        self.folder, self.overlays, self.seconds = folder, list[str](), 0.0
        if (ROOT / CONVERTER).is_dir():
            shutil.copytree(ROOT / CONVERTER, folder / CONVERTER)
            manifest = ["-m", "limbeck.workflow.manifest", CONVERTER]
            self.run(sys.executable, *manifest, "--output", f"{CONVERTER}.manifest.json")
        if teacher:
            body = {"teacher": {"generator": {"url": teacher.url}}}
            (folder / "address.json").write_text(json.dumps(body), encoding="utf-8")
            self.overlays.append("address.json")

    def over(self, *names: str) -> "Person":
        """Put these counts over the presets."""
        self.overlays += [str(HERE / f"{name}.yaml") for name in names]
        return self

    def run(self, *command: str, said: str = "", **environment: str) -> Result:
        """Run a command to its end; ``said``: what is typed into it."""
        known = {**self.project.environment, **self.world.environment(), **self.exported}
        known |= environment
        begun = time.monotonic()
        done = subprocess.run(
            command, cwd=self.folder, input=said, text=True, errors="replace", env=known,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.seconds = time.monotonic() - begun
        return Result(done.returncode, done.stdout)

    def types(self, line: str, said: str = "", **environment: str) -> str:
        """What a command line says, which must succeed; what it exports is known from then on."""
        program, *words = shlex.split(line, comments=True)
        if program == "export":
            name = words[0].partition("=")[0]
            self.exported[name] = SECRETS[name]
            return ""
        if "--configfile" in words:
            place = words.index("--configfile") + 1
            while place < len(words) and not words[place].startswith("-"):
                place += 1  # after all files of the command
            words[place:place] = self.overlays
        module = [sys.executable, "-m", PROGRAMS[program]] if program in PROGRAMS else [program]
        result = self.run(*module, *words, said=said, **environment)
        assert result.code == 0, f"{line}\n{result.output[-6000:]}"
        assert "Traceback" not in result.output
        return result.output


def commands(path: Path) -> list[str]:
    """The command lines in a preset's heading."""
    heading = path.read_text(encoding="utf-8").partition("\n\n")[0]
    return _lines(re.sub(r"^# ?", "", heading, flags=re.M))


def block(page: Path, first: str) -> list[str]:
    """The command lines in a page's block that begins with one."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)
    [found] = [body for body in blocks if body.startswith(first)]
    return _lines(found)


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.split(" ")[0] in ("export", "git", *PROGRAMS)]
