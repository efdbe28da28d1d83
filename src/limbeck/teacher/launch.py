"""How each kind of local server is started, and where it says that it is ready."""

import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from limbeck import config, stage
from limbeck.errors import UserError
from limbeck.serving.request import KEY as OWN_KEY

LOCAL = "127.0.0.1"

# Answers 200 as soon as the model is loaded, also while a reply is being written.
HEALTH = {
    "phrasebook": "/health",
    "llama_cpp": "/health",
    "llama-server": "/health",
    "vllm": "/health",
    "apertium": "/health",
    "ctranslate2": "/health",
}

# What these answer at once, where it is less than `concurrency`, and as many that wait their turn.
# More would wait inside the server, where their time-outs run.
IN_FLIGHT = {"llama_cpp": 8}

# How each takes the form of a reply; what `structured: auto` finds without asking.
STRUCTURED: dict[str, config.Structured] = {
    "phrasebook": "json_schema",
    "llama_cpp": "json_schema",
    "llama-server": "json_schema",
    "vllm": "json_schema",
    "apertium": "json_schema",
    "ctranslate2": "json_schema",
}


# The variable in which each is told the key that requests must bring. (An argument would be seen by
# all users of the machine.)
KEY = {
    "phrasebook": OWN_KEY,
    "llama_cpp": OWN_KEY,
    "apertium": OWN_KEY,
    "ctranslate2": OWN_KEY,
    "llama-server": "LLAMA_API_KEY",
    "vllm": "VLLM_API_KEY",
}
_FROM_THE_HUB = ("llama_cpp", "llama-server", "vllm", "ctranslate2")
_HUB_TOKEN = re.compile(r"(HF|HUGGING_?FACE)_.*")
_SECRET = re.compile(r".*(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_.*)?", re.I)


def environment(server: str, key: str) -> dict[str, str]:
    """The environment of a server: this one, with its key and without the secrets of others.

    A server that may fetch weights keeps the hub's token. It outlives the run that started it.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not _SECRET.fullmatch(name) or (server in _FROM_THE_HUB and _HUB_TOKEN.fullmatch(name))
    }
    kept.pop(stage.RUN, None)
    return kept | {KEY[server]: key}


def command(
    teacher: config.TeacherSettings, connection: config.Connection, port: int, host: str = LOCAL
) -> list[str]:
    """The command that serves a teacher at a port, of this machine alone if no host is given.

    ``server_args`` come last, so that they win over what is here. Nothing that differs between the
    roles of one model is in the command, so that the roles share a server.

    Raises:
        UserError: the server is not installed, or the model is no file that it can load.
    """
    address = ["--host", host, "--port", str(port)]
    builders = {
        "phrasebook": _phrasebook,
        "llama_cpp": _llama_cpp,
        "llama-server": _llama_server,
        "vllm": _vllm,
        "apertium": _apertium,
        "ctranslate2": _ctranslate2,
    }
    assert connection.server is not None
    return [*builders[connection.server](teacher), *address, *connection.server_args]


def _phrasebook(teacher: config.TeacherSettings) -> list[str]:
    return [sys.executable, "-m", "limbeck.phrasebook"]


def _llama_cpp(teacher: config.TeacherSettings) -> list[str]:
    if find_spec("xllamacpp") is None:
        raise UserError(
            "teacher.server: llama_cpp is not installed here; its package is xllamacpp "
            "(requirements/cpu.txt pins it)"
        )
    program = [sys.executable, "-m", "limbeck.teacher.llama"]
    return [*program, *_weights(teacher.model), "--alias", teacher.model]


def _llama_server(teacher: config.TeacherSettings) -> list[str]:
    weights = _weights(teacher.model)
    return [_executable("llama-server"), *weights, "--alias", teacher.model, "--jinja"]


def _weights(model: str) -> list[str]:
    repository, file = _gguf(model)
    return ["--hf-repo", repository, "--hf-file", file] if repository else ["--model", file]


def _vllm(teacher: config.TeacherSettings) -> list[str]:
    revision = ["--revision", teacher.revision] if teacher.revision else []
    name = ["--served-model-name", teacher.model]
    return [_executable("vllm"), "serve", teacher.model, *name, *revision, *_COMPACT_JSON]


# A schema lets vLLM write white space without end between two tokens of JSON, and sometimes it
# does. Its own choice of a backend, "auto", cannot be told not to.
_COMPACT_JSON = (
    "--structured-outputs-config",
    '{"backend": "xgrammar", "disable_any_whitespace": true}',
)


def _apertium(teacher: config.TeacherSettings) -> list[str]:
    _executable("apertium")
    return _translator("apertium", teacher.model)


def _ctranslate2(teacher: config.TeacherSettings) -> list[str]:
    return _translator("ctranslate2", teacher.model)


def _translator(engine: str, model: str) -> list[str]:
    program = [sys.executable, "-m", "limbeck.translator"]
    return [*program, "--engine", engine, "--model", model]


def _executable(name: str) -> str:
    if path := shutil.which(name):
        return path
    raise UserError(
        f"teacher.server: {name} is not on the PATH; install it, or run it elsewhere and give "
        "its address as teacher.url"
    )


def _gguf(model: str) -> tuple[str, str]:
    """A GGUF file as (repository of the hub, or '' for a file here; path)."""
    if Path(model).is_file():
        return "", model
    parts = model.split("/")
    if model.endswith(".gguf") and len(parts) > 2 and parts[0] not in ("", ".", "..", "~"):
        return "/".join(parts[:2]), "/".join(parts[2:])
    raise UserError(
        f"teacher.model: {model!r} is neither a GGUF file here nor owner/repo/file.gguf of the hub"
    )
