"""Unsloth and TRL, set up: loading, training arguments, saving in between, merging."""

import unsloth  # isort: skip  # it patches the libraries below, so it comes first

import math
import re
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from limbeck.config import Training
from limbeck.student import guard
from limbeck.student.encoding import Encoded

# Under it, activations fit anywhere, and computing them twice would only cost time.
RECOMPUTE_FROM = 100_000_000


def load(base: Path, settings: Any) -> tuple[Any, Any, str]:
    """Model, tokenizer and the precision that this device allows.

    Weights that are trained stay in float32; bfloat16 is the precision of the matrix products
    (autocast). In plain bfloat16 steps of a learning rate like 1e-5 would be rounded away. With
    LoRA the frozen weights are bfloat16, too.
    """
    logging.disable_progress_bar()
    training: Training = settings.training
    length = min(training.max_length, guard.context(base) or training.max_length)
    cuda = torch.cuda.is_available()
    precision = training.precision
    if precision == "bfloat16" and not unsloth.is_bfloat16_supported():
        print("training: this device has no bfloat16; float32 is used instead")
        precision = "float32"
    full = training.method == "full"
    half = precision == "bfloat16" and (cuda or not full)
    extra = {"float32_mixed_precision": True} if cuda and full else {}
    model, tokenizer = unsloth.FastLanguageModel.from_pretrained(
        str(base),
        max_seq_length=length,
        dtype=torch.bfloat16 if half else torch.float32,
        load_in_4bit=False,
        full_finetuning=full,
        trust_remote_code=settings.trust_remote_code,
        use_gradient_checkpointing="unsloth" if _large(base) else False,
        **extra,
    )
    guard.check_weights(model)
    if not full:
        model = unsloth.FastLanguageModel.get_peft_model(
            model,
            target_modules=linear_layers(model),
            r=training.lora.rank,
            lora_alpha=training.lora.alpha,
            lora_dropout=training.lora.dropout,
            use_gradient_checkpointing="unsloth" if _large(base) else False,
            random_state=settings.seed,
        )
    return model, tokenizer, precision


def linear_layers(model: Any) -> str:
    """A regular expression of the linear layers of all blocks, whatever a family calls them."""
    blocks = model.get_decoder().layers
    within = {id(module) for module in blocks.modules() if isinstance(module, torch.nn.Linear)}
    names = [name for name, module in model.named_modules() if id(module) in within]
    return "|".join(re.escape(name) for name in names)


def build(
    model: Any,
    tokenizer: Any,
    samples: dict[str, list[Encoded]],
    folder: Path,
    precision: str,
    options: Any,
) -> Any:
    """TRL's trainer over encoded samples; the labels are ours, so it prepares nothing."""
    training: Training = options.settings.training
    size = _device_batch(training.batch, options.device_batch)
    steps = math.ceil(len(samples["train"]) / training.batch * training.epochs)
    validation = samples["validation"]
    arguments = SFTConfig(
        output_dir=str(folder),
        seed=options.settings.seed,
        data_seed=options.settings.seed,
        num_train_epochs=training.epochs,
        per_device_train_batch_size=size,
        per_device_eval_batch_size=size,
        gradient_accumulation_steps=training.batch // size,
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=round(steps * training.warmup),
        weight_decay=training.weight_decay,
        adam_beta2=training.beta2,
        optim="adamw_torch_fused",
        bf16=precision == "bfloat16",
        fp16=False,
        gradient_checkpointing=model.num_parameters() >= RECOMPUTE_FROM,
        router_aux_loss_coef=0.0,  # on, it asks Granite 4's dense layers for a router's output
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        max_length=training.max_length,
        packing=False,  # without FlashAttention packed rows would see each other
        dataset_kwargs={"skip_prepare_dataset": True},
        eval_strategy="epoch" if validation else "no",
        save_strategy="no",  # by the clock instead: see Saving
        save_total_limit=1,
        logging_nan_inf_filter=False,
        logging_strategy="steps",
        logging_steps=max(1, steps // 100),
        disable_tqdm=True,
        report_to=[],
    )
    trainer = Guarded(
        model=model,
        args=arguments,
        processing_class=tokenizer,
        train_dataset=_dataset(samples["train"]),
        eval_dataset=_dataset(validation) if validation else None,
        callbacks=[Saving(options.save_every), Progress(steps)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


class Guarded(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer, which fails at the first bad step, before its update."""

    first: float | None = None
    loss = 0.0

    def training_step(self, *args: Any, **options: Any) -> Any:
        part = super().training_step(*args, **options)
        self.loss += float(part)
        return part

    def _clip_grad_norm(self, model: Any) -> Any:
        norm = super()._clip_grad_norm(model)
        if self.first is None:
            self.first = self.loss
        vocabulary = model.get_input_embeddings().num_embeddings
        step = self.state.global_step + 1
        guard.check_step(step, self.loss, float(norm), self.first, vocabulary)
        self.loss = 0.0
        return norm


class Saving(TrainerCallback):  # type: ignore[misc]
    """Save every so many seconds, and never for more than a twentieth of the time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if time.monotonic() - self.last > self.seconds and state.global_step < state.max_steps:
            control.should_save = True
            self.last = time.monotonic()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        took = time.monotonic() - self.last
        self.last = time.monotonic()
        self.seconds = max(self.seconds, 20 * took)


class Progress(TrainerCallback):  # type: ignore[misc]
    """A line for every tenth of the way."""

    def __init__(self, steps: int) -> None:
        self.every = max(1, steps // 10)
        self.next = 0

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        logs = logs or {}
        step = f"step {state.global_step}/{state.max_steps}"
        if "eval_loss" in logs:
            print(f"{step}: validation loss {logs['eval_loss']:.4f}", flush=True)
        elif "loss" in logs and state.global_step >= self.next:
            print(f"{step}: loss {logs['loss']:.4f}", flush=True)
            self.next = state.global_step + self.every


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint of a training that was killed."""
    # The trainer writes its state last, so that a folder without it is half a checkpoint.
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def evaluated(trainer: Any) -> bool:
    """Whether the validation loss of the last step is known."""
    step = trainer.state.global_step
    return any("eval_loss" in item and item["step"] == step for item in trainer.state.log_history)


def merged(model: Any) -> Any:
    """The plain model: adapters, if there are any, are added into its weights."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def device() -> str:
    """What trained, in words."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    return f"CPU, {torch.get_num_threads()} threads"


def _device_batch(batch: int, wanted: int) -> int:
    """The largest part of a step's rows, of equal parts, that the device takes at once."""
    return max(size for size in range(1, batch + 1) if batch % size == 0 and size <= max(1, wanted))


def _dataset(samples: list[Encoded]) -> Any:
    return Dataset.from_dict(
        {
            "input_ids": [sample.input_ids for sample in samples],
            "labels": [sample.labels for sample in samples],
            "length": [len(sample.input_ids) for sample in samples],
        }
    )


def _large(base: Path) -> bool:
    size = sum(path.stat().st_size for path in base.glob("*.safetensors"))
    return size >= 2 * RECOMPUTE_FROM
