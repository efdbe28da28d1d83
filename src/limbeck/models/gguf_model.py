"""A GGUF file in llama.cpp: its own chat template, several sequences in one context.

The functions of llama.h are called directly; llama-cpp-python's own class decodes one sequence.
"""

import ctypes
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from limbeck import stage
from limbeck.errors import UserError
from limbeck.files import file_digest
from limbeck.models.chat_template import ChatTemplate
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
from limbeck.student.encoding import Message
from limbeck.student.llama import apart, read_metadata

_CELLS = 256  # llama.cpp pads a sequence's part of the context to a multiple of this
_ALL = -1  # llama.cpp's name for all sequences


class GgufModel:
    """A GGUF file, loaded."""

    gives_likelihood = True
    max_tokens: int | None = None

    def __init__(self, path: Path, batch: int, threads: int) -> None:
        stage.sleep_sooner()
        import llama_cpp

        self._api: Any = llama_cpp
        llama_cpp.llama_log_set(_silence(), ctypes.c_void_p())
        llama_cpp.llama_backend_init()
        apart(path, read_metadata, path)
        parameters = llama_cpp.llama_model_default_params()
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._model:
            raise UserError(f"{path}: llama.cpp cannot load it")
        weakref.finalize(self, llama_cpp.llama_model_free, self._model)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        source = llama_cpp.llama_model_chat_template(self._model, None)
        if not source:
            raise UserError(f"{path}: the file has no chat template")
        names = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
        tokens = {f"{name}_token": self._special(key) for name, key in names.items()}
        self._template = ChatTemplate(source.decode(), tokens)
        self._context = int(llama_cpp.llama_model_n_ctx_train(self._model))
        self._batch, self._threads = batch, threads
        self.digest = file_digest(path)
        self.tools = {"weights": self._weights(), "llama-cpp-python": llama_cpp.__version__}

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """See `limbeck.models.Model.generate`. A sequence that ends makes room for the next."""
        texts = [self._template.render(messages, thinking=thinking) for messages in prompts]
        ids = [self._encode(text) for text in texts]
        lengths = [len(tokens) + max_tokens for tokens in ids]
        say_if_long(lengths, self._context)
        found: dict[int, Generation] = {}
        waiting = deque(sorted(range(len(ids)), key=lambda row: -lengths[row]))
        running: dict[int, tuple[int, list[int]]] = {}  # sequence -> row, its new tokens
        sequences = min(self._batch, len(ids))
        with self._decoder(sequences, max(lengths, default=1), unified=False) as decoder:
            start = self._shared(ids)
            if start:
                decoder.decode([Span(ids[0][:start], 0, [0])])
                decoder.copy(sequences)
            while waiting or running:
                spans = []
                for sequence in range(sequences):
                    if sequence in running:
                        row, new = running[sequence]
                        spans.append(Span(new[-1:], len(ids[row]) + len(new) - 1, [sequence]))
                    elif waiting:
                        row = waiting.popleft()
                        running[sequence] = (row, [])
                        spans.append(Span(ids[row][start:], start, [sequence]))
                logits = decoder.decode(spans)
                for span, token in zip(spans, logits.argmax(-1).tolist(), strict=True):
                    sequence = span.sequences[0]
                    row, new = running[sequence]
                    ended = self._api.llama_vocab_is_eog(self._vocabulary, token)
                    if not ended:
                        new.append(token)
                    if ended or len(new) == max_tokens:
                        text = opened(texts[row], thinking, not ended) + self._text(new)
                        found[row] = Generation(text, "stop" if ended else "length")
                        done(row, found[row])
                        decoder.forget(sequence, start)
                        del running[sequence]
        return [found[row] for row in range(len(ids))]

    def loglikelihood(
        self,
        prompts: Sequence[Sequence[Message]],
        options: Sequence[Sequence[str]],
        *,
        done: Done = ignore,
    ) -> list[list[float]]:
        """See `limbeck.models.Model.loglikelihood`.

        An item is one decode: the prompt's tokens belong to all sequences at once, each option's
        to its own.
        """
        texts = [self._template.render(messages) for messages in prompts]
        say_if_open(texts)
        pairs = zip(texts, options, strict=True)
        split = [continuations(self._encode, text, own) for text, own in pairs]
        say_if_long([len(prefix) + max(map(len, own)) for prefix, own in split], self._context)
        cells = max((len(prefix) + sum(map(len, own)) for prefix, own in split), default=1)
        most = max((len(own) for _, own in split), default=1)
        found = []
        with self._decoder(most, cells, unified=True) as decoder:
            start = self._shared([prefix for prefix, _ in split])
            if start:
                decoder.decode([Span(split[0][0][:start], 0, list(range(most)))])
            for row, (prefix, own) in enumerate(split):
                decoder.forget(_ALL, start)
                found.append(_score(decoder, prefix, start, own))
                done(row, found[-1])
        return found

    def _shared(self, ids: list[list[int]]) -> int:
        """The tokens that are computed once: none where a state cannot be taken back to them."""
        states = (self._api.llama_model_is_recurrent, self._api.llama_model_is_hybrid)
        return 0 if any(has(self._model) for has in states) else shared(ids)

    @contextmanager
    def _decoder(self, sequences: int, length: int, unified: bool) -> Iterator["Decoder"]:
        """A decoder with room for ``length`` tokens, of each sequence or, unified, of all."""
        cells = -(-length // _CELLS) * _CELLS * (1 if unified else sequences)
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = cells
        parameters.n_seq_max = sequences
        parameters.kv_unified = unified
        parameters.n_threads = parameters.n_threads_batch = self._threads
        context = self._api.llama_init_from_model(self._model, parameters)
        if not context:
            raise UserError(f"llama.cpp cannot make a context of {cells} tokens; lower the batch")
        batch = self._api.llama_batch_init(cells, 0, sequences)
        try:
            yield Decoder(self._api, context, batch, self._size)
        finally:
            self._api.llama_batch_free(batch)
            self._api.llama_free(context)

    def count(self, text: str) -> int:
        """See `limbeck.models.Model.count`."""
        return len(self._encode(text))

    def _encode(self, text: str) -> list[int]:
        data = text.encode()
        room = len(data) + 8
        buffer = (self._api.llama_token * room)()
        # No special tokens are added: the template has written those that it wants, BOS too.
        count = self._api.llama_tokenize(
            self._vocabulary, data, len(data), buffer, room, False, True
        )
        assert count >= 0, f"a text of {len(data)} bytes has {-count} tokens"
        return list(buffer[:count])

    def _text(self, tokens: list[int]) -> str:
        pieces = b""
        buffer = ctypes.create_string_buffer(1024)
        for token in tokens:
            count = self._api.llama_token_to_piece(
                self._vocabulary, token, buffer, len(buffer), 0, False
            )
            pieces += buffer.raw[: max(count, 0)]
        return pieces.decode(errors="replace")

    def _weights(self) -> str:
        """The quantization, as llama.cpp calls it."""
        buffer = ctypes.create_string_buffer(128)
        self._api.llama_model_desc(self._model, buffer, len(buffer))
        return str(buffer.value.decode().split(" ", 2)[-1])  # after architecture and size

    def _special(self, name: str) -> str | None:
        """The text of a special token, or None where the file names none."""
        buffer = ctypes.create_string_buffer(32)
        key = f"tokenizer.ggml.{name}_token_id".encode()
        if self._api.llama_model_meta_val_str(self._model, key, buffer, len(buffer)) < 0:
            return None
        text = self._api.llama_vocab_get_text(self._vocabulary, int(buffer.value))
        return str(text.decode())


class Span(NamedTuple):
    """Tokens at consecutive positions that belong to one or more sequences."""

    tokens: list[int]
    start: int
    sequences: list[int]
    every: bool = False  # logits after each token, not after the last one alone


class Decoder:
    """A llama.cpp context and a batch."""

    def __init__(self, api: Any, context: Any, batch: Any, vocabulary: int) -> None:
        self._api, self._context, self._batch = api, context, batch
        self._memory = api.llama_get_memory(context)
        self._vocabulary = vocabulary

    def decode(self, spans: Sequence[Span]) -> Any:
        """Logits, (wanted tokens, vocabulary) float32, in the order of the tokens."""
        import numpy

        batch, count, wanted = self._batch, 0, 0
        for tokens, start, sequences, every in spans:
            for offset, token in enumerate(tokens):
                batch.token[count] = token
                batch.pos[count] = start + offset
                batch.n_seq_id[count] = len(sequences)
                for place, sequence in enumerate(sequences):
                    batch.seq_id[count][place] = sequence
                batch.logits[count] = want = every or offset == len(tokens) - 1
                wanted += want
                count += 1
        batch.n_tokens = count
        status = self._api.llama_decode(self._context, batch)
        if status:
            raise RuntimeError(f"llama_decode of {count} tokens gave {status}")
        logits = self._api.llama_get_logits(self._context)
        return numpy.ctypeslib.as_array(logits, shape=(wanted, self._vocabulary)).copy()

    def forget(self, sequence: int, start: int) -> None:
        """Remove a sequence's tokens from a position on, or those of all."""
        self._api.llama_memory_seq_rm(self._memory, sequence, start, -1)

    def copy(self, sequences: int) -> None:
        """Give what sequence 0 holds to the others."""
        for sequence in range(1, sequences):
            self._api.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)


def _score(
    decoder: Decoder, prefix: list[int], start: int, choices: list[list[int]]
) -> list[float]:
    """Log-probabilities of an item's options; the prefix is known up to ``start``."""
    import numpy

    long = [index for index, tokens in enumerate(choices) if len(tokens) > 1]
    spans = [Span(prefix[start:], start, long or [0])]
    spans += [Span(choices[index][:-1], len(prefix), [index], every=True) for index in long]
    logits = decoder.decode(spans).astype(numpy.float64)
    logits -= logits.max(-1, keepdims=True)
    logs = logits - numpy.log(numpy.exp(logits).sum(-1, keepdims=True))
    scores = [float(logs[0, tokens[0]]) for tokens in choices]
    row = 1
    for index in long:
        for token in choices[index][1:]:
            scores[index] += float(logs[row, token])
            row += 1
    return scores


@cache
def _silence() -> Any:
    """A log callback that writes nothing; kept, since llama.cpp goes on calling it."""
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda level, text, data: None)
