"""Turn a GGUF file into a base: safetensors weights, the file's own tokenizer and chat template.

    python -m limbeck.student.from_gguf --gguf SmolLM2-135M-Instruct.Q4_1.gguf --output base/

The weights are what the file's quantization has left of the model's, in bfloat16. The tokenizer is
built from the file's own vocabulary and merges, and held against llama.cpp: the base must tokenise
and continue a few texts as llama.cpp does with the file.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.errors import UserError
from limbeck.files import read_json, write_json

# How a byte-level BPE splits a text first, by the name that a GGUF has for it (llama.cpp's
# llama-vocab.cpp): None is the splitting of GPT-2, else a regular expression.
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLITS = {
    "gpt-2": None,
    "llama-bpe": _WORDS + r"\p{N}{1,3}" + _REST,
    "qwen2": _WORDS + r"\p{N}" + _REST,
    "smollm": None,  # after each digit has become a word
}
_CONTROL, _USER_DEFINED = 3, 4  # gguf.TokenType
# A quantized file's products are rounded otherwise in llama.cpp; wrong weights give a tenth of it.
AGREEMENT = 0.8


class Fields:
    """The metadata of a GGUF file."""

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        try:
            read = GGUFReader(path)
        except (ValueError, IndexError, KeyError) as error:
            raise UserError(f"{path}: no GGUF file ({error})") from None
        self._fields, self._path = read.fields, path
        self.tensors = [tensor.name for tensor in read.tensors]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``."""
        return self._fields[key].contents() if key in self._fields else default

    def need(self, key: str) -> Any:
        """The value of ``key``; a `UserError` where the file has none."""
        if key not in self._fields:
            raise UserError(f"{self._path}: the file has no {key}")
        return self._fields[key].contents()

    def token(self, name: str) -> str | None:
        """The text of a special token, such as `eos`."""
        index = self.get(f"tokenizer.ggml.{name}_token_id")
        return None if index is None else str(self.need("tokenizer.ggml.tokens")[index])


def tokenizer(fields: Fields, path: Path) -> Any:
    """The Hugging Face tokenizer that splits text as llama.cpp does with the file.

    Raises:
        UserError: a kind of tokenizer that is not read.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    kind, split = fields.need("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre", "default")
    if kind != "gpt2" or split not in SPLITS:
        raise UserError(
            f"{path}: its tokenizer ({kind}, {split}) is not read; allowed: byte-level BPE (gpt2) "
            f"of the kinds {', '.join(sorted(SPLITS))}"
        )
    tokens = fields.need("tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in fields.need("tokenizer.ggml.merges")]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    backend = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=split == "llama-bpe"))
    backend.pre_tokenizer = pre_tokenizer(split)
    backend.decoder = decoders.ByteLevel()
    for token, code in zip(tokens, fields.need("tokenizer.ggml.token_type"), strict=True):
        if code in (_CONTROL, _USER_DEFINED):
            special = code == _CONTROL
            backend.add_tokens([AddedToken(token, special=special, normalized=False)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=fields.token("bos"),
        eos_token=fields.token("eos"),
        unk_token=fields.token("unknown"),
        pad_token=fields.token("padding"),
        chat_template=fields.get("tokenizer.chat_template"),
        clean_up_tokenization_spaces=False,
        model_max_length=fields.need(f"{fields.need('general.architecture')}.context_length"),
    )


def pre_tokenizer(split: str) -> Any:
    """What splits a text first, by llama.cpp's name for it."""
    from tokenizers import Regex, pre_tokenizers

    pattern = SPLITS[split]
    first: list[Any] = []
    if pattern:
        first = [pre_tokenizers.Split(Regex(pattern), behavior="isolated")]
    elif split == "smollm":
        first = [pre_tokenizers.Digits(individual_digits=True)]
    own = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    return pre_tokenizers.Sequence([*first, own])


def check_positions(fields: Fields, path: Path) -> None:
    """Raise a `UserError` where positions are scaled, as Llama 3.1's and 3.2's are.

    transformers reads nothing of it, and short texts, on which the base is compared with its file,
    hardly tell.
    """
    scaling = f"{fields.need('general.architecture')}.rope.scaling"
    kind = fields.get(f"{scaling}.type", "linear" if fields.get(f"{scaling}.factor") else "none")
    # Factors of each frequency stand in tensors: rope_freqs, rope_factors_long.
    if kind != "none" or any(name.startswith("rope_") for name in fields.tensors):
        raise UserError(
            f"{path}: its positions are scaled (RoPE), and that is not read from GGUF; take the "
            "model's safetensors"
        )


def model(path: Path) -> Any:
    """The model of a GGUF file, in float32 (4 bytes of memory a weight), as it can be saved."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32
        )
    except (ValueError, NotImplementedError) as error:  # an architecture that it does not read
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{path}: transformers cannot read it ({reason})") from None
    config = loaded.config.to_dict()
    # Where the weights came from: a model that says so cannot be saved.
    for key in ("quantization_config", "_name_or_path", "_model_name_or_path"):
        config.pop(key, None)
    with torch.device("meta"):
        fresh = type(loaded)(type(loaded.config).from_dict(config))
    fresh.load_state_dict(loaded.state_dict(), assign=True)
    fresh.tie_weights()
    return fresh.eval()


def convert(path: Path, output: Path) -> None:
    """Write the base that is in the GGUF file ``path`` to the folder ``output``.

    Raises:
        UserError: a tokenizer, an architecture or positions that are not read, or a base that is
            not the file's model.
    """
    import torch

    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    fields = Fields(path)
    check_positions(fields, path)
    temporary = output.with_name(f".{output.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        tokenizer(fields, path).save_pretrained(temporary)
        _finish_config(temporary / "tokenizer_config.json", fields)
        model(path).to(torch.bfloat16).save_pretrained(temporary)
        verify(temporary, path)
        shutil.rmtree(output, ignore_errors=True)
        temporary.rename(output)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _finish_config(path: Path, fields: Fields) -> None:
    """Say of BOS and EOS what the file says, where llama.cpp's converter looks for it."""
    adds = {f"add_{name}_token": bool(fields.get(f"tokenizer.ggml.add_{name}_token"))
            for name in ("bos", "eos")}  # fmt: skip
    write_json(path, read_json(path) | adds | {"tokenizer_class": "PreTrainedTokenizerFast"})


def verify(base: Path, path: Path) -> None:
    """Compare the base with its file in llama.cpp; a `UserError` says in what they differ.

    A command of its own: how files are compared does not decide what the base is.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "limbeck.student.parity", "--checkpoint", str(base),
            "--gguf", str(path), "--settings", json.dumps({"agreement": AGREEMENT, "greedy": 0}),
            "--threads", str(len(os.sched_getaffinity(0))), "--output", f"{folder}/parity.json",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"the base is not its file's model: {done.stderr.strip().splitlines()[-1]}")
    print(done.stdout.strip())


def main() -> None:
    """Turn a GGUF file into a base."""
    parser = stage.parser(__doc__)
    parser.add_argument("--gguf", type=Path, required=True, help="the file")
    parser.add_argument("--output", type=Path, required=True, help="the base's folder")
    options = parser.parse_args()
    convert(options.gguf, options.output)


if __name__ == "__main__":
    stage.run(main)
