"""Keys, logins and proxies: what is sent to whom, and shown nowhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from endpoint import (
    ECHO,
    completion,
    connection,
    questions,
    raw,
    serving,
    status,
    teacher,
)
from limbeck.errors import UserError
from limbeck.teacher.client import ask


def test_the_key_is_sent_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key = "sk-very-secret-0123456789"
    monkeypatch.setenv("TEACHER_KEY", f"{key}\n")

    def answer(body: Any, before: int) -> Any:
        orders = {
            "question 0": status(500, f"bad key {key}"),
            "question 1": completion(f"your key is {key}"),
            "question 2": status(400, f"bad key {key}"),
        }
        return orders.get(body["messages"][0]["content"], ECHO)

    with serving(answer) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY", retries=1)
        replies = ask(questions(3), teacher(), settings, tmp_path / "j")
        assert endpoint.headers[0]["Authorization"] == f"Bearer {key}"
        with pytest.raises(UserError) as caught:
            ask(questions(4), teacher(), settings, tmp_path / "j")
    assert "Bearer [key]" in str(caught.value)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    shown = "".join(capfd.readouterr())
    assert key not in f"{caught.value!r} {replies} {written} {shown}"


def test_a_key_is_found_behind_escapes_and_before_a_message_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-with/slashes/and+more"
    monkeypatch.setenv("TEACHER_KEY", key)
    said = json.dumps(completion(f"your key is {key}", finish_reason=f"as {key} says"))
    said = said.replace("/", "\\/")

    with serving(lambda body, before: raw(said.encode())) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        [reply] = ask(questions(1), teacher(), settings, tmp_path / "j")
    assert reply.content == "your key is [key]"
    assert "slashes" not in (tmp_path / "j").read_text()
    with serving(lambda body, before: status(401, "x" * 190 + key)) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        with pytest.raises(UserError) as caught:
            ask(questions(2), teacher(), settings, tmp_path / "j")
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize("word", ["EMPTY", "token", "1", "none"])
def test_a_word_for_a_key_alters_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("TEACHER_KEY", word)
    text = f"1 token of the EMPTY box, {word}, none left"
    with serving(lambda body, before: completion(text)) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        [reply] = ask(questions(1), teacher(), settings, tmp_path / "j")
    assert reply.content == text
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, len(text.split()))


@pytest.mark.parametrize("key", ["sk-one\nsk-two", "sk one", "sk-\u00e9"])
def test_a_key_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("TEACHER_KEY", key)
    settings = connection("http://127.0.0.1:9/v1", api_key_env="TEACHER_KEY")
    with pytest.raises(UserError, match="TEACHER_KEY holds a space, a line break") as caught:
        ask(questions(1), teacher(), settings, tmp_path / "j")
    assert "sk" not in str(caught.value)


@pytest.mark.parametrize("keyed", [True, False])
def test_netrc_logs_in_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyed: bool
) -> None:
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("TEACHER_KEY", "sk-very-secret-0123456789")
    with serving() as endpoint:
        url = endpoint.url.replace("127.0.0.1", "0.0.0.0")  # which is here, by no name for it
        settings = connection(url, api_key_env="TEACHER_KEY" if keyed else None, retries=0)
        [reply] = ask(questions(1), teacher(), settings, tmp_path / "j")
    assert reply.failure is None
    sent = "Bearer sk-very-secret-0123456789" if keyed else None
    assert {headers.get("Authorization") for headers in endpoint.headers} == {sent}


def test_the_proxy_of_the_environment_is_taken_but_not_to_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy, serving() as here:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "direct.invalid")
        far = connection("http://model.invalid/v1", retries=0)
        ask(questions(2), teacher(), far, tmp_path / "a")
        assert (proxy.requests, here.requests) == (2, 0)
        ask(questions(2), teacher(), connection(here.url), tmp_path / "b")
        assert (proxy.requests, here.requests) == (2, 2)
        direct = connection("http://direct.invalid/v1", retries=0)
        ask(questions(1), teacher(), direct, tmp_path / "c")
        assert proxy.requests == 2


def test_a_missing_key_is_named_but_needed_for_new_requests_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    with serving() as endpoint:
        ask(questions(2), teacher(), connection(endpoint.url), tmp_path / "j")
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        ask(questions(2), teacher(), settings, tmp_path / "j")
        with pytest.raises(UserError, match="TEACHER_KEY is not set"):
            ask(questions(3), teacher(), settings, tmp_path / "j")
        assert endpoint.requests == 2
