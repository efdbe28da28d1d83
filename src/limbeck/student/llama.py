"""llama.cpp, at the level of tokens and logits, and in a process of its own.

llama.cpp ends the process that asks it about a file it does not understand. Wherever a file is not
yet trusted it is asked `apart`, so that this is one line.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from limbeck import stage
from limbeck.errors import UserError
from limbeck.student.encoding import DAY

Value = TypeVar("Value")
# Of a C++ exception that nobody catches, and of an assertion, in llama.cpp's last words.
_REASONS = ("what():", "GGML_ASSERT", "error:")


class Gguf:
    """A GGUF file in llama.cpp. ``context`` tokens at most are read at once."""

    def __init__(self, path: Path, context: int, threads: int) -> None:
        stage.sleep_sooner()
        import llama_cpp

        try:
            self.model = llama_cpp.Llama(
                str(path),
                n_ctx=context,
                n_batch=context,
                n_threads=threads,
                n_threads_batch=threads,
                n_gpu_layers=0,
                logits_all=True,
                verbose=False,
            )
        except (ValueError, RuntimeError) as error:
            raise UserError(f"{path}: llama.cpp cannot load it ({error})") from None
        vocabulary = self.model._model.vocab
        self.adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(vocabulary))
        self.bos = self._piece("tokenizer.ggml.bos_token_id")
        self.eos = self._piece("tokenizer.ggml.eos_token_id")

    def _piece(self, key: str) -> str:
        index = self.model.metadata.get(key)
        return self.model._model.token_get_text(int(index)) if index is not None else ""

    @property
    def template(self) -> str:
        """The chat template in the file, or an empty text."""
        return str(self.model.metadata.get("tokenizer.chat_template", ""))

    def render(self, messages: Sequence[dict[str, str]], thinking: bool) -> str:
        """A prompt, rendered with the file's own template."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        formatter = Jinja2ChatFormatter(self.template, self.eos, self.bos)
        formatter.strftime_now = DAY.strftime
        text: str = formatter(messages=list(messages), enable_thinking=thinking).prompt
        return text

    def tokenize(self, text: str) -> list[int]:
        """Tokens as llama.cpp's server makes them: with a BOS if the file asks for one."""
        add = self.adds_bos and not (self.bos and text.startswith(self.bos))
        return list(self.model.tokenize(text.encode(), add_bos=add, special=True))

    def logits(self, tokens: Sequence[int]) -> Any:
        """Logits after each of the tokens: (tokens, vocabulary)."""
        self.model.reset()
        self.model.eval(list(tokens))
        return self.model.scores[: len(tokens)].copy()


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a file whose vocabulary llama.cpp can read and use."""
    import llama_cpp

    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p())
    try:
        model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    except (ValueError, RuntimeError) as error:
        raise UserError(f"{path}: llama.cpp cannot load it ({error})") from None
    model.tokenize(bytes(range(32, 127)) + "\n é漢🙂".encode(), add_bos=False, special=True)
    return dict(model.metadata)


def apart(what: object, function: Callable[..., Value], *arguments: Any) -> Value:
    """The value of ``function(*arguments)``, called in a process of its own.

    Function, arguments and value must be such as can be pickled.

    Raises:
        UserError: the function's own; or llama.cpp ended the process, in its last words, after
            ``what`` it was asked about.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.NamedTemporaryFile("r", errors="replace") as words:
        call = (theirs, words.name, function, arguments)
        process = context.Process(target=_answer, args=call, daemon=True)
        process.start()
        theirs.close()
        try:
            value, error = ours.recv()
        except EOFError:  # it died
            value, error = None, None
        process.join()
        said = words.read()
    if process.exitcode and process.exitcode < 0:
        raise UserError(f"{what}: llama.cpp ends on it ({_reason(said, -process.exitcode)})")
    sys.stderr.write(said if said.endswith("\n") or not said else f"{said}\n")
    assert process.exitcode == 0, f"{what}: exit code {process.exitcode}"
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]


def _answer(
    connection: Connection, words: str, function: Callable[..., Any], arguments: Sequence[Any]
) -> None:
    with Path(words).open("w") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ["GGML_NO_BACKTRACE"] = "1"  # forty lines of a debugger's
    try:
        answer: tuple[Any, Exception | None] = (function(*arguments), None)
    except (UserError, OSError) as error:
        answer = (None, error)
    connection.send(answer)


def _reason(said: str, number: int) -> str:
    """The line that tells why a process was ended by a signal."""
    lines = [line.strip() for line in said.splitlines()]
    found = [line for sign in _REASONS for line in lines if sign in line]
    return found[0] if found else signal.Signals(number).name
