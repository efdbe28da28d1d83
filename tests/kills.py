"""Build a project that is killed again and again, at moments that a seed decides.

As a program it does so with any config, and compares what came out with a build left alone:

    python tests/kills.py --config config/config.yaml --folder /tmp/kills --count 20 --seed 1
"""

import argparse
import contextlib
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil

from limbeck.workflow import kept
from project import Project, kill

KINDS = ("everything", "Snakemake alone", "a stage")
SAVE_EVERY = 0.2  # seconds between the states of a training: a small one would save none
DELAY = 2.0  # seconds at most that a kill comes later than its moment


class Killing:
    """The kills of one build.

    Attributes:
        told: what was killed, a line each.
    """

    def __init__(self, project: Project, config: str, total: int, count: int, seed: int) -> None:
        """``total`` is the number of stages that a build makes."""
        self.project, self.config = project, config
        self.chance = random.Random(seed)
        # The last of them are pages, which may all be done before a kill comes.
        self.moments = sorted(self.chance.choices(range(total * 4 // 5), k=count))
        self.kinds = [KINDS[number % len(KINDS)] for number in range(count)]
        self.chance.shuffle(self.kinds)
        self.trainings = list(KINDS)  # the kinds that are to end a training
        self.told: list[str] = []
        rule = project.folder / "rules/student.smk"
        saving = f"--save-every {SAVE_EVERY} --work {{params.work:q}}"
        rule.write_text(rule.read_text().replace("--work {params.work:q}", saving))

    def run(self) -> None:
        """Start the build and kill it, once for each moment: so many stages made, and a while."""
        for moment, kind in zip(self.moments, self.kinds, strict=True):
            started = time.time()
            process = self.project.start(config=self.config)
            training = False
            while self.made < moment and not training and process.poll() is None:
                time.sleep(0.1)
                training = bool(self.trainings) and self._trains(started)
            if not training:
                time.sleep(self.chance.uniform(0.0, DELAY))
            self._kill(process, self.trainings.pop() if training else kind)

    @property
    def made(self) -> int:
        """How many stages are finished."""
        return len(list(self.project.folder.glob(f"{kept.FOLDER}/[!.]*")))

    def said(self, what: str) -> str:
        """A failure, with all that was killed before it."""
        return "\n".join([what, *self.told])

    def _trains(self, since: float) -> bool:
        """Whether a training has saved its state since then; never may two be under way."""
        found = self._stages("limbeck.student.train")
        assert len(found) <= 1, self.said(f"{len(found)} trainings at once")
        states = self.project.folder.glob("work/training/*/*/*/state.pt")
        return bool(found) and any(state.stat().st_mtime > since for state in states)

    def _stages(self, module: str = "limbeck.") -> dict[int, str]:
        """The stages that run in the project, whoever started them: process and module."""
        found = {}
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
                if "-m" in command[1:2] and process.cwd() == str(self.project.folder):
                    found[process.pid] = command[2]
            except psutil.Error:
                continue
        return {pid: name for pid, name in found.items() if name.startswith(module)}

    def _kill(self, process: subprocess.Popen[bytes], kind: str) -> None:
        stages = self._stages()
        what = ", ".join(sorted(stages.values())) or "no stage"
        self.told.append(f"{kind}: {self.made} stages made, {what} under way")
        assert process.poll() is None, self.said(f"it ended by itself, {process.returncode}")
        if kind == "everything":
            kill(process)
        elif kind == "Snakemake alone":
            process.kill()
        else:
            self._kill_a_stage(process)
        process.wait()

    def _kill_a_stage(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a stage; another one where it was done by itself before that."""
        while process.poll() is None:
            if stages := self._stages():
                victim = self.chance.choice(sorted(stages))
                self.told[-1] += f"; {stages[victim]} killed"
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(victim).send_signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)


def built(project: Project) -> dict[str, bytes]:
    """All that a build makes, but what tells of its own day and config, as pages do."""
    return {
        name: content
        for name, content in project.files("results", "resources").items()
        if not name.endswith((".html", ".md", "cost.json", "build.json", "ro-crate-metadata.json"))
    }


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The files that are not the same in both."""
    return sorted(name for name in one | other if one.get(name) != other.get(name))


def main() -> None:
    """Build a config twice, once left alone and once killed, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="a file put over config/config.yaml")
    parser.add_argument("--folder", type=Path, required=True, help="for both builds; a new one")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    alone, killed = (Project(options.folder.resolve() / name) for name in ("alone", "killed"))
    done = alone.snakemake(config=options.config)
    if done.code:
        raise SystemExit(done.output)
    total = len(list((alone.folder / kept.FOLDER).glob("[!.]*")))
    killing = Killing(killed, options.config, total, options.count, options.seed)
    killing.run()
    done = killed.snakemake(config=options.config)
    print(killing.said(done.output))
    wrong = differences(built(alone), built(killed))
    raise SystemExit(done.code or (f"not the same: {', '.join(wrong)}" if wrong else 0))


if __name__ == "__main__":
    main()
