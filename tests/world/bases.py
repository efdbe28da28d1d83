"""The models of the stand-in hub: true configuration classes, a few layers, random weights.

Tokenizers are made on the spot from English sentences. Those of students' bases are SentencePiece
ones: vocabularies of bytes are known to llama.cpp's converter by a hash alone.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import real_texts
import small_families
from limbeck.files import read_json, write_json
from limbeck.student import tiny
from world import texts

WIDTH, LAYERS, VOCABULARY = 64, 2, 704  # in eights, as llama.cpp pads that of Granite 4
_SHAPE = {
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 4,
    "intermediate_size": 2 * WIDTH,
}  # fmt: skip
_DECODER = {**_SHAPE, "num_key_value_heads": 2, "tie_word_embeddings": True}

_TURNS = """\
{%- for message in messages %}
{{- 'OPENING' + message.role + 'CLOSING' + message.content + 'END' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- 'OPENINGassistantCLOSING' }}
{%- endif %}
"""


def template(opening: str, closing: str, end: str) -> str:
    """A chat template that puts a role between two marks."""
    return _TURNS.replace("OPENING", opening).replace("CLOSING", closing).replace("END", end)


def granite(folder: Path) -> None:
    """ibm-granite/granite-4.0-micro: dense, attention alone."""
    import transformers

    tokenizer = _pieces(folder, template("<|start_of_role|>", "<|end_of_role|>", "</s>\\n"))
    _prefix(tokenizer.backend_tokenizer)
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    config = transformers.GraniteMoeHybridConfig(
        **_DECODER, vocab_size=len(tokenizer), layer_types=["attention"] * LAYERS,
        num_local_experts=0, num_experts_per_tok=0, shared_intermediate_size=2 * WIDTH,
        position_embedding_type="rope",
        embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=1 / 16,
        logits_scaling=4.0, max_position_embeddings=131072,
        bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    _save(transformers.GraniteMoeHybridForCausalLM, config, folder)


def smollm2(folder: Path) -> None:
    """HuggingFaceTB/SmolLM2-135M-Instruct, with marks of turns that are single tokens."""
    import transformers

    tokenizer = _pieces(folder, template("<|", "|>", "</s>\\n"))
    config = transformers.LlamaConfig(
        **_DECODER, vocab_size=len(tokenizer), max_position_embeddings=8192, rope_theta=100000.0,
        bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    _save(transformers.LlamaForCausalLM, config, folder)


def _pieces(folder: Path, turns: str) -> Any:
    """Write a SentencePiece tokenizer with a chat template."""
    import transformers

    lines = texts.sentences("eng_Latn")[:500]
    rows = [{"messages": [{"role": "user", "content": line}]} for line in lines]
    shape = tiny.Architecture(vocabulary=VOCABULARY, width=256, layers=1, heads=4)
    tiny.create(rows, shape, 1, folder)  # for its tokenizer
    (folder / "chat_template.jinja").write_text(turns, encoding="utf-8")
    return transformers.AutoTokenizer.from_pretrained(folder)


def _prefix(backend: Any) -> None:
    """Put a space before each text, as llama.cpp does where the converter says nothing of it."""
    from tokenizers import decoders, normalizers

    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), backend.normalizer])
    backend.decoder = decoders.Sequence([backend.decoder, decoders.Strip(" ", 1, 0)])


def llama(folder: Path) -> None:
    """meta-llama/Llama-3.1-8B-Instruct."""
    import transformers

    special = ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>",
               "<|finetune_right_pad_id|>"]  # fmt: skip
    turns = template("<|start_header_id|>", "<|end_header_id|>\\n\\n", "<|eot_id|>")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_bytes(special), bos_token=special[0], eos_token=special[1],
        pad_token=special[4], chat_template=turns, model_max_length=131072,
        extra_special_tokens=special[2:4],
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}  # fmt: skip
    config = transformers.LlamaConfig(
        **_DECODER, vocab_size=len(tokenizer), rope_parameters=rope,
        max_position_embeddings=131072, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    _save(transformers.LlamaForCausalLM, config, folder)


def gemma(folder: Path) -> None:
    """google/gemma-3-4b-it, its language part."""
    _family("gemma3", folder)


def qwen(folder: Path) -> None:
    """Qwen/Qwen2.5-7B-Instruct."""
    _family("qwen2", folder)


def _family(name: str, folder: Path) -> None:
    """A family's small model, which may read as much as the true one."""
    folder.rmdir()
    small_families.write(name, texts.sentences("eng_Latn")[:500], folder)
    config = read_json(folder / "config.json")
    write_json(folder / "config.json", config | {"max_position_embeddings": 32768})


