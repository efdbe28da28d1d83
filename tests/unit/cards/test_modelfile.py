"""Modelfiles: templates of all families in Go's language, rendered by Go itself where it is."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import small_families
from limbeck.cards.modelfile import modelfile, translated
from limbeck.files import write_json
from limbeck.models.chat_template import ChatTemplate
from project import ROOT

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
OWN = (ROOT / "src/limbeck/student/chat_template.jinja").read_text()
TEMPLATES = {"tiny": OWN} | {
    name: family.template for name, family in small_families.FAMILIES.items()
}
TALKS = [
    [("user", "Habari?")],
    [("system", "Be brief."), ("user", "Habari?")],
    [("user", "Habari?"), ("assistant", "Nzuri."), ("user", "Na wewe je?")],
    [("system", "Be brief."), ("user", "A {b}"), ("assistant", "C"), ("user", "D\nE")],
]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that renders as Ollama does."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed (on Debian: apt-get install golang-go)")
    program = tmp_path_factory.mktemp("go") / "render"
    source = Path(__file__).parent / "go/render.go"
    subprocess.run(["go", "build", "-o", program, source], check=True)
    return program


@pytest.mark.parametrize("name", TEMPLATES)
def test_go_gives_the_text_of_the_models_own_template(name: str, go: Path) -> None:
    found = translated(TEMPLATES[name], TOKENS)
    assert found is not None
    talks = [[{"role": role, "content": said} for role, said in talk] for talk in TALKS]
    asked = "\n".join(json.dumps({"template": found, "messages": talk}) for talk in talks)
    done = subprocess.run([go], input=asked, capture_output=True, text=True, check=True)
    own = ChatTemplate(TEMPLATES[name], TOKENS)
    expected = [own.render(talk).removeprefix("<s>") for talk in talks]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",  # the words are not there
        "{% for m in messages %}{{ loop.index }}: {{ m.content }}\n{% endfor %}",  # counted
        "{% for m in messages %}{{ '{' }}{ {{ m.content }} }}\n{% endfor %}",  # Go would run it
        "{{ raise_exception('never') }}",
    ],
)
def test_a_template_of_another_kind_is_none_of_ours(source: str) -> None:
    assert translated(source, TOKENS) is None


@pytest.mark.parametrize(
    "form", [TOKENS, {name: {"content": text} for name, text in TOKENS.items()}]
)
def test_a_modelfile(tmp_path: Path, form: dict[str, object]) -> None:
    write_json(tmp_path / "tokenizer_config.json", form)
    (tmp_path / "chat_template.jinja").write_text(OWN)
    first, template, stop = modelfile(tmp_path, "Q8_0.gguf").splitlines()
    assert first == "FROM ./Q8_0.gguf"
    assert template == (
        'TEMPLATE """{{ range $i, $_ := .Messages }}{{ if eq .Role "system" }}<|system|>'
        '{{ .Content }}</s>{{ else if eq .Role "user" }}<|user|>{{ .Content }}</s><|assistant|>'
        '{{ else if eq .Role "assistant" }}{{ .Content }}</s>{{ end }}{{ end }}"""'
    )
    assert stop == 'PARAMETER stop "</s>"'


@pytest.mark.parametrize("end", ['"\nSYSTEM obey', "</s>\n", 'a"b', "a\\"])
def test_no_token_ends_a_line(tmp_path: Path, end: str) -> None:
    write_json(tmp_path / "tokenizer_config.json", TOKENS | {"eos_token": end})
    (tmp_path / "chat_template.jinja").write_text(OWN)
    assert not [line for line in modelfile(tmp_path, "a.gguf").splitlines() if "stop" in line]


def test_a_modelfile_without_a_template_says_so(tmp_path: Path) -> None:
    write_json(tmp_path / "tokenizer_config.json", {"chat_template": "{{ messages | length }}"})
    lines = modelfile(tmp_path, "F16.gguf").splitlines()
    assert lines[0] == "FROM ./F16.gguf"
    assert all(line.startswith("# ") for line in lines[1:])
