"""A checkpoint in transformers: length-sorted, left-padded batches, no gradient."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import UserError
from limbeck.files import digest, file_digest
from limbeck.models.protocol import (
    Done,
    Generation,
    continuations,
    ignore,
    opened,
    say_if_long,
    say_if_open,
    shared,
)
from limbeck.student import encoding, weights
from limbeck.student.encoding import Message

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model")  # what decides a checkpoint's answers


class TransformersModel:
    """A causal language model in a folder; float32 on a CPU, bfloat16 on CUDA."""

    gives_likelihood = True
    max_tokens: int | None = None

    def __init__(
        self, folder: Path, batch: int, threads: int, trust_remote_code: bool = False
    ) -> None:
        weights.check(folder)
        os.environ["HF_HUB_OFFLINE"] = "1"  # a folder needs no hub
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        import torch
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

        transformers.utils.logging.disable_progress_bar()
        torch.set_num_threads(threads)
        cuda = torch.cuda.is_available()
        self._device = "cuda" if cuda else "cpu"
        dtype = torch.bfloat16 if cuda else torch.float32
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=trust_remote_code
            )
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=dtype,
                trust_remote_code=trust_remote_code,
                use_safetensors=True,  # others are pickled, which can hold code
            )
        except (OSError, ValueError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(f"{folder}: transformers cannot load it ({reason})") from None
        if not self._tokenizer.chat_template:
            raise UserError(f"{folder}: the tokenizer has no chat template")
        self._model = model.to(self._device).eval()
        self._stops = encoding.stop_tokens(self._tokenizer, model.generation_config.to_dict())
        pad = self._tokenizer.pad_token_id
        self._pad = min(self._stops) if pad is None else pad
        # A whole new one: a checkpoint's own may ask for penalties, which are not greedy.
        model.generation_config = GenerationConfig(
            do_sample=False, eos_token_id=sorted(self._stops), pad_token_id=self._pad
        )
        self._batch = batch
        self._context = getattr(model.config, "max_position_embeddings", None)
        files = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
        self.digest = digest({path.name: file_digest(path) for path in files})
        self.tools = {
            "weights": str(dtype).removeprefix("torch."),
            "transformers": transformers.__version__,
            "torch": torch.__version__,
        }

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """See `limbeck.models.Model.generate`."""
        import torch

        texts = [self._render(messages, thinking) for messages in prompts]
        ids = [self._encode(text) for text in texts]
        say_if_long([len(tokens) + max_tokens for tokens in ids], self._context)
        found: dict[int, Generation] = {}
        head = self._head(ids)
        for rows in self._batches([len(tokens) for tokens in ids]):
            inputs, mask = self._padded(head, [ids[row] for row in rows])
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=inputs,
                    attention_mask=mask,
                    max_new_tokens=max_tokens,
                    past_key_values=head.cache(len(rows)),
                )
            for row, tokens in zip(rows, output[:, inputs.shape[1] :].tolist(), strict=True):
                found[row] = self._reply(tokens, texts[row], thinking)
                done(row, found[row])
        return [found[row] for row in range(len(ids))]

    def loglikelihood(
        self,
        prompts: Sequence[Sequence[Message]],
        options: Sequence[Sequence[str]],
        *,
        done: Done = ignore,
    ) -> list[list[float]]:
        """See `limbeck.models.Model.loglikelihood`."""
        texts = [self._render(messages) for messages in prompts]
        say_if_open(texts)
        pairs = zip(texts, options, strict=True)
        split = [continuations(self._encode, text, own) for text, own in pairs]
        prefixes = [prefix for prefix, _ in split]
        choices = [own for _, own in split]
        say_if_long([len(prefix) + max(map(len, own)) for prefix, own in split], self._context)
        found: dict[int, list[float]] = {}
        head = self._head(prefixes)
        for rows in self._batches([len(prefix) for prefix in prefixes]):
            part = [prefixes[row] for row in rows], [choices[row] for row in rows]
            for row, scores in zip(rows, self._score(head, *part), strict=True):
                found[row] = scores
                done(row, scores)
        return [found[row] for row in range(len(prefixes))]

    def _head(self, ids: list[list[int]]) -> "Head":
        """What all prompts begin with, computed."""
        import torch
        from transformers.cache_utils import DynamicCache, DynamicLayer

        count = shared(ids)
        empty = DynamicCache(config=self._model.config)
        # Windows and recurrent states cannot be continued in many ways.
        if not count or any(type(layer) is not DynamicLayer for layer in empty.layers):
            return Head([], [])
        with torch.inference_mode():
            tokens = torch.tensor([ids[0][:count]], device=self._device)
            output = self._model(
                input_ids=tokens, past_key_values=empty, use_cache=True, logits_to_keep=1
            )
        layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]
        return Head(ids[0][:count], layers)

    def _score(
        self, head: "Head", prefixes: list[list[int]], choices: list[list[list[int]]]
    ) -> list[list[float]]:
        """Log-probabilities of a batch: one pass over the prefixes, one over longer options."""
        import torch

        long = [
            (row, index, tokens)
            for row, own in enumerate(choices)
            for index, tokens in enumerate(own)
            if len(tokens) > 1
        ]
        inputs, mask = self._padded(head, prefixes)
        start = len(head.tokens)
        with torch.inference_mode():
            output = self._model(
                input_ids=inputs[:, start:],
                attention_mask=mask,
                position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, start:],
                past_key_values=head.cache(len(prefixes)),
                use_cache=bool(start or long),
                logits_to_keep=1,
            )
            first = output.logits[:, -1].float().log_softmax(-1)
            scores = [
                first[row, [tokens[0] for tokens in own]].tolist()
                for row, own in enumerate(choices)
            ]
            if long:
                rest = self._score_rest(output.past_key_values, mask, long)
                for (row, index, _), score in zip(long, rest, strict=True):
                    scores[row][index] += score
        return scores

    def _score_rest(
        self, cache: Any, mask: Any, long: list[tuple[int, int, list[int]]]
    ) -> list[float]:
        """Log-probabilities of the tokens of ``long`` options after their first ones."""
        import torch

        rows = torch.tensor([row for row, _, _ in long], device=self._device)
        cache.reorder_cache(rows)  # the prefixes' keys and values, one copy for each option
        width = max(len(tokens) for _, _, tokens in long) - 1
        padded = [tokens + [self._pad] * (width + 1 - len(tokens)) for _, _, tokens in long]
        ids = torch.tensor(padded, device=self._device)
        lengths = torch.tensor([len(tokens) - 1 for _, _, tokens in long], device=self._device)
        steps = torch.arange(width, device=self._device)
        real = steps < lengths[:, None]
        output = self._model(
            input_ids=ids[:, :-1],
            attention_mask=torch.cat([mask[rows], real.to(mask.dtype)], dim=1),
            position_ids=mask.sum(-1)[rows, None] + steps,
            past_key_values=cache,
            use_cache=True,
        )
        logs = output.logits.float().log_softmax(-1)
        chosen = logs.gather(-1, ids[:, 1:, None]).squeeze(-1)
        sums: list[float] = chosen.masked_fill(~real, 0.0).sum(-1).tolist()
        return sums

    def count(self, text: str) -> int:
        """See `limbeck.models.Model.count`."""
        return len(self._encode(text))

    def _render(self, messages: Sequence[Message], thinking: bool = False) -> str:
        return encoding.render(self._tokenizer, messages, thinking=thinking, generation_prompt=True)

    def _encode(self, text: str) -> list[int]:
        # The template has written the special tokens that it wants, BOS too.
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _batches(self, lengths: list[int]) -> Iterator[list[int]]:
        """Rows of like lengths, the longest first: what does not fit the memory shows at once."""
        order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
        for start in range(0, len(order), self._batch):
            yield order[start : start + self._batch]

    def _padded(self, head: "Head", ids: list[list[int]]) -> tuple[Any, Any]:
        """Prompts of one length: what they share, then padding, then what each has of its own."""
        import torch

        start, width = len(head.tokens), max(map(len, ids))
        padded = [
            head.tokens + [self._pad] * (width - len(tokens)) + tokens[start:] for tokens in ids
        ]
        mask = [
            [1] * start + [0] * (width - len(tokens)) + [1] * (len(tokens) - start)
            for tokens in ids
        ]
        return torch.tensor(padded, device=self._device), torch.tensor(mask, device=self._device)

    def _reply(self, tokens: list[int], prompt: str = "", thinking: bool = False) -> Generation:
        end = next((i for i, token in enumerate(tokens) if token in self._stops), None)
        text = self._tokenizer.decode(tokens[:end], skip_special_tokens=True)
        cut = end is None
        return Generation(opened(prompt, thinking, cut) + text, "length" if cut else "stop")


class Head(NamedTuple):
    """Tokens that all prompts begin with; keys and values (1, heads, tokens, width) of each layer.

    None of them, where nothing is shared.
    """

    tokens: list[int]
    layers: list[tuple[Any, Any]]

    def cache(self, rows: int) -> Any:
        """A cache of its own for a batch, or None."""
        from transformers.cache_utils import DynamicCache

        if not self.tokens:
            return None
        layers = [(k.expand(rows, -1, -1, -1), v.expand(rows, -1, -1, -1)) for k, v in self.layers]
        return DynamicCache(layers)