def mmbert(folder: Path) -> None:
    """jhu-clsp/mmBERT-base."""
    import transformers

    xlm_roberta(folder)  # for its tokenizer
    config = transformers.ModernBertConfig(
        **_SHAPE, vocab_size=1200, max_position_embeddings=8192, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, cls_token_id=0, sep_token_id=2,
    )  # fmt: skip
    _save(transformers.ModernBertForMaskedLM, config, folder)


def xlm_roberta(folder: Path) -> None:
    """FacebookAI/xlm-roberta-large."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    backend.train_from_iterator(
        [line for code in texts.LANGUAGES for line in texts.sentences(code)[:200]],
        trainers.UnigramTrainer(vocab_size=1200, special_tokens=special, unk_token="<unk>"),
    )
    backend.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>",
        model_max_length=512,
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    config = transformers.XLMRobertaConfig(
        **_SHAPE, vocab_size=len(tokenizer), max_position_embeddings=514, type_vocab_size=1,
        bos_token_id=0, pad_token_id=1, eos_token_id=2,
    )  # fmt: skip
    _save(transformers.XLMRobertaForMaskedLM, config, folder)


def _bytes(special: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet
    )
    backend.train_from_iterator(texts.sentences("eng_Latn")[:500], trainer)
    return backend


def _save(kind: Any, config: Any, folder: Path) -> None:
    import torch

    torch.manual_seed(1)
    kind(config).save_pretrained(folder)


def glotlid(folder: Path) -> None:
    """cis-lmu/glotlid: a model of fastText that knows the languages of the world."""
    import fasttext

    lines = [
        f"__label__{code} {line}"
        for code in texts.LANGUAGES
        for line in texts.sentences(code)[:300]
    ]
    written = folder / "lines.txt"
    written.write_text("\n".join(lines), encoding="utf-8")
    model = fasttext.train_supervised(
        str(written), dim=16, epoch=40, lr=0.5, minn=2, maxn=4, bucket=20000, thread=1, seed=1,
        loss="softmax", verbose=0,
    )  # fmt: skip
    model.save_model(str(folder / "model.bin"))
    written.unlink()


MODELS: dict[str, Callable[[Path], None]] = {
    "ibm-granite/granite-4.0-micro": granite,
    "meta-llama/Llama-3.1-8B-Instruct": llama,
    "google/gemma-3-4b-it": gemma,
    "Qwen/Qwen2.5-7B-Instruct": qwen,
    "HuggingFaceTB/SmolLM2-135M-Instruct": smollm2,
    "FacebookAI/xlm-roberta-large": xlm_roberta,
    "FacebookAI/xlm-roberta-base": xlm_roberta,
    "jhu-clsp/mmBERT-base": mmbert,
    "cis-lmu/glotlid": glotlid,
}


def main() -> None:
    """Write all models: `python -m world.bases FOLDER`."""
    for name, write_model in MODELS.items():
        place = Path(sys.argv[1]) / name
        place.mkdir(parents=True)
        write_model(place)


def write(folder: Path) -> None:
    """Write all models in a process of its own, so that the tests import nothing heavy."""
    real_texts.folder()  # there a skip would be an error
    subprocess.run(
        [sys.executable, "-m", "world.bases", str(folder)], check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip


if __name__ == "__main__":
    main()
