"""A conversation with a GGUF file through llama-cpp-python."""

import codecs
import ctypes
import functools
import io
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from limbeck import stage
from limbeck.errors import UserError
from limbeck.evaluation.replies import without_trace
from limbeck.languages import resolve
from limbeck.models.protocol import opened
from limbeck.student.encoding import DAY, OPENING

Message = dict[str, str]

LONGEST_ANSWER = 2048  # tokens, its thinking with it; what is longer goes round in circles
LONGEST_CONTEXT = 8192  # a laptop's memory; some models are made for a hundred times as much
CLOSING = "</think>"
HELP = """\
/regenerate   another answer to the last question
/system TEXT  what the model is told of its part; without TEXT nothing
/think on|off the reasoning before the answer
/quit         the end; Ctrl-C ends an answer"""
EXAMPLES = 3  # of questions to begin with
EXAMPLE_LENGTH = 80  # characters, at most


@dataclass(frozen=True, slots=True)
class Origin:
    """What the training set says about a student."""

    demonstrator: bool = False
    thinking_prompt: str | None = None
    examples: tuple[str, ...] = ()  # questions of its kind


def find_model(
    results: Path, language: str | None, student: str | None, quantization: str | None
) -> Path:
    """The GGUF file to talk with: what is named, or else the only one there is.

    Raises:
        UserError: nothing is there, or several are; the line lists them.
    """
    code = resolve(language).code if language else None
    files = sorted(results.glob("*/*/gguf/*.gguf"))
    if not files:
        raise UserError(f"{results}: no model is there yet (*/*/gguf/*.gguf); build one first")
    languages = _choose("language", [file.parts[-4] for file in files], code)
    files = [file for file in files if file.parts[-4] == languages]
    name = _choose("student", [file.parts[-3] for file in files], student)
    files = [file for file in files if file.parts[-3] == name]
    kinds = [file.stem for file in files]
    if quantization is None and "Q8_0" in kinds:
        quantization = "Q8_0"
    kind = _choose("quantization", kinds, quantization)
    return next(file for file in files if file.stem == kind)


def _choose(what: str, present: Sequence[str], wanted: str | None) -> str:
    choices = sorted(set(present))
    if wanted in choices:
        return str(wanted)
    listed = ", ".join(choices)
    if wanted:
        raise UserError(f"chat: no {what} {wanted!r} has been built; there is {listed}")
    if len(choices) > 1:
        option = "its name" if what == "language" else f"--{what}"
        raise UserError(f"chat: several {what}s have been built, choose by {option}: {listed}")
    return choices[0]


def origin(model: Path) -> Origin:
    """Who taught the student, how thinking is asked of it and what else, by its training set."""
    path = model.parent.parent / "train.parquet"
    if not path.is_file():
        return Origin()
    import pyarrow.parquet

    demonstrator = False
    prompts: set[str] = set()
    examples: dict[str, None] = {}
    columns = ["messages", "form", "teacher"]
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(256, columns=columns):
            for row in batch.to_pylist():
                demonstrator = demonstrator or row["teacher"] == "phrasebook"
                first, last = row["messages"][0], row["messages"][-2:][0]
                if row["form"] == "thinking" and first["role"] == "system":
                    prompts.add(first["content"])
                if len(examples) < EXAMPLES and last["role"] == "user" and _is_short(last):
                    examples[harmless(last["content"])] = None
            if prompts and len(examples) == EXAMPLES:
                break
    # Rows whose answers are short ask for that after it.
    return Origin(demonstrator, min(prompts, key=len, default=None), tuple(examples))


def _is_short(message: Message) -> bool:
    return len(message["content"]) <= EXAMPLE_LENGTH and "\n" not in message["content"]


@functools.cache
def _quiet() -> Any:
    """A log callback that writes nothing; kept, since llama.cpp goes on calling it."""
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda level, text, data: None)


