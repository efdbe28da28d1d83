"""What does planning cost beside plain Snakemake, on the same graph?

    python benchmarks/planning.py --languages 54 205

The plain graph has the same rules, wildcards, jobs, inputs, outputs, logs and records, its inputs
looked up in a table: no config, no params, no resources, nothing of ours. Planned is a build from
nothing and one of which all is there ("nothing to be done"), by `snakemake -n --quiet rules
progress`, which prints no job. Processor seconds and peak memory, medians of runs in which the two
take turns. What is kept of the code from plan to plan is there: it was planned once before.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "rules", "config", "report", "envs", "requirements", "profiles")
PRESET = "config/presets/kakugo.yaml"
RULE = """
rule {name}:
    input: lambda w: TABLE["{name}"]["|".join(w)]
    output: {output}
    log: {log}
    benchmark: {record}
    threads: 1
    shell: "true"
"""


def ours(folder: Path, languages: list[str]) -> list[str]:
    """Copy the workflow into a folder; the options that plan it."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    own = folder / "languages.json"
    # Not all of them have texts in FineWeb-2, which the preset names.
    own.write_text(json.dumps({"languages": languages, "texts": {"name": "{code}"}}))
    return ["--configfile", PRESET, str(own)]


def graph(folder: Path, options: list[str]) -> dict[str, Any]:
    """The jobs of a planned workflow, by rule, told by Snakemake itself."""
    code = f"""
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings
with SnakemakeApi(OutputSettings(quiet=set())) as api:
    planned = api.workflow(
        ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=[Path(p) for p in {options[1:]!r}]),
        snakefile=Path("Snakefile"),
    )
    planned.dag()
    workflow = planned._workflow
    workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
    workflow._build_dag()
    rules = {{}}
    for job in workflow.dag.jobs:
        rule = rules.setdefault(job.rule.name, {{
            "output": [str(file) for file in job.rule.output],
            "folders": [bool(file.is_directory) for file in job.rule.output],
            "log": [str(file) for file in job.rule.log],
            "record": str(job.rule.benchmark or ""),
            "jobs": {{}}, "made": [],
        }})
        rule["jobs"]["|".join(job.wildcards)] = [str(file) for file in job.input]
        rule["made"] += [[str(file), bool(file.is_directory)] for file in job.output]
    found = {{"rules": rules, "constraints": dict(workflow.wildcard_constraints)}}
    Path("graph.json").write_text(json.dumps(found))
"""
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment(), check=True)
    return dict(json.loads((folder / "graph.json").read_text()))


def plain(folder: Path, found: dict[str, Any]) -> None:
    """Write the same graph as a plain Snakefile."""
    rules = found["rules"]
    table = {name: rule["jobs"] for name, rule in rules.items()}
    (folder / "table.json").write_text(json.dumps(table))
    lines = ["import json", 'TABLE = json.load(open("table.json"))', "wildcard_constraints:"]
    lines += [f"    {name}={value!r}," for name, value in found["constraints"].items()]
    lines += ['rule all:\n    default_target: True\n    input: TABLE["all"][""]']
    for name, rule in rules.items():
        if name != "all":
            output = [
                f"directory({file!r})" if is_folder else repr(file)
                for file, is_folder in zip(rule["output"], rule["folders"], strict=True)
            ]
            lines.append(
                RULE.format(
                    name=name,
                    output=", ".join(output),
                    log=", ".join(map(repr, rule["log"])),
                    record=repr(rule["record"]),
                )
            )
    (folder / "Snakefile").write_text("\n".join(lines) + "\n")
    for part in ("config", "profiles"):
        shutil.copytree(ROOT / part, folder / part)


def environment() -> dict[str, str]:
    """With this repository's package."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def snakemake(folder: Path, *options: str) -> tuple[float, float, str]:
    """Processor seconds, peak memory in MB, and the output of a finished snakemake."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        sys.exit(text[-3000:])
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, text


def make_all(folder: Path, found: dict[str, Any], options: list[str]) -> None:
    """Make every file, empty, as if the build were done."""
    for rule in found["rules"].values():
        for file, is_folder in rule["made"]:
            path = folder / file
            (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
            if not is_folder:
                path.write_text("made")  # some may not be empty
    snakemake(folder, "--touch", "--quiet", "all", *options)


def rows(languages: list[str], repeats: int) -> Iterator[str]:
    """The table's rows for some languages."""
    with tempfile.TemporaryDirectory() as name:
        mine, other = Path(name) / "ours", Path(name) / "plain"
        mine.mkdir()
        other.mkdir()
        options = ours(mine, languages)
        found = graph(mine, options)
        plain(other, found)
        jobs = sum(len(rule["jobs"]) for rule in found["rules"].values())
        for what in ("plan", "no-op"):
            if what == "no-op":
                make_all(mine, found, options)
                make_all(other, found, [])
            seconds: dict[Path, list[float]] = {mine: [], other: []}
            memory: dict[Path, list[float]] = {mine: [], other: []}
            for _ in range(repeats):
                for folder, extra in ((mine, options), (other, [])):
                    took, peak, text = snakemake(
                        folder, "-n", "--quiet", "rules", "progress", *extra
                    )
                    assert ("Nothing to be done" in text) == (what == "no-op"), text[-2000:]
                    seconds[folder].append(took)
                    memory[folder].append(peak)
            a, b = (statistics.median(seconds[folder]) for folder in (mine, other))
            x, y = (statistics.median(memory[folder]) for folder in (mine, other))
            yield (
                f"| {len(languages)} | {jobs:,} | {what} | {a:.2f} s, {x:.0f} MB "
                f"| {b:.2f} s, {y:.0f} MB | {a / b:.2f} |"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", type=int, nargs="+", default=[54, 205])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    from limbeck.languages import search

    able = [one.code for one in search("")]
    print("| languages | jobs | | limbeck | plain Snakemake | times |\n|---|---|---|---|---|---|")
    for count in options.languages:
        if count > len(able):
            sys.exit(f"error: the table has {len(able)} languages")
        for row in rows(able[:count], options.repeats):
            print(row, flush=True)


if __name__ == "__main__":
    main()
