"""Small models of the families that students start from: true classes, random weights.

Each has the configuration class of a true model with the settings that make the family what it is,
a tokenizer of the same kind with the same special tokens, its vocabulary trained on the spot, and a
chat template that puts a conversation into the same form.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.files import read_json, write_json, write_text

IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
VOCABULARY = 640
BLOCK = 64  # the vocabulary of a model is rounded up to a multiple of it, as true ones are
SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
# Rows of whole blocks of 256 weights, which llama.cpp's K-quants want.
WHOLE_BLOCKS = {"hidden_size": 256, "intermediate_size": 256, "head_dim": 64}
HYBRID = {
    "num_local_experts": 0,
    "num_experts_per_tok": 0,
    "shared_intermediate_size": 256,
    "position_embedding_type": "rope",
}

# Where a template says nothing else: a role between two marks, the content, an end.
TURNS = """\
FIRST{%- for message in messages %}
{{- 'OPENING' + message.role + 'CLOSING' + message.content + 'END' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- 'OPENINGassistantCLOSING' }}
{%- endif %}
"""
SYSTEM = """\
{%- if messages[0].role != 'system' %}
{{- 'OPENINGsystemCLOSINGTEXTEND' }}
{%- endif %}
"""
QWEN3 = """\
{%- for message in messages %}
{%- set content = message.content %}
{%- if message.role == 'assistant' and not loop.last %}
{%- set content = content.split('</think>')[-1].lstrip('\\n') %}
{%- endif %}
{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
{%- endif %}
"""
SMOLLM3 = """\
{%- set thinking = enable_thinking is not defined or enable_thinking %}
{{- '<|im_start|>system\\n## Metadata\\n\\nToday Date: ' + strftime_now('%d %B %Y') }}
{{- '\\nReasoning Mode: ' + ('/think' if thinking else '/no_think') + '\\n\\n' }}
{%- set rest = messages %}
{%- if messages[0].role == 'system' %}
{{- messages[0].content }}
{%- set rest = messages[1:] %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- for message in rest %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' + ('' if thinking else '<think>\\n\\n</think>\\n') }}
{%- endif %}
"""
LLAMA3 = """\
{{- bos_token + '<|start_header_id|>system<|end_header_id|>\\n\\n' }}
{{- 'Cutting Knowledge Date: December 2023\\nToday Date: ' + strftime_now('%d %b %Y') + '\\n\\n' }}
{%- set rest = messages %}
{%- if messages[0].role == 'system' %}
{{- messages[0].content | trim }}
{%- set rest = messages[1:] %}
{%- endif %}
{{- '<|eot_id|>' }}
{%- for message in rest %}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
{{- message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
GRANITE3 = """\
{%- if messages[0].role != 'system' %}
{{- "<|start_of_role|>system<|end_of_role|>Today's Date: " + strftime_now('%B %d, %Y') + '.' }}
{{- '<|end_of_text|>\\n' }}
{%- endif %}
"""
GEMMA = """\
{{- bos_token }}
{%- set rest = messages %}
{%- set prefix = '' %}
{%- if messages[0].role == 'system' %}
{%- set prefix = messages[0].content + '\\n\\n' %}
{%- set rest = messages[1:] %}
{%- endif %}
{%- for message in rest %}
{%- set role = 'model' if message.role == 'assistant' else message.role %}
{{- '<start_of_turn>' + role + '\\n' + (prefix if loop.first else '') + message.content | trim }}
{{- '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<start_of_turn>model\\n' }}
{%- endif %}
"""
MISTRAL = """\
{{- bos_token }}
{%- set system = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' %}
{%- for message in messages %}
{%- if message.role == 'user' %}
{{- '[INST] ' + (system if loop.index0 < 2 else '') + message.content + '[/INST]' }}
{%- elif message.role == 'assistant' %}
{{- ' ' + message.content + eos_token }}
{%- endif %}
{%- endfor %}
"""
OLMO2 = """\
{{- bos_token }}
{%- for message in messages %}
{{- '<|' + message.role + '|>\\n' + message.content }}
{{- eos_token if message.role == 'assistant' else '' }}
{{- '' if loop.last and message.role == 'assistant' else '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|assistant|>\\n' }}
{%- endif %}
"""


def turns(opening: str, closing: str, end: str, first: str = "", system: str = "") -> str:
    """A chat template that puts a role between two marks, after a system prompt of its own."""
    first += SYSTEM.replace("TEXT", system) if system else ""
    text = TURNS.replace("FIRST", first)
    return text.replace("OPENING", opening).replace("CLOSING", closing).replace("END", end)


CHATML = turns("<|im_start|>", "\\n", "<|im_end|>\\n")


@dataclass(frozen=True)
class Family:
    """What makes a family.

    Attributes:
        like: a true model, on the hub.
        billions: of its weights.
        kind: its configuration class in transformers.
        splits: how its byte-level BPE splits a text first, in llama.cpp's word; None is
            SentencePiece.
        special: its special tokens by their names; `stop` ends a turn where that is not `eos`.
        marks: other special tokens of its template.
        vocabulary: the class of its tokenizer in transformers.
        spaced: a space is put before a text and after each special token, as Llama 2's does.
    """

    like: str
    billions: float
    kind: str
    splits: str | None
    special: dict[str, str | None]
    template: str
    config: dict[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    vocabulary: str = "PreTrainedTokenizerFast"
    spaced: bool = False


_TEXT = {"bos": "<|end_of_text|>", "eos": "<|end_of_text|>", "pad": "<|pad|>"}
_IM = {"bos": "<|endoftext|>", "eos": "<|im_end|>", "pad": "<|endoftext|>"}
_END = {"bos": "<|endoftext|>", "eos": "<|endoftext|>", "pad": "<|pad|>"}
_S = {"unk": "<unk>", "bos": "<s>", "eos": "</s>", "pad": "<pad>"}
_ROLES = ("<|start_of_role|>", "<|end_of_role|>")
_USERS = ("<|system|>", "<|user|>", "<|assistant|>")
_SMOLLM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

FAMILIES = {
    "granite4": Family(
        "ibm-granite/granite-4.0-micro", 3, "GraniteMoeHybridConfig", "dbrx", _TEXT,
        turns(*_ROLES, "<|end_of_text|>\\n"),
        {**HYBRID, "layer_types": ["attention", "attention"]}, _ROLES,
    ),
    "granite4_mamba": Family(
        "ibm-granite/granite-4.0-h-micro", 3, "GraniteMoeHybridConfig", "dbrx", _TEXT,
        turns(*_ROLES, "<|end_of_text|>\\n"),
        {**HYBRID, "layer_types": ["mamba", "attention"], "position_embedding_type": "nope",
         "mamba_n_heads": 4, "mamba_d_state": 16, "mamba_chunk_size": 32}, _ROLES,
    ),
    "granite": Family(
        "ibm-granite/granite-3.3-2b-instruct", 2, "GraniteConfig", "refact", _TEXT,
        turns(*_ROLES, "<|end_of_text|>\\n", GRANITE3),
        {"embedding_multiplier": 12.0, "residual_multiplier": 0.22, "logits_scaling": 8.0,
         "attention_multiplier": 0.015625}, _ROLES,
    ),
    "qwen3": Family(
        "Qwen/Qwen3-1.7B", 1.7, "Qwen3Config", "qwen2", {**_IM, "bos": None}, QWEN3,
        marks=("<|im_start|>",),
    ),
    "qwen2": Family(
        "Qwen/Qwen2.5-1.5B-Instruct", 1.5, "Qwen2Config", "qwen2", {**_IM, "bos": None},
        turns("<|im_start|>", "\\n", "<|im_end|>\\n", system="You are a helpful assistant."),
        marks=("<|im_start|>",),
    ),
    "gemma3": Family(
        "google/gemma-3-1b-it", 1, "Gemma3TextConfig", None,
        {"unk": "<unk>", "bos": "<bos>", "eos": "<eos>", "pad": "<pad>", "stop": "<end_of_turn>"},
        GEMMA,
        {"sliding_window": 16, "query_pre_attn_scalar": 64, "num_hidden_layers": 6,
         "layer_types": [*["sliding_attention"] * 5, "full_attention"]},
        ("<start_of_turn>", "<mask>"), "GemmaTokenizer",
    ),
    "llama": Family(
        "meta-llama/Llama-3.2-1B-Instruct", 1, "LlamaConfig", "llama-bpe",
        {"bos": "<|begin_of_text|>", "eos": "<|eot_id|>", "pad": "<|finetune_right_pad_id|>"},
        LLAMA3,
        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0,
                             "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 256}},
        ("<|start_header_id|>", "<|end_header_id|>"),
    ),
    "smollm2": Family(
        "HuggingFaceTB/SmolLM2-360M-Instruct", 0.36, "LlamaConfig", "smollm",
        {"bos": "<|im_start|>", "eos": "<|im_end|>", "pad": "<|im_end|>"},
        turns("<|im_start|>", "\\n", "<|im_end|>\\n", system=_SMOLLM),
    ),
    "smollm3": Family(
        "HuggingFaceTB/SmolLM3-3B", 3, "SmolLM3Config", "llama-bpe", {**_IM, "bos": None}, SMOLLM3,
        {"num_hidden_layers": 4, "no_rope_layer_interval": 4}, ("<|im_start|>",),
    ),
    "mistral": Family(
        "mistralai/Mistral-7B-Instruct-v0.3", 7, "MistralConfig", None, _S, MISTRAL,
        {"sliding_window": None, "tie_word_embeddings": False}, ("[INST]", "[/INST]"),
        "LlamaTokenizer",
    ),
    "phi3": Family(
        "microsoft/Phi-3.5-mini-instruct", 3.8, "Phi3Config", None,
        {**_S, "eos": "<|endoftext|>", "stop": "<|end|>"}, turns("<|", "|>\\n", "<|end|>\\n"),
        {"tie_word_embeddings": False}, _USERS, "LlamaTokenizer", spaced=True,
    ),
    "phi4": Family(
        "microsoft/Phi-4-mini-instruct", 3.8, "Phi3Config", "gpt-4o",
        {**_END, "stop": "<|end|>"}, turns("<|", "|>", "<|end|>"),
        {"partial_rotary_factor": 0.75}, _USERS, "GPT2Tokenizer",
    ),
    "olmo2": Family(
        "allenai/OLMo-2-0425-1B-Instruct", 1, "Olmo2Config", "dbrx", _END, OLMO2,
        {"tie_word_embeddings": False},
    ),
    "falcon3": Family(
        "tiiuae/Falcon3-1B-Instruct", 1, "LlamaConfig", "falcon3", {**_END, "bos": None},
        OLMO2.replace("{{- bos_token }}\n", ""), {"tie_word_embeddings": False}, _USERS,
    ),
}  # fmt: skip


def create(name: str, like: Path, folder: Path) -> Path:
    """Write a base of a family with the tokenizer of the base ``like``."""
    shutil.copytree(like, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    old = read_json(like / "config.json")
    ids = {name: old[name] for name in IDS}
    _save(FAMILIES[name], SMALL, old["vocab_size"], ids, folder)
    return folder


def write(name: str, lines: Iterable[str], folder: Path) -> Path:
    """Write a base of a family, its vocabulary trained on ``lines``."""
    family = FAMILIES[name]
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(family, lines, folder)
    tokenizer.chat_template = family.template
    tokenizer.save_pretrained(folder)
    write_text(folder / "chat_template.jinja", family.template)
    path = folder / "tokenizer_config.json"
    told = {"tokenizer_class": family.vocabulary, "add_bos_token": "bos_token" in family.template}
    write_json(path, {**read_json(path), **told})
    ids = {name: getattr(tokenizer, name) for name in IDS}
    size = -(-len(tokenizer) // BLOCK) * BLOCK
    _save(family, SMALL | WHOLE_BLOCKS, size, ids, folder)
    names = [family.special[key] for key in ("eos", "stop") if key in family.special]
    stops = tokenizer.convert_tokens_to_ids(names)
    write_json(folder / "generation_config.json", {"eos_token_id": stops})
    return folder


def _save(family: Family, shape: dict[str, Any], size: int, ids: Any, folder: Path) -> None:
    import torch
    import transformers

    config = getattr(transformers, family.kind)(vocab_size=size, **shape | ids | family.config)
    torch.manual_seed(1)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)


def _tokenizer(family: Family, lines: Iterable[str], folder: Path) -> Any:
    import transformers

    named = {f"{key}_token": text for key, text in family.special.items() if key != "stop" and text}
    marks = [family.special[key] for key in ("stop",) if key in family.special]
    control = [*dict.fromkeys(named.values()), *marks, *family.marks]
    kind = getattr(transformers, family.vocabulary)
    if family.splits is None:
        _sentencepiece(named, control, lines, folder / "tokenizer.model")
        tokenizer = kind.from_pretrained(
            folder, **named, extra_special_tokens=[*marks, *family.marks],
            add_bos_token="bos_token" in family.template, add_prefix_space=family.spaced,
            legacy=family.spaced,
        )  # fmt: skip
    else:
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=_bytes(family.splits, control, lines), **named,
            extra_special_tokens=[*marks, *family.marks], clean_up_tokenization_spaces=False,
        )  # fmt: skip
    return tokenizer


def _bytes(splits: str, control: list[str], lines: Iterable[str]) -> Any:
    """A byte-level BPE tokenizer that splits a text first as llama.cpp's ``splits`` does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    from limbeck.student.from_gguf import pre_tokenizer

    same = {"dbrx": "llama-bpe", "falcon3": "llama-bpe", "refact": "smollm", "gpt-4o": "llama-bpe"}
    backend = Tokenizer(models.BPE(ignore_merges=splits in ("llama-bpe", "falcon3")))
    backend.pre_tokenizer = pre_tokenizer(same.get(splits, splits))
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=control, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    backend.train_from_iterator(lines, trainer)
    return backend


def _sentencepiece(
    named: dict[str, str], control: list[str], lines: Iterable[str], path: Path
) -> None:
    """A SentencePiece BPE model with byte fallback that puts no space before a text."""
    import sentencepiece

    pieces = {f"{key.removesuffix('_token')}_piece": text for key, text in named.items()}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(path.with_suffix("")), model_type="bpe",
        vocab_size=VOCABULARY, byte_fallback=True, normalization_rule_name="identity",
        add_dummy_prefix=False, remove_extra_whitespaces=False, split_digits=True,
        unk_id=0, bos_id=1, eos_id=2, pad_id=3, **pieces, minloglevel=2, num_threads=1,
        control_symbols=[text for text in control if text not in named.values()],
    )  # fmt: skip
    path.with_suffix(".vocab").unlink()
