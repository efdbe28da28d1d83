"""What one machine made and paid for, another takes from the bucket and makes not again."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import moto_s3
from kills import built, differences
from project import ROOT, Project

BUCKET = "s3://my-bucket/limbeck"
SNAKEFILE = '''
from limbeck.workflow.bucket import Bucket
from limbeck.workflow.once import once

bucket = Bucket("s3://my-bucket/limbeck", workflow)

onstart:
    bucket.check()

rule upper:
    input:
        text="in.txt",
    output:
        out="results/out.txt",
        folder=directory("results/folder"),
    log:
        "logs/upper.log",
    benchmark:
        "logs/upper.tsv"
    params:
        settings=config["settings"],
        journal="work/journal/upper.jsonl",
        further="work/journal/further.jsonl",
    shell:
        r"""
        exec &>{log:q}
        echo made with {params.settings}
        echo {params.settings} >> runs
        mkdir -p {output.folder}/deep work/journal
        tr a-z A-Z < {input.text} > {output.out}
        echo {params.settings} > {output.folder}/deep/settings
        echo {params.settings} >> {params.journal}
        {config[then]}
        """

once(workflow, bucket)
'''

# Rules of what costs nothing to make.
PAGES = re.findall(r"^rule (\w+):", (ROOT / "rules/report.smk").read_text(), re.MULTILINE)

pytestmark = pytest.mark.skipif(moto_s3.missing() is not None, reason=str(moto_s3.missing()))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with moto_s3.server() as found:
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def content(environment: dict[str, str]) -> Any:
    """What lies in the bucket."""
    return moto_s3.bucket(environment, "my-bucket")


class Machine:
    """A folder of its own, with a workflow of one rule in it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        folder.mkdir()
        (folder / "Snakefile").write_text(SNAKEFILE)
        (folder / "in.txt").write_text("text\n")

    def run(
        self, settings: str = "a", then: str = "true", code: int = 0, options: tuple[str, ...] = ()
    ) -> str:
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", *options, "--config",
             f"settings={settings}", f"then={then}"],
            env={"PATH": path, "HOME": str(self.folder), "PYTHONPATH": str(ROOT / "src"),
                 **self.environment},
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout

    @property
    def runs(self) -> int:
        return len(self.lines("runs"))

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.is_file() else []


@pytest.fixture
def machines(tmp_path: Path, environment: dict[str, str]) -> tuple[Machine, Machine]:
    return Machine(tmp_path / "first", environment), Machine(tmp_path / "second", environment)


