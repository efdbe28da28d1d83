"""How each kind of local server is started, and where it says that it is ready."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from limbeck import config
from limbeck.errors import UserError

# Answers 200 as soon as the model is loaded, also while a reply is being written. (`/v1/models` of
# llama_cpp waits until the reply in progress is finished, so a busy server would look dead.)
HEALTH = {
    "phrasebook": "/health",
    "llama_cpp": "/openapi.json",
    "llama-server": "/health",
    "vllm": "/health",
}

# What these answer at once, where it is less than `concurrency`: one, and one that waits its turn.
# More would wait inside the server, where their time-outs run.
IN_FLIGHT = {"llama_cpp": 2}

# How each takes the form of a reply; what `structured: auto` finds without asking.
STRUCTURED: dict[str, config.Structured] = {
    "phrasebook": "json_schema",
    "llama_cpp": "json_object",
    "llama-server": "json_schema",
    "vllm": "json_schema",
}


def command(teacher: config.TeacherSettings, connection: config.Connection, port: int) -> list[str]:
    """The command that serves a teacher at a port of 127.0.0.1.

    ``server_args`` come last, so that they win over what is here. Nothing that differs between the
    roles of one model is in the command, so that the roles share a server.

    Raises:
        UserError: the server is not installed, or the model is no file that it can load.
    """
    address = ["--host", "127.0.0.1", "--port", str(port)]
    builders = {
        "phrasebook": _phrasebook,
        "llama_cpp": _llama_cpp,
        "llama-server": _llama_server,
        "vllm": _vllm,
    }
    assert connection.server is not None
    return [*builders[connection.server](teacher), *address, *connection.server_args]


def _phrasebook(teacher: config.TeacherSettings) -> list[str]:
    return [sys.executable, "-m", "limbeck.phrasebook"]


def _llama_cpp(teacher: config.TeacherSettings) -> list[str]:
    if find_spec("llama_cpp") is None or find_spec("uvicorn") is None:
        raise UserError(
            "teacher.server: llama_cpp is not installed here; its package is "
            "'llama-cpp-python[server]' (requirements/cpu.txt pins it)"
        )
    repository, file = _gguf(teacher.model)
    return [
        *(sys.executable, "-m", "llama_cpp.server"),
        *(["--hf_model_repo_id", repository] if repository else []),
        *("--model", file, "--model_alias", teacher.model),
        # The default is room for 2,048 tokens in all, and what does not fit is answered with 500.
        *("--n_ctx", "16384", "--n_gpu_layers", "-1"),
        *("--logits_all", "false"),  # the default keeps the logits of the whole context
    ]


def _llama_server(teacher: config.TeacherSettings) -> list[str]:
    repository, file = _gguf(teacher.model)
    weights = ["--hf-repo", repository, "--hf-file", file] if repository else ["--model", file]
    return [_executable("llama-server"), *weights, "--alias", teacher.model, "--jinja"]


def _vllm(teacher: config.TeacherSettings) -> list[str]:
    revision = ["--revision", teacher.revision] if teacher.revision else []
    name = ["--served-model-name", teacher.model]
    return [_executable("vllm"), "serve", teacher.model, *name, *revision]


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
