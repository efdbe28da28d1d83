"""From a checkpoint to GGUF: converter, export, quantization, parity."""

import json
import shutil
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.student import converter as converter_stage
from limbeck.student.export import Metadata, convert, override, prepare, told
from limbeck.student.quantize import quantize
from limbeck.workflow.digest import digests

from .conftest import METADATA, run


def test_only_the_converter_is_unpacked(tmp_path: Path) -> None:
    archive, inside = tmp_path / "llama_cpp_python-0.tar.gz", "llama_cpp_python-0/vendor/llama.cpp"
    names = {
        f"{inside}/convert_hf_to_gguf.py": True,
        f"{inside}/conversion/llama.py": True,
        f"{inside}/gguf-py/gguf/__init__.py": True,
        f"{inside}/LICENSE": True,
        f"{inside}/src/llama.cpp": False,
        f"{inside}/conversion/../../../escaped.py": False,
        "llama_cpp_python-0/conversion/llama.py": False,
        "/vendor/llama.cpp/conversion/absolute.py": False,
    }
    with tarfile.open(archive, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, BytesIO(b"#"))
        link = tarfile.TarInfo(f"{inside}/conversion/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    output = tmp_path / "a" / "b" / "c" / "converter"
    assert converter_stage.unpack(archive, output) == sum(names.values())
    files = {path for path in tmp_path.rglob("*") if path.is_file() and path != archive}
    assert files == {
        output / name.removeprefix(f"{inside}/") for name, wanted in names.items() if wanted
    }


def test_an_archive_without_converter_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "llama_cpp_python-0.tar.gz"
    tarfile.open(archive, "w:gz").close()
    with pytest.raises(UserError, match=r"no vendor/llama\.cpp/convert_hf_to_gguf\.py"):
        converter_stage.unpack(archive, tmp_path / "output")


def test_another_archive_than_the_locks_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither unpacked nor run: pip asks a source distribution what it needs by running it."""
    links, ran = tmp_path / "links", tmp_path / "ran"
    links.mkdir()
    setup = f"open({str(ran)!r}, 'w').close()\n".encode()
    with tarfile.open(links / "llama_cpp_python-0.3.36.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("llama_cpp_python-0.3.36/setup.py")
        member.size = len(setup)
        tar.addfile(member, BytesIO(setup))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    output = tmp_path / "out" / "llama.cpp"
    assert len(digests("llama-cpp-python")) == 1
    with pytest.raises(UserError, match=r"^llama-cpp-python 0\.3\.36: .* is not that of the lock$"):
        converter_stage.fetch("0.3.36", output, digests("llama-cpp-python"))
    assert not ran.exists()
    assert list(output.parent.iterdir()) == []


def test_no_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    done = run("converter", "--version", "0.3.36", "--output", tmp_path / "llama.cpp", check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: llama-cpp-python 0.3.36: its source distribution")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("base", "entry"),
    [
        ("builtin:tiny", {"name": "builtin:tiny"}),
        ("/models/own", {"name": "a local folder"}),
        (
            "ibm-granite/granite-4.0-micro",
            {
                "name": "ibm-granite/granite-4.0-micro",
                "organization": "ibm-granite",
                "repo_url": "https://huggingface.co/ibm-granite/granite-4.0-micro",
            },
        ),
    ],
)
def test_base_in_the_metadata(base: str, entry: dict[str, str]) -> None:
    metadata = Metadata.model_validate({**METADATA, "base": base})
    assert override(metadata)["general.base_models"] == [entry]


def test_no_licence_is_given_to_the_converter_where_none_is_known(
    trained: Path, converter: Path, tmp_path: Path
) -> None:
    for licence in ("mit", None):
        folder = tmp_path / str(licence)
        folder.mkdir()
        metadata = Metadata.model_validate({**METADATA, "license": licence})
        prepare(trained / "checkpoint", converter, folder, "f16", metadata)
        assert (folder / "checkpoint/README.md").is_file() == bool(licence)


def test_metadata_of_the_file(gguf: Path) -> None:
    from gguf import GGUFReader

    fields = {name: item.contents() for name, item in GGUFReader(gguf).fields.items()}
    assert fields["general.name"] == "Limbeck Swahili tiny"
    assert fields["general.languages"] == ["sw", "en"]
    assert fields["general.license"] == "apache-2.0"
    assert fields["general.base_model.0.name"] == "builtin:tiny"
    assert fields["general.dataset.0.name"] == "swh_Latn/tiny"
    assert fields["tokenizer.ggml.add_bos_token"] is False
    assert fields["tokenizer.ggml.add_space_prefix"] is False
    assert "enable_thinking" in fields["tokenizer.chat_template"]


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_K_M"])
def test_quantized_file_is_smaller_and_answers(gguf: Path, tmp_path: Path, kind: str) -> None:
    import llama_cpp

    output = tmp_path / f"{kind}.gguf"
    run("quantize", "--input", gguf, "--type", kind, "--output", output)
    assert output.stat().st_size < 0.6 * gguf.stat().st_size
    model = llama_cpp.Llama(str(output), n_ctx=128, n_batch=128, verbose=False)
    reply: Any = model.create_chat_completion(
        [{"role": "user", "content": "Tafsiri: The farmer sells fish."}],
        temperature=0,
        max_tokens=40,
    )
    assert reply["choices"][0]["finish_reason"] == "stop"
    if kind == "Q8_0":
        assert reply["choices"][0]["message"]["content"] == "Mkulima anauza samaki."


def test_quantize_refusals(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        quantize(tmp_path / "none.gguf", tmp_path / "out.gguf", "Q8_0")
    (tmp_path / "odd.gguf").write_bytes(b"odd")
    with pytest.raises(UserError, match="could not make Q8_0"):
        quantize(tmp_path / "odd.gguf", tmp_path / "out.gguf", "Q8_0")
    assert not (tmp_path / "out.gguf").exists()


def test_granite_4_is_told_in_the_converters_words() -> None:
    """transformers 5 saves "full_attention" for what the hub's config calls "attention"."""
    saved = {"model_type": "granitemoehybrid", "layer_types": ["full_attention", "mamba"]}
    assert told(saved)["layer_types"] == ["attention", "mamba"]
    assert told({"model_type": "llama"}) == {"model_type": "llama"}


def test_converter_speaks_its_last_words(trained: Path, converter: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(trained / "checkpoint", checkpoint)
    config = read_json(checkpoint / "config.json")
    write_json(checkpoint / "config.json", {**config, "architectures": ["UnheardOfForCausalLM"]})
    with pytest.raises(UserError, match=r"converter refuses it .*UnheardOfForCausalLM"):
        convert(checkpoint, converter, tmp_path / "F16.gguf", "f16")
    assert not (tmp_path / "F16.gguf").exists()
    with pytest.raises(UserError, match=r"limbeck\.student\.converter"):
        convert(checkpoint, tmp_path, tmp_path / "F16.gguf", "f16")


def parity(folder: Path, checkpoint: Path, gguf: Path, output: Path) -> Any:
    return run(
        "parity", "--checkpoint", checkpoint, "--gguf", gguf, "--threads", 1,
        "--prompts", folder / "validation.parquet", "--settings", json.dumps({"agreement": 0.99}),
        "--output", output, check=False,
    )  # fmt: skip


def test_parity(folder: Path, trained: Path, gguf: Path, tmp_path: Path) -> None:
    output = tmp_path / "parity.json"
    done = parity(folder, trained / "checkpoint", gguf, output)
    assert done.returncode == 0, done.stderr
    figures = read_json(output)
    assert figures["templates_equal"] == figures["tokens_equal"] == figures["prompts"] == 42
    assert figures["greedy_equal"] == figures["greedy_prompts"] == 8
    assert figures["greedy_tokens"] > 40
    assert figures["agreement"] >= 0.99
    assert figures["positions"] > 300


def test_parity_finds_tampering(folder: Path, trained: Path, gguf: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(trained / "checkpoint", checkpoint)
    template = (checkpoint / "chat_template.jinja").read_text()
    (checkpoint / "chat_template.jinja").write_text(template.replace("</s>", " </s>"))
    weights = load_file(checkpoint / "model.safetensors")
    name = "model.layers.0.self_attn.q_proj.weight"
    weights[name] = weights[name].roll(1, 0)  # as if rows had been permuted wrongly
    name = "model.layers.1.mlp.down_proj.weight"
    weights[name] = weights[name].roll(7, 1)
    save_file(weights, checkpoint / "model.safetensors", {"format": "pt"})
    output = tmp_path / "parity.json"
    done = parity(folder, checkpoint, gguf, output)
    assert done.returncode == 1
    assert "of 42 prompts are rendered differently" in done.stderr
    assert "the next tokens agree at" in done.stderr
    assert "agreement" in done.stderr, "the figures are told"
    assert not output.exists()


def test_nothing_is_left_or_written_elsewhere(
    folder: Path, trained: Path, converter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"  # a system's folder for temporary files that takes nothing
    full.write_text("")
    monkeypatch.setenv("TMPDIR", str(full / "no"))
    output = tmp_path / "gguf" / "F16.gguf"
    monkeypatch.setattr("tempfile.tempdir", str(full / "no"))
    convert(trained / "checkpoint", converter, output, "f16", Metadata.model_validate(METADATA))
    assert [path.name for path in output.parent.iterdir()] == ["F16.gguf"]
