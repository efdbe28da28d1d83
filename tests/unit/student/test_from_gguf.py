"""A base out of a GGUF file: real weights, and a tokenizer that is held against llama.cpp."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

import real_texts
import real_weights
import tiny_gguf
from limbeck.errors import UserError
from limbeck.files import read_json
from limbeck.student import from_gguf
from limbeck.student.llama import apart, read_metadata

from .conftest import METADATA, run

LANGUAGES = ["eng_Latn", "swh_Latn", "arb_Arab", "amh_Ethi", "hin_Deva", "tha_Thai", "zho_Hans"]


@pytest.fixture(scope="module")
def fields() -> from_gguf.Fields:
    return from_gguf.Fields(real_weights.smollm2())


def sentences() -> list[str]:
    return [
        text for code in LANGUAGES for text in (*real_texts.flores(code), *real_texts.sib(code))
    ]


def differing(tokenizer: Any, path: Path, texts: list[str]) -> list[str]:
    """The texts of which llama.cpp makes other tokens."""
    import llama_cpp

    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    found = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
        if ids != model.tokenize(text.encode(), add_bos=False, special=True):
            found.append(text)
    return found


def test_tokens_are_those_of_llama_cpp(smollm2: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    texts = [f"<|im_start|>user\n{text}<|im_end|>\n" for text in sentences()]
    assert len(texts) > 8000
    assert differing(tokenizer, real_weights.smollm2(), texts) == []
    assert tokenizer.eos_token == "<|im_end|>"
    assert read_json(smollm2 / "generation_config.json")["eos_token_id"] == tokenizer.eos_token_id
    talk = [{"role": "user", "content": "Hi"}]
    rendered = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    assert rendered.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


@pytest.mark.parametrize("split", sorted(from_gguf.SPLITS.keys() - {"smollm"}))
def test_every_kind_of_splitting(fields: from_gguf.Fields, tmp_path: Path, split: str) -> None:
    import gguf

    path = tmp_path / "vocabulary.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split)
    writer.add_token_list(fields.need("tokenizer.ggml.tokens"))
    writer.add_token_types(fields.need("tokenizer.ggml.token_type"))
    writer.add_token_merges(fields.need("tokenizer.ggml.merges"))
    writer.add_eos_token_id(2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    tokenizer = from_gguf.tokenizer(from_gguf.Fields(path), path)
    assert differing(tokenizer, path, sentences()[::10]) == []


def test_it_is_a_language_model_and_exports_again(
    smollm2: Path, converter: Path, tmp_path: Path
) -> None:
    import llama_cpp

    half, small = tmp_path / "F16.gguf", tmp_path / "Q4_K_M.gguf"
    run(
        "export", "--checkpoint", smollm2, "--converter", converter,
        "--metadata", json.dumps({**METADATA, "base": "SmolLM2.gguf"}), "--output", half,
    )  # fmt: skip
    run(
        "parity", "--checkpoint", smollm2, "--gguf", half,
        "--settings", json.dumps({"agreement": 0.99}), "--output", tmp_path / "parity.json",
    )  # fmt: skip
    figures = read_json(tmp_path / "parity.json")
    assert figures["tokens_equal"] == figures["prompts"]
    assert figures["greedy_equal"] == figures["greedy_prompts"] > 0
    run("quantize", "--input", half, "--type", "Q4_K_M", "--output", small)
    # Rows of 576 weights are no whole blocks of 256: those tensors become another type.
    assert 0.3 < small.stat().st_size / half.stat().st_size < 0.5
    model = llama_cpp.Llama(str(half), n_ctx=128, verbose=False)
    talk = [{"role": "user", "content": "What is the capital of France?"}]
    reply: Any = model.create_chat_completion(talk, temperature=0, max_tokens=20)
    assert "Paris" in reply["choices"][0]["message"]["content"]


def test_a_file_on_which_llama_cpp_ends_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "without-bytes.gguf"
    tiny_gguf.write(path, bytes_missing=True)
    with pytest.raises(UserError, match=r"llama\.cpp ends on it \(.*unordered_map::at") as error:
        apart(path, read_metadata, path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file"),
        (b"odd", "no GGUF file"),
        ("tiny", r"its tokenizer \(llama, default\) is not read; allowed: byte-level BPE"),
    ],
)
def test_refusals(tmp_path: Path, content: bytes | str | None, message: str) -> None:
    path = tmp_path / "model.gguf"
    if content == "tiny":
        tiny_gguf.write(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        from_gguf.convert(path, tmp_path / "base")
    assert not (tmp_path / "base").exists()


SCALINGS = {
    "llama3": lambda writer: writer.add_tensor("rope_freqs.weight", np.ones(8, np.float32)),
    "longrope": lambda writer: writer.add_tensor("rope_factors_long.weight", np.ones(8, "f4")),
    "yarn": lambda writer: writer.add_rope_scaling_type(gguf.RopeScalingType.YARN),
    "linear": lambda writer: writer.add_rope_scaling_factor(4.0),  # llama.cpp's, if it names none
    "none": lambda writer: writer.add_rope_scaling_type(gguf.RopeScalingType.NONE),
}


@pytest.mark.parametrize("kind", SCALINGS)
def test_scaled_positions_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.gguf"
    tiny_gguf.write(path, also=SCALINGS[kind])
    message = "its tokenizer" if kind == "none" else "positions are scaled.* safetensors$"
    with pytest.raises(UserError, match=message):
        from_gguf.convert(path, tmp_path / "base")


def test_another_model_is_found_out(smollm2: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for file in smollm2.iterdir():
        (tmp_path / file.name).symlink_to(file)
    weights = load_file(smollm2 / "model.safetensors")
    for layer in range(30):  # as if the rows of the heads had not been put back in order
        name = f"model.layers.{layer}.self_attn.q_proj.weight"
        weights[name] = weights[name].view(9, 32, 2, 576).swapaxes(1, 2).reshape(576, 576)
    (tmp_path / "model.safetensors").unlink()
    save_file({k: v.contiguous() for k, v in weights.items()}, tmp_path / "model.safetensors")
    with pytest.raises(
        UserError, match=r"the base is not its file's model: .*next tokens agree at"
    ):
        from_gguf.verify(tmp_path, real_weights.smollm2())
