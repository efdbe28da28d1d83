"""Bases of the families that students start from: the true classes, tiny, with random weights."""

import shutil
from pathlib import Path
from typing import Any

from limbeck.files import read_json

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
# The name of the configuration class, and what it is told beside `SMALL`.
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {}),
    "mistral": ("MistralConfig", {"sliding_window": None}),
    "qwen2": ("Qwen2Config", {}),
    "qwen3": ("Qwen3Config", {}),
    "gemma3": (
        "Gemma3TextConfig",
        {"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "granite": ("GraniteConfig", {}),
    "granite4": (
        "GraniteMoeHybridConfig",
        {
            "layer_types": ["attention", "attention"],
            "num_local_experts": 0,
            "num_experts_per_tok": 0,
            "shared_intermediate_size": 96,
            "position_embedding_type": "rope",
        },
    ),
    "granite4_mamba": (
        "GraniteMoeHybridConfig",
        {
            "layer_types": ["mamba", "attention"],
            "num_local_experts": 0,
            "num_experts_per_tok": 0,
            "shared_intermediate_size": 96,
            "position_embedding_type": "rope",
            "mamba_n_heads": 4,
            "mamba_d_head": 32,
            "mamba_d_state": 16,
        },
    ),
    "smollm3": ("SmolLM3Config", {"pad_token_id": None}),
}


def create(family: str, like: Path, folder: Path) -> Path:
    """Write a base of ``family`` with the tokenizer of the base ``like``."""
    import torch
    import transformers

    shutil.copytree(like, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    old = read_json(like / "config.json")
    ids = {name: old[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    name, more = FAMILIES[family]
    config = getattr(transformers, name)(vocab_size=old["vocab_size"], **SMALL | ids | more)
    torch.manual_seed(1)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder
