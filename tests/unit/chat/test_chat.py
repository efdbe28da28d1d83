"""Which model is talked with, what it reads, and how a conversation is left."""

import io
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

import tiny_gguf
from limbeck.chat import terminal as chat
from limbeck.chat.terminal import (
    Chat,
    Message,
    Model,
    find_model,
    fitting,
    harmless,
    marked,
)
from limbeck.errors import UserError
from limbeck.files import write_parquet

BUILT = (
    "swh_Latn/tiny/gguf/F16.gguf",
    "swh_Latn/tiny/gguf/Q8_0.gguf",
    "swh_Latn/large/gguf/F16.gguf",
    "yor_Latn/tiny/gguf/F16.gguf",
    "yor_Latn/tiny/gguf/Q4_K_M.gguf",
)

CHOICES = [
    (("Swahili", "tiny", None), "swh_Latn/tiny/gguf/Q8_0.gguf"),
    (("sw", "tiny", "F16"), "swh_Latn/tiny/gguf/F16.gguf"),
    (("Swahili", "large", None), "swh_Latn/large/gguf/F16.gguf"),
    (("yo", None, "Q4_K_M"), "yor_Latn/tiny/gguf/Q4_K_M.gguf"),
    ((None, "large", None), "several languages"),
    (("Swahili", None, None), "several students .*: large, tiny"),
    (("yo", None, None), "several quantizations .*: F16, Q4_K_M"),
    (("Welsh", None, None), "no language 'cym_Latn' .*swh_Latn, yor_Latn"),
    (("Swahili", "huge", None), "no student 'huge'"),
    (("Swahili", "tiny", "Q2_K"), "no quantization 'Q2_K' .*F16, Q8_0"),
    (("Klingonish", None, None), "no language that Limbeck knows"),
]


@pytest.mark.parametrize(("asked", "expected"), CHOICES)
def test_the_model_is_chosen_or_the_choices_are_listed(
    asked: tuple[str | None, str | None, str | None], expected: str, tmp_path: Path
) -> None:
    for name in BUILT:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    if expected.endswith(".gguf"):
        assert find_model(tmp_path, *asked) == tmp_path / expected
    else:
        with pytest.raises(UserError, match=expected):
            find_model(tmp_path, *asked)


def test_nothing_built_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model is there yet"):
        find_model(tmp_path, None, None, None)


def _turns(*lengths: int) -> list[Message]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": "x" * n} for i, n in enumerate(lengths)]


def _count(messages: Sequence[Message]) -> int:
    return sum(len(message["content"]) for message in messages)


@pytest.mark.parametrize(
    ("lengths", "limit", "kept"),
    [((3, 3, 3), 10, 3), ((5, 5, 5), 10, 1), ((9, 9, 2, 2, 2), 6, 3), ((6,), 6, 1)],
)
def test_the_oldest_exchanges_are_forgotten(
    lengths: tuple[int, ...], limit: int, kept: int
) -> None:
    history = _turns(*lengths)
    assert fitting(history, _count, limit) == history[-kept:]