def test_another_machine_makes_nothing_again(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    first.run()
    log, record = (first.lines(f"logs/upper.{kind}") for kind in ("log", "tsv"))
    assert "unchanged: results/out.txt, results/folder" in second.run()
    assert (second.runs, second.lines("results/out.txt")) == (0, ["TEXT"])
    assert second.lines("results/folder/deep/settings") == ["a"]
    assert second.lines("logs/upper.log")[-1:] == log[-1:], "the log is that of the making"
    assert second.lines("logs/upper.tsv") == record, "and so is the record of its time"
    assert second.lines("work/journal/upper.jsonl") == ["a"], "what was paid for is there"
    assert "Nothing to be done" in second.run()


def test_other_settings_and_inputs_are_made(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    first.run()
    second.run("b")
    assert (second.runs, second.lines("results/folder/deep/settings")) == (1, ["b"])
    (second.folder / "in.txt").write_text("other\n")
    second.run("b")
    assert (second.runs, second.lines("results/out.txt")) == (2, ["OTHER"])
    # Two configs in one place: it has what was made last, and neither takes the other's.
    shutil.rmtree(first.folder / "work")
    shutil.rmtree(first.folder / "results")
    first.run()
    assert (first.runs, first.lines("results/out.txt")) == (2, ["TEXT"])


@pytest.mark.parametrize("damage", [lambda item: item.put(Body=b"x\n"), lambda item: item.delete()])
def test_what_is_damaged_or_missing_in_the_bucket_is_made(
    machines: tuple[Machine, Machine], content: Any, damage: Callable[[Any], None]
) -> None:
    first, second = machines
    first.run()
    damage(content.Object("limbeck/results/folder/deep/settings"))
    second.run()
    assert (second.runs, second.lines("results/folder/deep/settings")) == (1, ["a"])


def test_replies_of_a_stage_that_failed_are_there(
    machines: tuple[Machine, Machine], content: Any
) -> None:
    first, second = machines
    first.run(then="false", code=1)
    assert [item.key for item in content.objects.all()] == ["limbeck/work/journal/upper.jsonl"]
    journal = second.folder / "work/journal/upper.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("own\nto")  # a reply of its own, and one that a kill cut off
    second.run("b")
    assert second.lines("work/journal/upper.jsonl") == ["own", "to", "a", "b"]
    assert content.Object("limbeck/work/journal/upper.jsonl").get()["Body"].read().split() == [
        b"own", b"to", b"a", b"b",
    ]  # fmt: skip


def test_all_journals_and_batches_are_shared(
    machines: tuple[Machine, Machine], content: Any
) -> None:
    first, second = machines
    state = "work/journal/further.batches.json"
    first.run(then=f"echo f >> work/journal/further.jsonl; echo under way > {state}; false", code=1)
    second.run("b", then=f"cp {state} seen; rm {state}")
    assert second.lines("work/journal/further.jsonl") == ["f"]
    assert second.lines("seen") == ["under way"]
    assert content.Object(f"limbeck/{state}").get()["Body"].read() == b"", "none are any more"
    (first.folder / state).unlink()
    first.run("c", then=f"test ! -e {state}")


def test_a_name_that_leads_out_of_a_folder_is_not_taken(
    machines: tuple[Machine, Machine], content: Any
) -> None:
    first, second = machines
    first.run()
    told = content.Object("limbeck/made/results/out.txt.json")
    body = told.get()["Body"].read()
    told.put(Body=body.replace(b'"deep/settings"', b'"../../../escaped"', 1))
    second.run()
    assert second.runs == 1
    assert not list(second.folder.rglob("escaped"))


def test_what_could_not_be_stored_is_at_the_next_run(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    alive = (one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE)
    [server] = (one for one in alive if "moto.server" in str(one.cmdline()))
    said = first.run(
        then=f"kill {server.pid}; sleep 1", code=1, options=("--storage-s3-retries", "1")
    )
    assert f"{BUCKET}/work/journal/upper.jsonl: Could not connect" in said
    assert "Traceback" not in said
    with moto_s3.server() as another:
        first.environment = second.environment = another
        assert "unchanged" in first.run(then=f"kill {server.pid}; sleep 1")
        assert "unchanged" in second.run(then=f"kill {server.pid}; sleep 1")
    assert (first.runs, second.runs) == (1, 0)


def test_no_answer_is_said_in_one_line(tmp_path: Path) -> None:
    nowhere = {
        "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    machine = Machine(tmp_path / "first", nowhere)
    said = machine.run(code=1, options=("--storage-s3-retries", "1"))
    assert f'error: {BUCKET}/made: Could not connect to the endpoint URL: "http://127' in said
    assert "Traceback" not in said
    assert machine.runs == 0


@pytest.mark.long
def test_a_whole_build_goes_on_elsewhere(
    finished: Project, tmp_path: Path, environment: dict[str, str], content: Any
) -> None:
    first = Project(tmp_path / "first")
    shutil.copytree(finished.folder / "work", first.folder / "work", symlinks=True)
    shutil.copytree(finished.folder / "logs", first.folder / "logs")
    done = first.snakemake("--config", f"bucket={BUCKET}")
    assert done.code == 0, done.output
    made = built(first)
    stored = {item.key.removeprefix("limbeck/") for item in content.objects.all()}
    code = {name for name in stored if name.startswith("resources/llama.cpp")}
    assert not code, "what is run comes from where its digest is known"
    assert {name for name in made if not name.startswith("resources/llama.cpp")} <= stored
    pages = ["results/index.html", "results/build.json", "results/swh_Latn/tiny/model_card.md"]
    assert set(pages) <= stored
    shutil.rmtree(first.folder)

    second = Project(tmp_path / "second")
    done = second.snakemake("--config", f"bucket={BUCKET}")
    assert done.code == 0, done.output
    again = {
        path.stem
        for path in (second.folder / "logs").rglob("*.log")
        if not path.read_text().startswith("unchanged since")
    }
    assert again == {"fetch_converter", *PAGES}
    assert differences(built(second), made) == []
    assert "Nothing to be done" in second.snakemake("--config", f"bucket={BUCKET}").output
