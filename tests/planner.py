"""Many dry runs of one project, without a start of Snakemake for each.

A child that has imported Snakemake is forked for each of them.

    python tests/planner.py < requests > answers    # in the project's folder

A request is a line of JSON, the arguments of snakemake; an answer is what the run said.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

if __name__ != "__main__":
    from project import Project, Result


class Planner:
    """The child that is forked."""

    def __init__(self, project: "Project") -> None:
        self.project = project
        self.child: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, __file__], cwd=project.folder, env=project.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def plan(self, config: str) -> "Result":
        """A dry run with a config."""
        command = self.project.command("-n", config=config)
        request = json.dumps(command[3:])
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        print(request, file=self.child.stdin, flush=True)
        return Result(**json.loads(self.child.stdout.readline()))

    def close(self) -> None:
        """End the child."""
        self.child.communicate()


def run(arguments: list[str], said: IO[bytes]) -> int:
    """Run Snakemake in a fork; its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    from snakemake.cli import main

    code: object = 1
    try:
        main(arguments)
    except SystemExit as left:
        code = left.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(bool(code)))
    return 1


def serve() -> None:
    """Answer requests until there are no more."""
    import snakemake.api
    import snakemake.cli
    import snakemake.workflow  # noqa: F401

    sys.path.insert(0, str(Path.cwd() / "src"))
    for line in sys.stdin:
        with tempfile.TemporaryFile() as said:
            code = run(json.loads(line), said)
            said.seek(0)
            output = said.read().decode(errors="replace")
        print(json.dumps({"code": code, "output": output}), flush=True)


if __name__ == "__main__":
    serve()
