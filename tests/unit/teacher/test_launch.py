"""The commands of local servers: their arguments, stand-ins for them, and llama_cpp for real."""

import json
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

import real_weights
import tiny_gguf
from endpoint import connection, teacher
from limbeck.errors import UserError
from limbeck.generation import instructions, topics, tree
from limbeck.languages import resolve
from limbeck.teacher import launch
from limbeck.teacher.client import Request, ask
from limbeck.teacher.server import Server

ROOT = Path(__file__).parents[3]
ENDPOINT = ROOT / "tests/endpoint.py"
ADDRESS = "--host 127.0.0.1 --port 1234"
COMPACT = '--structured-outputs-config {"backend": "xgrammar", "disable_any_whitespace": true}'


def stand_in(folder: Path, name: str) -> Path:
    """An executable that notes its arguments in ``folder/NAME.args`` and serves."""
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, runpy, sys\n"
        f"open({str(folder / name)!r} + '.args', 'w').write(json.dumps(sys.argv[1:]))\n"
        "port = sys.argv[sys.argv.index('--port') + 1]\n"
        f"sys.argv = [{str(ENDPOINT)!r}, '--port', port]\n"
        f"runpy.run_path({str(ENDPOINT)!r}, run_name='__main__')\n"
    )
    path.chmod(0o755)
    return path


def test_a_server_gets_no_secret_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("PAID_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "api_key")
    for name in (*secrets, "HF_TOKEN", "TOKENIZERS_PARALLELISM", "HF_HOME", "LLAMA_API_KEY"):
        monkeypatch.setenv(name, "theirs")
    given = {name: launch.environment(name, "ours") for name in launch.KEY}
    for environment in given.values():
        assert not environment.keys() & set(secrets)
        assert {"PATH", "TOKENIZERS_PARALLELISM", "HF_HOME"} <= environment.keys()
    assert {name for name, found in given.items() if "HF_TOKEN" in found} == {
        "ctranslate2",
        "llama_cpp",
        "llama-server",
        "vllm",
    }
    assert given["llama-server"]["LLAMA_API_KEY"] == "ours"
    assert "LLAMA_API_KEY" not in given["vllm"]


@pytest.mark.parametrize(
    ("server", "model", "options", "expected"),
    [
        (
            "llama-server",
            "here.gguf",
            {},
            "--model here.gguf --alias here.gguf --jinja {address}",
        ),
        (
            "llama-server",
            "owner/repo/deep/q4.gguf",
            {"server_args": ["--parallel", "8"]},
            "--hf-repo owner/repo --hf-file deep/q4.gguf --alias owner/repo/deep/q4.gguf --jinja "
            "{address} --parallel 8",
        ),
        (
            "vllm",
            "owner/repo",
            {"server_args": ["--max-model-len", "8192"]},
            "serve owner/repo --served-model-name owner/repo {compact} {address} "
            "--max-model-len 8192",
        ),
        (
            "vllm",
            "owner/repo",
            {"revision": "c0ffee"},
            "serve owner/repo --served-model-name owner/repo --revision c0ffee {compact} {address}",
        ),
    ],
)
def test_commands_of_executables(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Any,
    model: str,
    options: dict[str, Any],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "here.gguf").touch()
    revision = options.pop("revision", None)
    settings, local = teacher(model=model, revision=revision), connection(None, server=server)
    local = local.model_copy(update=options)
    with pytest.raises(UserError, match=f"{server} is not on the PATH"):
        launch.command(settings, local, 1234)
    path = stand_in(tmp_path, server)
    program, *arguments = launch.command(settings, local, 1234)
    assert program == str(path)
    assert " ".join(arguments) == expected.format(address=ADDRESS, compact=COMPACT)


@pytest.mark.parametrize("server", ["llama-server", "vllm"])
def test_executables_are_started_shared_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any
) -> None:
    stand_in(tmp_path, server)
    weights = tmp_path / "teacher.gguf"
    weights.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    local = connection(None, server=server, server_args=["--extra", "1"], idle=0.3)
    settings = teacher(model=str(weights), structured="auto")
    request = Request([{"role": "user", "content": "Habari?"}])
    with Server(settings, local, tmp_path) as place:
        url = place.url()
        [reply] = ask([request], settings, local, tmp_path / "journal", tmp_path)
        assert reply.failure is None
        assert place.url() == url
    arguments = json.loads((tmp_path / f"{server}.args").read_text())
    assert arguments[-2:] == ["--extra", "1"]
    assert str(weights) in arguments


@pytest.mark.parametrize("model", ["none.gguf", "owner/repo", "../x/none.gguf", "/a/b/c.gguf"])
def test_a_model_that_is_no_gguf_is_named(model: str) -> None:
    with pytest.raises(UserError, match=r"neither a GGUF file here nor owner/repo/file\.gguf"):
        launch._gguf(model)


class Judgement(BaseModel):
    answer: Literal["yes", "no"]


class Items(BaseModel):
    items: Annotated[list[Literal["chai", "maji"]], Field(min_length=2, max_length=2)]