class Model:
    """A GGUF file with its own chat template."""

    def __init__(self, path: Path, thinking_prompt: str | None) -> None:
        stage.sleep_sooner()
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        llama_cpp.llama_log_set(_quiet(), None)
        try:
            facts = llama_cpp.Llama(str(path), vocab_only=True, verbose=False).metadata
            architecture = facts.get("general.architecture", "")
            trained = int(facts.get(f"{architecture}.context_length", 2048))
            self.context = min(trained, LONGEST_CONTEXT)
            self._llama = llama_cpp.Llama(str(path), n_ctx=self.context, verbose=False)
        except ValueError as error:
            raise UserError(f"{path}: llama.cpp cannot load it ({error})") from None
        template = self._llama.metadata.get("tokenizer.chat_template")
        if template is None:
            raise UserError(f"{path}: the file has no chat template")
        self._format = Jinja2ChatFormatter(
            template,
            eos_token=self._piece(self._llama.token_eos()),
            bos_token=self._piece(self._llama.token_bos()),
        )
        self._format.strftime_now = DAY.strftime
        self._thinking_prompt = thinking_prompt

    def _piece(self, token: int) -> str:
        return self._llama._model.token_get_text(token) if token >= 0 else ""

    def prompt(self, messages: Sequence[Message], thinking: bool) -> str:
        """The conversation, rendered as it was in training."""
        messages = list(messages)
        if thinking and self._thinking_prompt:
            told = [self._thinking_prompt]
            if messages[0]["role"] == "system":
                told.insert(0, messages.pop(0)["content"])
            messages.insert(0, {"role": "system", "content": "\n\n".join(told)})
        text: str = self._format(messages=messages, enable_thinking=thinking).prompt
        return text

    def tokens(self, messages: Sequence[Message], thinking: bool) -> list[int]:
        """The rendered conversation as token ids."""
        text = self.prompt(messages, thinking).encode()
        # The template has written the special tokens that it wants.
        ids: list[int] = self._llama.tokenize(text, add_bos=False, special=True)
        return ids

    def answer(self, tokens: list[int], limit: int) -> Iterator[str]:
        """The pieces of an answer of at most ``limit`` tokens, as they come."""
        import llama_cpp

        # The library's own stream shows nothing more after a byte that is no text, and reads all
        # that came since anew at each token.
        vocabulary, buffer = self._llama._model.vocab, ctypes.create_string_buffer(1024)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for token in islice(self._llama.generate(tokens, temp=0.3, top_p=0.95), limit):
            if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                break
            size = llama_cpp.llama_token_to_piece(vocabulary, token, buffer, len(buffer), 0, False)
            yield decoder.decode(buffer.raw[: max(size, 0)])
        yield decoder.decode(b"", final=True)


def fitting(
    history: Sequence[Message], count: Callable[[Sequence[Message]], int], limit: int
) -> list[Message]:
    """The latest part of a history, from a user's turn on, that counts at most ``limit`` tokens.

    Raises:
        UserError: the last turn alone is longer.
    """
    starts = [index for index, message in enumerate(history) if message["role"] == "user"]
    for start in starts:
        if count(history[start:]) <= limit:
            return list(history[start:])
    raise UserError(f"this is too long for the model, which reads {limit} tokens at once")


