"""The encoder student: a fine-tuned encoder with a classification head, a Hugging Face folder.

Its epochs end when the loss on a held-out share of the training examples stops falling, and the
weights of the best epoch are kept; without patience it goes through all of them, on all examples,
and so it does where no label has an example to spare.
The base `builtin:tiny` is a small ModernBERT of random weights with a
tokenizer made from the training examples: it shows the way, and needs no download.
"""

import copy
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import device
from limbeck.classification import sampling
from limbeck.classification.sampling import split
from limbeck.config import TINY, Classifier, FineTuning
from limbeck.errors import UserError
from limbeck.files import Row

_PREDICTED_AT_ONCE = 64  # texts
_WEIGHT_DECAY = 0.01
# What families of encoders call the dropout of their head.
_DROPOUTS = ("classifier_dropout", "seq_classif_dropout")
# Families that count positions from the padding token's number on, and so have fewer of them.
_COUNT_FROM_PADDING = ("roberta", "camembert")


@dataclass(frozen=True, slots=True)
class Encoder:
    """A fine-tuned encoder.

    Attributes:
        model: transformers' sequence classifier, whose config names the labels.
        tokenizer: of the model; its `model_max_length` is the tokens of a text.
    """

    model: Any
    tokenizer: Any

    def predict(self, texts: Sequence[str]) -> list[str | None]:
        """The likeliest labels."""
        import torch

        names = self.model.config.id2label
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        found: dict[int, str | None] = {}
        self.model.eval()
        for start in range(0, len(order), _PREDICTED_AT_ONCE):
            rows = order[start : start + _PREDICTED_AT_ONCE]
            with torch.inference_mode():
                logits = self.model(**self.encode([texts[row] for row in rows])).logits
            for row, index in zip(rows, logits.argmax(-1).tolist(), strict=True):
                found[row] = names[index]
        return [found[row] for row in range(len(texts))]

    def encode(self, texts: list[str]) -> Any:
        """The texts as padded tensors on the model's device."""
        tensors = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        tensors.pop("token_type_ids", None)
        return tensors.to(self.model.device)

    def save(self, folder: Path) -> None:
        """Write the Hugging Face folder."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def load(folder: Path) -> Encoder:
    """The encoder of a folder that `Encoder.save` wrote."""
    _quiet()
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder)
    return Encoder(model.to(_device()), AutoTokenizer.from_pretrained(folder))


def train(rows: Sequence[Row], settings: Classifier, seed: int) -> Encoder:
    """An encoder fine-tuned on rows {"id", "text", "label"}."""
    _quiet()
    device.claim()
    import torch

    torch.manual_seed(seed)
    tuning = settings.fine_tuning
    weights = sampling.weights([row["label"] for row in rows], settings.evens)
    kept, held = split(rows, tuning.held_out, seed) if tuning.patience else (list(rows), [])
    encoder = _start(settings, list(weights), [row["text"] for row in kept])
    encoder.model.to(_device())
    _fit(encoder, kept, held, weights, tuning, seed)
    return encoder


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _quiet() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _fit(
    encoder: Encoder,
    kept: list[Row],
    held: list[Row],
    weights: Mapping[str, float],
    tuning: FineTuning,
    seed: int,
) -> None:
    """Train the weights in place, and leave them as they were in the best or last epoch."""
    import torch

    size = batch(tuning, len(kept) + len(held))
    steps = tuning.epochs * -(-len(kept) // size)
    optimizer = torch.optim.AdamW(
        encoder.model.parameters(), lr=tuning.learning_rate, weight_decay=_WEIGHT_DECAY
    )
    warmup = max(1, int(steps * tuning.warmup))

    def rate(step: int) -> float:
        left = (steps - step) / max(1, steps - warmup) if tuning.schedule == "linear" else 1.0
        return min((step + 1) / warmup, left)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    best, best_state, since = float("inf"), None, 0
    rng = random.Random(seed)
    for _ in range(tuning.epochs):
        encoder.model.train()
        order = rng.sample(kept, len(kept))
        for part in _batches(order, size):
            loss = _loss(encoder, part, weights)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(encoder.model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        if tuning.patience is None or not held:
            continue
        now = _held_out_loss(encoder, held, weights)
        if now < best:
            best, best_state, since = now, copy.deepcopy(encoder.model.state_dict()), 0
        elif (since := since + 1) >= tuning.patience:
            break
    if best_state is not None:
        encoder.model.load_state_dict(best_state)


def batch(tuning: FineTuning, examples: int) -> int:
    """The examples of a step, by how many there are; of more than are named, the most's."""
    if isinstance(tuning.batch, int):
        return tuning.batch
    named = sorted(tuning.batch)
    return tuning.batch[next((most for most in named if examples <= most), named[-1])]