def test_llama_cpp_takes_a_file_of_the_hub() -> None:
    local = connection(None, server="llama_cpp", server_args=["--ctx-size", "512"])
    command = launch.command(teacher(model="owner/repo/deep/q4.gguf"), local, 1234)
    text = " ".join(command[1:])
    assert text.startswith("-m limbeck.teacher.llama --hf-repo owner/repo --hf-file deep/q4.gguf")
    assert text.endswith(f"{ADDRESS} --ctx-size 512")


def test_llama_cpp_serves_json_of_any_form_from_a_gguf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of random weights keeps to the schema, so the constraint is llama.cpp's."""
    weights = tmp_path / "tiny.gguf"
    tiny_gguf.write(weights, context=16384)
    # Random weights fill a reply with all the white space that the grammar allows.
    settings = teacher(model=str(weights), structured="auto", max_tokens=400)
    forms: list[type[BaseModel] | None] = [Judgement, Items, Judgement, Items, None]
    requests = [
        Request([{"role": "user", "content": f"Swali {n}"}], form, n)
        for n, form in enumerate(forms)
    ]
    local = connection(None, server="llama_cpp", concurrency=16, idle=0.5)
    with Server(settings, local, tmp_path) as place:
        assert place.in_flight == 8
        replies = ask(requests, settings, local, tmp_path / "journal", tmp_path)
        assert [reply.failure for reply in replies[:4]] == [None] * 4
        assert [type(reply.value) for reply in replies[:4]] == forms[:4]
        assert replies[4].failure in (None, "length", "empty")
        # The same server by its address: the probe finds out what it takes.
        url = place.url()
        monkeypatch.setenv("SERVER_KEY", place.key)
        remote = connection(url, api_key_env="SERVER_KEY", concurrency=2)
        settings = settings.model_copy(update={"revision": "2"})
        replies = ask(requests[:2], settings, remote, tmp_path / "journal", tmp_path)
        assert [reply.failure for reply in replies] == [None] * 2
    [found] = (tmp_path / "structured").glob("*.json")
    assert json.loads(found.read_text())["structured"] == "json_schema"


def test_llama_cpp_answers_several_at_once(tmp_path: Path) -> None:
    """Four requests are under way together: the first to be asked is not the first to end."""
    weights = tmp_path / "tiny.gguf"
    tiny_gguf.write(weights, context=16384)
    local = connection(None, server="llama_cpp", idle=0.5)
    with Server(teacher(model=str(weights)), local, tmp_path) as place:
        root = place.url().removesuffix("/v1")

        def generate(tokens: int) -> None:
            body = {"model": str(weights), "max_tokens": tokens, "temperature": 0.0,
                    "ignore_eos": True, "messages": [{"role": "user", "content": "a"}]}  # fmt: skip
            sent = urllib.request.Request(
                f"{root}/v1/chat/completions",
                json.dumps(body).encode(),
                {"Content-Type": "application/json", "Authorization": f"Bearer {place.key}"},
            )
            urllib.request.urlopen(sent).read()
            ended.append(tokens)

        ended: list[int] = []
        long = threading.Thread(target=generate, args=(4000,))
        long.start()
        for tokens in (1, 2, 3):
            generate(tokens)
        long.join()
    assert ended == [1, 2, 3, 4000]


def test_a_file_that_llama_cpp_cannot_load_is_one_line(tmp_path: Path) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"GGUF but nothing else")
    local = connection(None, server="llama_cpp", idle=0.5)
    with (
        Server(teacher(model=str(weights)), local, tmp_path) as place,
        pytest.raises(
            UserError, match=r"the teacher's server did not start, see .*\.log: "
        ) as error,
    ):
        place.url()
    assert "\n" not in str(error.value)
    assert "error: " in str(error.value)


def test_a_reply_that_llama_cpp_cuts_off_is_asked_for_again(tmp_path: Path) -> None:
    weights = tmp_path / "tiny.gguf"
    tiny_gguf.write(weights, context=16384)
    local = connection(None, server="llama_cpp", idle=0.5)
    settings = teacher(
        model=str(weights), max_tokens=4, max_tokens_ceiling=8, extra_body={"ignore_eos": True}
    )
    request = Request([{"role": "user", "content": "Habari?"}])
    [reply] = ask([request], settings, local, tmp_path / "journal", tmp_path)
    assert reply.failure == "length"
    assert reply.completion_tokens == 4 + 8
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert [line["completion_tokens"] for line in lines] == [4, 8]


def test_a_real_model_writes_what_the_stages_ask_for(tmp_path: Path) -> None:
    """A list of a tree, asked for by its own text, of a real small model."""
    local = connection(None, server="llama_cpp", idle=0.5)
    settings = teacher(
        model=str(real_weights.smollm2()), structured="auto", max_tokens=150, temperature=0.0
    )
    told = instructions.load(ROOT / "config/prompts/topics.yaml", topics.TEMPLATES)
    card = dict(resolve("English").card())
    step, node = tree.Step("topics", "Topics", "macro_topic", 2, "topic"), tree.Node("x", "bread")
    request = tree.prompt(node, step, card, told)
    [reply] = ask([request], settings, local, tmp_path / "journal", tmp_path)
    found = tree.parse_nodes(node, reply, step, 1)
    assert [topic.failure for topic in found] == [None] * len(found)
    assert len(" ".join(topic.text for topic in found).split()) > 2
