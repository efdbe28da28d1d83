"""Unsloth, set up: loading a base for training, adapters, merging."""

import unsloth  # isort: skip  # it patches the libraries below, so it comes first

import math
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peft
import torch
from torch.distributed.fsdp import FSDPModule
from transformers.utils import logging

from limbeck.config import Training
from limbeck.errors import UserError
from limbeck.student import guard, ranks, weights
from limbeck.student.encoding import Encoded

# Under it, activations fit anywhere, and computing them twice would only cost time.
RECOMPUTE_FROM = 100_000_000
SHORT = 256  # tokens of a row, up to which plain attention is the faster one on a CPU


def load(base: Path, settings: Any) -> tuple[Any, Any, str]:
    """Model, tokenizer and the precision that this device allows.

    Weights that are trained stay in float32, but for `training.memory` bfloat16 and adam8bit;
    bfloat16 is the precision of the matrix products (autocast). With LoRA the frozen weights of a
    base that is not float32 are bfloat16, too, or NF4 (QLoRA, arXiv 2305.14314).
    """
    training: Training = settings.training
    precision = precision_here(training)
    weights.check(base)
    logging.disable_progress_bar()
    length = min(training.max_length, weights.context(base) or training.max_length)
    cuda = torch.cuda.is_available()
    full = training.method == "full"
    # A base in float32 would be rounded at loading, and so would be what is saved of it.
    half = precision == "bfloat16" and weights.stored_type(base) != "float32" and (cuda or not full)
    lean = training.memory != "float32"
    extra = {"float32_mixed_precision": True} if half and full and not lean else {}
    model, tokenizer = unsloth.FastLanguageModel.from_pretrained(
        str(base),
        max_seq_length=length,
        dtype=torch.bfloat16 if half or lean else torch.float32,
        load_in_4bit=training.memory == "nf4",
        full_finetuning=full,
        trust_remote_code=settings.trust_remote_code,
        use_gradient_checkpointing="unsloth" if _large(base) else False,
        **extra,
    )
    if training.memory == "nf4" and not getattr(model, "is_loaded_in_4bit", False):
        raise UserError("training.memory: nf4: bitsandbytes does not work here; is it installed?")
    guard.check_weights(model)
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # of a base that reads images, too
    if not full:
        model = unsloth.FastLanguageModel.get_peft_model(
            model,
            target_modules=linear_layers(model, training.lora.targets),
            r=training.lora.rank,
            lora_alpha=training.lora.alpha,
            lora_dropout=training.lora.dropout,
            use_gradient_checkpointing="unsloth" if _large(base) else False,
            random_state=settings.seed,
        )
    if _large(base):
        model.gradient_checkpointing_enable()
    return model, tokenizer, precision


def precision_here(training: Training) -> str:
    """The precision of a training on this device, which must have what the training asks for."""
    if training.precision == "float32":
        return training.precision
    cuda = torch.cuda.is_available()
    lacks = "" if unsloth.is_bfloat16_supported() else "this device has no bfloat16"
    if training.memory == "nf4" and not cuda:
        lacks = "it needs a CUDA device, and there is none here"  # bitsandbytes comes with those
    if lacks and training.memory != "float32":
        raise UserError(f"training.memory: {training.memory}: {lacks}; allowed here: float32")
    # Where weights are held in bfloat16, too, as the frozen ones are, it is for their size.
    products = training.memory == "float32" and training.method == "full"
    if not lacks and products and not cuda and not _half_is_faster():
        lacks = "this processor multiplies bfloat16 no faster than float32"
    if lacks:
        print(f"training: {lacks}; float32 is used instead")
        return "float32"
    return training.precision


def _half_is_faster() -> bool:
    """Whether a product of matrices takes this processor less time in bfloat16.

    With the matrix units of newer processors it takes a fifth of it, with vectors alone it may take
    twice as much.
    """
    whole = torch.ones(512, 512)
    kinds = {"whole": whole, "half": whole.bfloat16()}
    seconds = dict.fromkeys(kinds, math.inf)
    for _ in range(9):
        for name, matrix in kinds.items():
            begun = time.perf_counter()
            matrix @ matrix
            seconds[name] = min(seconds[name], time.perf_counter() - begun)
    return seconds["half"] < seconds["whole"]


def linear_layers(model: Any, targets: Sequence[str] | None) -> str:
    """A regular expression of the linear layers of all blocks, whatever a family calls them.

    Args:
        model: a language model.
        targets: the ends of the names of those that are wanted, such as ``k_proj``; None: all.
    """
    blocks = model.get_decoder().layers
    within = {id(module) for module in blocks.modules() if isinstance(module, torch.nn.Linear)}
    names = [name for name, module in model.named_modules() if id(module) in within]
    there = sorted({name.rpartition(".")[2] for name in names})
    if unknown := [target for target in targets or () if target not in there]:
        raise UserError(
            f"training.lora.targets: {', '.join(unknown)}: the base has no such linear layers, but "
            f"{', '.join(there)}"
        )
    wanted = [name for name in names if targets is None or name.rpartition(".")[2] in targets]
    return "|".join(re.escape(name) for name in wanted)


def fit_attention(model: Any, samples: list[Encoded]) -> None:
    """Plain attention where rows are short and the device is a CPU.

    PyTorch's fused one is made for long rows: its backward pass took a sixth of the time of a
    training on rows of 36 tokens, which went a fifth faster without it.
    """
    longest = max(len(sample.input_ids) for sample in samples)
    if not torch.cuda.is_available() and longest <= SHORT:
        model.set_attn_implementation("eager")


def plain(model: Any, trained: dict[str, Any], base: Path, settings: Any) -> Any:
    """The model with whole weights, into which adapters, if there are any, are added."""
    if settings.training.memory == "nf4" or ranks.sharded(model):
        model = renewed(model, trained, base, settings)
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def renewed(model: Any, trained: dict[str, Any], base: Path, settings: Any) -> Any:
    """The base read anew on the CPU, in its own type, with the weights that were trained.

    For a model that has no such weights: its base's are in 4 bits, which have lost some of it and
    are never merged into, or each process has a part of them.
    """
    adapted = isinstance(model, peft.PeftModel)
    inner = model.get_base_model() if adapted else model
    kind: Any = next(kind for kind in type(inner).__mro__ if not issubclass(kind, FSDPModule))
    fresh = kind.from_pretrained(
        base,
        dtype=getattr(torch, weights.stored_type(base)),
        trust_remote_code=settings.trust_remote_code,
    )
    if adapted:
        fresh = peft.get_peft_model(fresh, model.peft_config["default"])
    unknown = fresh.load_state_dict(trained, strict=False).unexpected_keys
    assert not unknown, f"trained weights without a place in the base: {unknown}"
    return fresh


def device(count: int) -> str:
    """What trained, in words: so many alike."""
    if torch.cuda.is_available():
        found = str(torch.cuda.get_device_name(0))
    else:
        found = f"CPU, {torch.get_num_threads()} threads"
    return f"{count} of {found}" if count > 1 else found


def _large(base: Path) -> bool:
    size = sum(path.stat().st_size for path in weights.files(base))
    return size >= 2 * RECOMPUTE_FROM