def _batches(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _loss(encoder: Encoder, rows: list[Row], weights: Mapping[str, float]) -> Any:
    """The mean loss of rows by the weights of their labels, which are in the classes' order."""
    import torch

    device, index = encoder.model.device, {label: i for i, label in enumerate(weights)}
    inputs = encoder.encode([row["text"] for row in rows])
    gold = torch.tensor([index[row["label"]] for row in rows], device=device)
    logits = encoder.model(**inputs).logits.float()
    weigh = torch.tensor(list(weights.values()), device=device)
    return torch.nn.functional.cross_entropy(logits, gold, weigh)


def _held_out_loss(encoder: Encoder, rows: list[Row], weights: Mapping[str, float]) -> float:
    import torch

    encoder.model.eval()
    with torch.inference_mode():
        losses = [
            float(_loss(encoder, part, weights)) * len(part)
            for part in _batches(rows, _PREDICTED_AT_ONCE)
        ]
    return sum(losses) / len(rows)


def _start(settings: Classifier, labels: list[str], texts: list[str]) -> Encoder:
    """The base with an untrained head."""
    if settings.base == TINY:
        return _builtin(labels, texts, settings.fine_tuning)
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    names = dict(enumerate(labels))
    shared = {"revision": settings.revision, "trust_remote_code": settings.trust_remote_code}
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.base, **shared)
        config = AutoConfig.from_pretrained(
            settings.base, id2label=names, label2id={label: i for i, label in names.items()},
            **shared,
        )  # fmt: skip
        _set_dropout(config, settings)
        model = AutoModelForSequenceClassification.from_pretrained(
            settings.base, config=config, use_safetensors=True, **shared
        )
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"classifier: base: {settings.base!r} cannot be loaded ({reason})"
        ) from None
    wanted = settings.fine_tuning.max_length
    tokenizer.model_max_length = min(wanted, tokenizer.model_max_length, _positions(config))
    return Encoder(model, tokenizer)


def _positions(config: Any) -> int:
    """The tokens of the longest text that a model has positions for."""
    count: int = getattr(config, "max_position_embeddings", None) or 0
    if count < 1:
        return sys.maxsize  # it has none, or counts them from each other
    from_padding = any(name in config.model_type for name in _COUNT_FROM_PADDING)
    return count - config.pad_token_id - 1 if from_padding else count


def _set_dropout(config: Any, settings: Classifier) -> None:
    """Of the head, by the name that the base's family has for it."""
    wanted = settings.fine_tuning.dropout
    if wanted is None:
        return
    name = next((name for name in _DROPOUTS if hasattr(config, name)), None)
    if config.model_type.startswith("deberta"):
        name = "cls_dropout"  # which it reads, and does not have until it is set
    if name is None:
        raise UserError(
            f"classifier: fine_tuning.dropout: {settings.base!r} has no dropout of a head; null "
            "leaves the base as it is"
        )
    setattr(config, name, wanted)


def _builtin(labels: list[str], texts: list[str], tuning: FineTuning) -> Encoder:
    """A small ModernBERT of random weights; its tokenizer is made from the training texts alone."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import (
        ModernBertConfig,
        ModernBertForSequenceClassification,
        PreTrainedTokenizerFast,
    )

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    raw = Tokenizer(models.BPE(unk_token="[UNK]"))
    raw.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False)
    )
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=tuning.max_length,
    )  # fmt: skip
    config = ModernBertConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=tuning.max_length, pad_token_id=0,
        bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, local_attention=64,
        classifier_pooling="mean", attn_implementation="sdpa",
        classifier_dropout=0.2 if tuning.dropout is None else tuning.dropout,
        num_labels=len(labels), id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )  # fmt: skip
    return Encoder(ModernBertForSequenceClassification(config), tokenizer)