def harmless(text: str) -> str:
    """A text without the control characters that a terminal obeys."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def marked(pieces: Iterable[str], on: str, off: str) -> Iterator[str]:
    """Pieces of text with the thinking tags, however they are cut, replaced by ``on``, ``off``."""
    held = ""
    for piece in pieces:
        held = (held + piece).replace(OPENING, on).replace(CLOSING, off)
        cut = _possible_tag(held)
        if held[:cut]:
            yield held[:cut]
        held = held[cut:]
    if held:
        yield held


def _possible_tag(text: str) -> int:
    """Where a tag may have begun at the end of ``text``; its length if none has."""
    start = text.rfind("<")
    if start >= 0 and any(tag.startswith(text[start:]) for tag in (OPENING, CLOSING)):
        return start
    return len(text)


class Chat:
    """A conversation: what was said and told, the switch, and where the answers are written."""

    def __init__(self, model: Model, thinking: bool, output: TextIO) -> None:
        self.model = model
        self.thinking = thinking
        self.output = output
        self.history: list[Message] = []
        self.latest: list[Message] = []  # the last question, after what came before it
        self.told: list[Message] = []  # the system message, if there is one

    def say(self, text: str) -> None:
        """Ask, and write the answer as it comes. Ctrl-C ends the answer, not the conversation.

        A question without an answer, as where the thought before it had no end, is not remembered.
        """
        room = self.model.context // 2  # the other half is the answer's
        asked: Message = {"role": "user", "content": text}

        def count(messages: Sequence[Message]) -> int:
            return len(self.model.tokens([*self.told, *messages], self.thinking))

        self.latest = fitting([*self.history, asked], count, room)
        told = [*self.told, *self.latest]
        prompt = self.model.prompt(told, self.thinking)
        tokens = self.model.tokens(told, self.thinking)
        pieces: list[str] = []
        limit = min(self.model.context - room, LONGEST_ANSWER)
        cut = True
        try:
            answered = self._kept(self.model.answer(tokens, limit), pieces)
            self._show(chain([opened(prompt, self.thinking, cut=False)], answered))
            cut = len(pieces) > limit  # a piece a token, and one at the end
        except KeyboardInterrupt:
            self._show(["\033[0m ..."] if self.output.isatty() else [" ..."])
        self._show(["\n"])
        if answer := without_trace(opened(prompt, self.thinking, cut) + "".join(pieces)):
            self.history = [*self.latest, {"role": "assistant", "content": answer}]

    def _show(self, pieces: Iterable[str]) -> None:
        if self.output.isatty():
            pieces = marked(pieces, "\033[2m", "\033[0m")
        for piece in pieces:
            print(piece, end="", file=self.output, flush=True)

    @staticmethod
    def _kept(pieces: Iterable[str], kept: list[str]) -> Iterator[str]:
        for piece in pieces:
            kept.append(piece)
            yield harmless(piece)

    def regenerate(self) -> None:
        """Ask the last question once more, and forget the answer that it had."""
        if not self.latest:
            print("nothing has been asked yet", file=sys.stderr)
            return
        *self.history, asked = self.latest
        self.say(asked["content"])

    def command(self, line: str) -> bool:
        """Obey a line that begins with a slash; whether the conversation goes on."""
        name, *rest = line.split(maxsplit=1)
        words = line.split()
        if words == ["/regenerate"]:
            self.regenerate()
        elif name == "/system":
            self.told = [{"role": "system", "content": text} for text in rest]
            print(
                "the model is told this" if rest else "the model is told nothing", file=sys.stderr
            )
        elif words in (["/think", "on"], ["/think", "off"]):
            self.thinking = words[1] == "on"
            print(f"thinking is {words[1]}", file=sys.stderr)
        elif words in (["/quit"], ["/exit"]):
            return False
        else:
            print(HELP, file=sys.stderr)
        return True


def converse(chat: Chat, read: Callable[[str], str]) -> None:
    """Read lines and answer them until /quit, Ctrl-D, or Ctrl-C at the prompt."""
    while True:
        try:
            line = read("> ").strip()
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return
        try:
            if line.startswith("/"):
                if not chat.command(line):
                    return
            elif line:
                chat.say(line)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)


def answer_all(chat: Chat, text: str) -> None:
    """Answer each paragraph of a text by itself, with an empty line between the answers.

    Raises:
        UserError: some were refused, each of which has been told by then.
    """
    paragraphs = re.split(r"\n\s*\n", text)
    refused = 0
    for number, paragraph in enumerate(paragraphs, start=1):
        if number > 1:
            print(file=chat.output)
        chat.history = []
        try:
            chat.say(paragraph)
        except UserError as error:
            refused += 1
            print(f"error: paragraph {number}: {error}", file=sys.stderr)
    if refused:
        raise UserError(f"chat: {refused} of {len(paragraphs)} paragraphs have no answer")


def run(path: Path, thinking: bool) -> None:
    """Talk with a model: from a terminal line by line, from a pipe a paragraph at a time."""
    source = origin(path)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)
    if source.demonstrator:
        print(
            "A demonstrator: its teacher was the built-in phrasebook, not an LLM. "
            "It knows a little Swahili grammar and little else.",
            file=sys.stderr,
        )
    chat = Chat(Model(path, source.thinking_prompt), thinking, sys.stdout)
    if sys.stdin.isatty():
        import readline  # gives input() line editing, and the lines before

        # Pasted lines are one question, until Enter.
        readline.parse_and_bind("set enable-bracketed-paste on")
        print(HELP, file=sys.stderr)
        if source.examples:
            print("To begin with, for example:", *source.examples, sep="\n  ", file=sys.stderr)
        converse(chat, input)
        return
    if isinstance(sys.stdin, io.TextIOWrapper):  # what is piped may be of any encoding
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    prompt = sys.stdin.read().strip()
    if not prompt:
        raise UserError("chat: standard input is empty; pipe questions into it, a paragraph each")
    answer_all(chat, prompt)