def test_a_turn_over_the_context_is_refused() -> None:
    with pytest.raises(UserError, match="too long for the model, which reads 5 tokens"):
        fitting(_turns(2, 2, 6), _count, 5)


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["<think>a</think>b"], "[a]b"),
        (["<", "thi", "nk>", "a<", "/think", ">b"], "[a]b"),
        (["1 < 2", " <b>"], "1 < 2 <b>"),
        (["a <thin"], "a <thin"),
        ([], ""),
    ],
)
def test_the_trace_is_marked_however_its_tags_are_cut(pieces: list[str], shown: str) -> None:
    assert "".join(marked(pieces, "[", "]")) == shown


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a student with random weights."""
    results = tmp_path_factory.mktemp("results")
    folder = results / "swh_Latn/tiny"
    tiny_gguf.write(folder / "gguf/Q8_0.gguf")
    system = {"role": "system", "content": "Think."}
    user = {"role": "user", "content": "a"}
    rows = [
        {"messages": [user], "form": "direct", "teacher": "phrasebook"},
        {"messages": [system, user], "form": "thinking", "teacher": "phrasebook"},
    ]
    write_parquet(folder / "train.parquet", rows)
    return results


def test_thinking_is_asked_for_as_in_training(student: Path) -> None:
    path = find_model(student, None, None, None)
    origin = chat.origin(path)
    assert origin == chat.Origin(demonstrator=True, thinking_prompt="Think.", examples=("a",))
    model = Model(path, origin.thinking_prompt)
    question: list[Message] = [{"role": "user", "content": "ab"}]
    byte = {character: 6 + ord(character) for character in "Think.tmpla"}
    user, assistant, end = 4, 5, 2
    a, b = 262, 263
    assert model.tokens(question, thinking=False) == [user, a, b, end, assistant]
    thinking = [3, *(byte[c] for c in "Think."), end, user, a, b, end, assistant]
    assert model.tokens(question, thinking=True) == thinking
    # Without a prompt of the training set, the template's own switch.
    plain = Model(path, None).tokens(question, thinking=True)
    assert plain[:2] == [3, byte["t"]]


def test_a_conversation_outlives_its_context(student: Path) -> None:
    output = io.StringIO()
    talk = Chat(Model(find_model(student, None, None, None), None), False, output)
    for _ in range(4):
        talk.say("a" * 20)
    assert talk.history[-2] == {"role": "user", "content": "a" * 20}
    with pytest.raises(UserError, match="too long"):
        talk.say("b" * 400)


def test_commands_are_obeyed(student: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Chat(Model(find_model(student, None, None, None), None), False, io.StringIO())
    assert talk.command("/think on")
    assert talk.thinking
    assert talk.command("/think off")
    assert not talk.thinking
    assert talk.command("/what")
    assert "/quit" in capsys.readouterr().err
    assert talk.command("/regenerate")
    assert "nothing has been asked yet" in capsys.readouterr().err
    assert not talk.command("/quit")


def _limbeck(*arguments: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "chat", *arguments],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
    )


def test_an_answer_is_asked_for_again(student: Path) -> None:
    talk = Chat(Model(find_model(student, None, None, None), None), False, io.StringIO())
    talk.say("a")
    talk.say("b")
    asked = talk.latest
    assert talk.command("/regenerate")
    # Long answers may have pushed the first question out; what is left is asked once more.
    assert asked[-1] == {"role": "user", "content": "b"}
    assert talk.latest == asked
    assert talk.history[: len(asked) - 1] == asked[:-1]
    assert len(talk.history) <= len(asked) + 1


def test_what_the_model_is_told_stays_while_turns_are_forgotten(student: Path) -> None:
    model = Model(find_model(student, None, None, None), "Think.")
    talk = Chat(model, False, io.StringIO())
    assert talk.command("/system Tip")
    told = [{"role": "system", "content": "Tip"}]
    assert talk.told == told
    question: list[Message] = [{"role": "user", "content": "a"}]
    system, end = 3, 2
    tip = [6 + ord(character) for character in "Tip"]
    assert model.tokens([*told, *question], thinking=False)[:5] == [system, *tip, end]
    both = model.tokens([*told, *question], thinking=True)
    assert both[:4] == [system, *tip]
    assert len(both) == len(model.tokens([*told, *question], thinking=False)) + len("\n\nThink.")
    for _ in range(4):
        talk.say("a" * 20)
    assert talk.told == told
    assert talk.command("/system")
    assert talk.told == []


def test_a_pipe_gives_a_question_a_paragraph(student: Path) -> None:
    model = Model(find_model(student, None, None, None), None)
    talk = Chat(model, False, io.StringIO())
    asked = []

    def say(text: str) -> None:
        asked.append((text, list(talk.history)))

    talk.say = say  # type: ignore[method-assign]
    chat.answer_all(talk, "ab\nab\n\n \nb")
    assert asked == [("ab\nab", []), ("b", [])]
    done = _limbeck("Swahili", "--results", str(student), "--think", text="ab\nab\n\nb")
    assert done.returncode == 0, done.stderr
    assert "demonstrator" in done.stderr
    assert "\n\n" in done.stdout
    assert done.stdout.endswith("\n")
    empty = _limbeck("--results", str(student), text="")
    assert (empty.returncode, "standard input is empty" in empty.stderr) == (1, True)


def test_a_paragraph_that_is_too_long_ends_no_others(
    student: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = Chat(Model(find_model(student, None, None, None), None), False, io.StringIO())
    with pytest.raises(UserError, match="chat: 1 of 3 paragraphs have no answer"):
        chat.answer_all(talk, "ab\n\n" + "b" * 400 + "\n\nba")
    assert "error: paragraph 2: this is too long for the model" in capsys.readouterr().err
    assert talk.latest == [{"role": "user", "content": "ba"}]


@pytest.mark.parametrize("leave", [b"\x04", b"/quit\n", b"\x03"])
def test_a_terminal_is_left_politely(student: Path, leave: bytes) -> None:
    # Again after a silence: a Ctrl-C just before readline waits is noticed at the next key.
    seen = _talk(student, lambda seen, silent: leave if seen.endswith(b"> ") else b"")
    assert b"Traceback" not in seen


def test_pasted_lines_are_one_question(student: Path) -> None:
    """Told by a command that is none: the help comes once more, not once a line."""
    orders = [b"\x1b[200~/what\n/what\x1b[201~\n", b"/quit\n"]

    def key(seen: bytes, silent: bool) -> bytes:
        return orders.pop(0) if silent and orders and b"> " in seen else b""

    seen = _talk(student, key)
    assert seen.count(b"/regenerate") == 2, seen


def _talk(student: Path, key: Callable[[bytes, bool], bytes]) -> bytes:
    """What the command shows in a terminal of its own, until it ends without an error.

    Args:
        key: what is typed at what has been shown, and whether it is silent.
    """
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "limbeck.cli", "chat", "--results", str(student)]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_take_terminal, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(slave)
    seen = b""
    for _ in range(100):
        chunk = _read(master, seconds=1)
        if chunk == b"":
            break
        seen += chunk or b""
        if typed := key(seen, chunk is None):
            os.write(master, typed)
    assert process.wait(timeout=60) == 0, seen
    return seen


def _read(terminal: int, seconds: float) -> bytes | None:
    """What a terminal shows next: nothing (b"") when it is closed, None while it is silent."""
    ready, _, _ = select.select([terminal], [], [], seconds)
    if not ready:
        return None
    try:
        return os.read(terminal, 1000)
    except OSError:  # Linux says so when the other side is closed
        return b""


def _take_terminal() -> None:
    """Make the terminal the process's own, so that Ctrl-C and Ctrl-D mean what they mean."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_terminal_is_given_no_orders() -> None:
    said = "a\x1b]0;title\x07b\x1b[2Jc\x9b2Jd\re\u200c\u06cc\n\tf"
    assert harmless(said) == "a]0;titleb[2Jc2Jde\u200c\u06cc\n\tf"


