"""The commands for people, called as people call them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from limbeck import cli, config
from limbeck.rehearsal import machine
from world import hub, rows

REPOSITORY = Path(__file__).parents[2]


def _limbeck(*arguments: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limbeck.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


LINES = [
    # arguments, exit code, in standard output, in standard error
    (["languages", "--resolve", "Sorani"], 0, "ckb_Arab\n", ""),
    (["languages", "--resolve", "Kurdish"], 2, "", "choose by code: ckb_Arab"),
    (["languages", "--resolve", "Klingonish"], 2, "", "no language that Limbeck knows"),
    (["languages", "--resolve", "no"], 2, "", "nob_Latn Norwegian Bokmål"),
    (["languages", "--resolve", "kjh-Cyrl"], 0, "kjh_Cyrl\n", ""),
    (
        ["languages", "ethiopic"],
        0,
        "tir_Ethi  Tigrinya   x   x   x   -    -    -   x   x   ትግርኛ",
        "",
    ),
    (
        ["languages", "Breton"],
        0,
        "bre_Latn  Breton   -   -   -   -    -    -   ?   ?   brezhoneg",
        "",
    ),
    (["languages", "Yoruva"], 1, "", "did you mean yor_Latn Yoruba?"),
    (["chat", "--results", "nowhere"], 1, "", "error: nowhere: no model is there yet"),
    (["init", "--language", "Klingonish"], 1, "", "no language that Limbeck knows"),
    (["init", "--language", "Yoruba", "--preset", "demo"], 1, "", "writes Swahili only"),
    (["init"], 2, "", "--language"),
    ([], 2, "", "COMMAND"),
    (["--help"], 0, "doctor", ""),
]


@pytest.mark.parametrize(("arguments", "code", "output", "error"), LINES)
def test_a_command_says_what_it_should(
    arguments: list[str], code: int, output: str, error: str
) -> None:
    done = _limbeck(*arguments)
    assert done.returncode == code, done.stderr
    assert output in done.stdout
    assert error in done.stderr
    assert "Traceback" not in done.stderr


def test_the_whole_table_has_a_line_a_language() -> None:
    assert len(_limbeck("languages").stdout.splitlines()) == 208


def test_the_table_fits_a_hundred_columns() -> None:
    lines = _limbeck("languages").stdout.splitlines()
    assert lines[0].split() == ["CODE", "NAME", *cli.COLUMNS, "ENDONYM"]
    wide = [line.split()[0] for line in lines if cell_len(line) > 100]
    assert wide == ["acm_Arab"]  # a long endonym, which comes last
    assert all(len(line.split()) >= 2 + len(cli.COLUMNS) + 1 for line in lines)


def test_resolve_writes_one_line() -> None:
    assert len(_limbeck("languages", "--resolve", "Arabic").stderr.splitlines()) == 1


def _merged(default: Any, changes: Any) -> Any:
    if isinstance(default, dict) and isinstance(changes, dict):
        keys = {**default, **changes}
        return {key: _merged(default.get(key), changes.get(key, default.get(key))) for key in keys}
    return changes


@pytest.mark.parametrize(
    ("language", "preset", "code"),
    [
        ("Swahili", "demo", "swh_Latn"),
        ("Swahili", "kakugo", "swh_Latn"),
        ("Welsh", "full", "cym_Latn"),
        ("yo", None, "yor_Latn"),
        ("Swahili", None, "swh_Latn"),
    ],
)
def test_init_writes_a_config_that_loads(
    language: str, preset: str | None, code: str, tmp_path: Path
) -> None:
    choice = ["--preset", preset] if preset else []
    done = _limbeck("init", str(tmp_path / "new"), "--language", language, *choice)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "new/my.yaml"
    assert f"--configfile {path}" in done.stdout
    default = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8"))
    changes = yaml.safe_load(path.read_text(encoding="utf-8"))
    loaded = config.load(_merged(default, changes))
    assert loaded.languages == [code]
    assert bool(loaded.teacher.generator.server) == (preset == "demo")


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("mine", encoding="utf-8")
    done = _limbeck("init", str(tmp_path), "--language", "Swahili")
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (tmp_path / "my.yaml").read_text(encoding="utf-8") == "mine"


def test_doctor_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _limbeck("doctor").returncode == 0
    missing = machine._packages("pydantic no-such", "things")
    monkeypatch.setattr(machine, "CHECKS", [lambda: missing])
    options = cli.parser().parse_args(["doctor"])
    assert options.run(options) == 1
    assert capsys.readouterr().out.startswith("MISSING  things: missing no-such;")


AGREE = "gated: agree to its terms on https://huggingface.co/"
WANTED = {
    # token -> what is said of gated repositories
    hub.MEMBER: "can be read",
    hub.STRANGER: f"{AGREE}{{page}}",
    None: f"{AGREE}{{page}}, then log in with `hf auth login`",
}
GATED = {
    "full": ["openlanguagedata/flores_plus", "BAAI/Infinity-Instruct"],
    "kakugo": ["openlanguagedata/flores_plus", "BAAI/Infinity-Instruct"],
}


@pytest.mark.parametrize(
    ("preset", "token"),
    [("full", hub.MEMBER), ("full", hub.STRANGER), *((preset, None) for preset in GATED)],
)
def test_doctor_names_keys_and_gates(preset: str, token: str | None, tmp_path: Path) -> None:
    listed = rows.repositories()
    there = {entry.repository: {entry.revision: tmp_path} for entry in listed}
    gated = {entry.repository: entry.gated for entry in listed if entry.gated}
    config = f"config/presets/{preset}.yaml"
    with hub.serving(there, gated) as served:
        environment = {"HF_ENDPOINT": served.url, "HF_HOME": str(tmp_path / "home")}
        environment |= {"HF_TOKEN": token} if token else {"OPENROUTER_API_KEY": "k"}
        done = subprocess.run(
            [sys.executable, "-m", "limbeck.cli", "doctor", "--configfile", config,
             "--config", "languages=[Swahili]"],
            capture_output=True, text=True, cwd=REPOSITORY,
            env={**clean(), **environment},
        )  # fmt: skip
        asked = [path for path in served.asked if path.endswith("/auth-check")]
    lines = dict(
        re.findall(r"^(?:ok|MISSING) +[\w.-]+: ([\w.-]+/[\w.-]+): (.*)$", done.stdout, re.M)
    )
    kinds = {entry.repository: entry.kind for entry in listed}
    for name in GATED[preset]:
        page = f"{'datasets/' if kinds[name] == 'dataset' else ''}{name}"
        assert lines.pop(name) == WANTED[token].format(page=page)
    assert set(lines.values()) == {"can be read"}
    assert len(asked) == len(set(asked)) == len(lines) + len(GATED[preset]), asked
    state = "is set" if token is None else "is not set"
    assert f"teacher.generator: the variable OPENROUTER_API_KEY {state}" in done.stdout
    assert done.returncode == 1
    heading = (REPOSITORY / config).read_text(encoding="utf-8").partition("\n\n")[0]
    assert all(f"huggingface.co/datasets/{name}" in heading for name in GATED[preset])


def clean() -> dict[str, str]:
    """The environment without anybody's key."""
    return {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "OPENROUTER_API_KEY")}


def test_init_keeps_what_a_preset_says_of_logins_and_machines(tmp_path: Path) -> None:
    assert _limbeck("init", str(tmp_path), "--language", "Yoruba").returncode == 0
    text = (tmp_path / "my.yaml").read_text(encoding="utf-8")
    for words in ("hf auth login", "BAAI/Infinity-Instruct", "It wants a GPU",
                  f"snakemake --cores all --configfile {tmp_path / 'my.yaml'}\n"):  # fmt: skip
        assert words in text
    assert "presets/full.yaml" not in text
    assert "Kinyarwanda" not in text


def test_the_command_line_is_light() -> None:
    code = "import sys, limbeck.cli; limbeck.cli.parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"torch", "llama_cpp", "pyarrow", "jinja2"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("options", [["languages"], ["languages", "--resolve", "Sorani"]])
def test_a_reader_that_left_is_no_mistake(options: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "limbeck.cli", *options]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=REPOSITORY)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_does_not_know_a_script() -> None:
    command = [sys.executable, "-m", "limbeck.cli", "languages", "ethiopic"]
    latin = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, cwd=REPOSITORY, env=latin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Tigrinya" in done.stdout