class Reciting:
    """A model that says what it was given to say."""

    context = 100

    def __init__(self, *pieces: str | type[BaseException], prompt: str = "") -> None:
        self.pieces = pieces
        self.rendered = prompt

    def prompt(self, messages: Sequence[Message], thinking: bool) -> str:
        return self.rendered

    def tokens(self, messages: Sequence[Message], thinking: bool) -> list[int]:
        return [1]

    def answer(self, tokens: Sequence[int], limit: int) -> Iterator[str]:
        for piece in self.pieces:
            if not isinstance(piece, str):
                raise piece
            yield piece


def test_an_answer_gives_the_terminal_no_orders() -> None:
    output = io.StringIO()
    escaping = Reciting("Habari\x1b[2J", "\x1b]0;title\x07 yako")
    chat = Chat(cast(Any, escaping), False, output)
    chat.say("Hujambo?")
    assert output.getvalue() == "Habari[2J]0;title yako\n"


@pytest.mark.parametrize(
    ("pieces", "thinking", "shown", "remembered"),
    [
        (["hm</think>", "Ndiyo."], True, "<think>hm</think>Ndiyo.\n", "Ndiyo."),
        (["hm</think>", "Ndiyo."], False, "hm</think>Ndiyo.\n", "Ndiyo."),
        (["hm"] * 51, False, "hm" * 51 + "\n", None),  # at the limit of tokens
        (["hm", KeyboardInterrupt], False, "hm ...\n", None),
        (["hm"], True, "<think>hm\n", None),
        (["Ndiyo."], False, "Ndiyo.\n", "Ndiyo."),  # as a student of such a base is taught
    ],
)
def test_a_thought_that_the_prompt_opens_is_no_answer(
    pieces: list[str | type[BaseException]], thinking: bool, shown: str, remembered: str | None
) -> None:
    output = io.StringIO()
    model = Reciting(*pieces, prompt="<assistant><think>\n")
    talk = Chat(cast(Any, model), thinking, output)
    talk.say("Je?")
    assert output.getvalue() == shown
    assert [message["content"] for message in talk.history[1:]] == [remembered] * bool(remembered)


@pytest.mark.parametrize(
    ("pieces", "remembered"),
    [
        (["<think>\nhm\n</think>\n\n", "Ndiyo."], "Ndiyo."),
        (["Ndi", "yo."], "Ndiyo."),
        (["Ndi", KeyboardInterrupt], "Ndi"),
        (["<think>\nhm", " hm"], None),  # at the limit of tokens
        (["<think>\nhm", KeyboardInterrupt], None),
        (["<think>hm</think>\n"], None),
        ([KeyboardInterrupt], None),
    ],
)
def test_what_is_remembered_is_the_answer(
    pieces: list[str | type[BaseException]], remembered: str | None
) -> None:
    talk = Chat(cast(Any, Reciting("Sijambo.")), True, io.StringIO())
    talk.say("Hujambo?")
    first = list(talk.history)
    talk.model = cast(Any, Reciting(*pieces))
    talk.say("Je?")
    pair = [{"role": "user", "content": "Je?"}, {"role": "assistant", "content": remembered}]
    assert talk.history == (first + pair if remembered else first)
    # In both cases it is the last question that is asked again.
    talk.model = cast(Any, Reciting("Ndiyo."))
    talk.regenerate()
    assert talk.history == [*first, pair[0], {"role": "assistant", "content": "Ndiyo."}]
