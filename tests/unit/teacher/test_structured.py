"""How an endpoint is told the form of a reply: the ways, the probe, the journal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from endpoint import Body, completion, connection, serving, status, teacher
from limbeck.errors import UserError
from limbeck.phrasebook import responder
from limbeck.teacher import replies, structured
from limbeck.teacher.client import Request, ask
from limbeck.teacher.journal import key


class Judgement(BaseModel):
    answer: Literal["yes", "no"]


REQUEST = Request([{"role": "user", "content": "Yes or no?"}], Judgement)
WAYS = ["json_schema", "structured_outputs", "guided_json", "json_object", "none"]


def told(body: Body) -> tuple[str, dict[str, Any] | None]:
    """The way in which a body tells its schema, and the schema."""
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        return "json_schema", form["json_schema"]["schema"]
    if form.get("type") == "json_object":
        return "json_object", form["schema"]
    if "structured_outputs" in body:
        return "structured_outputs", body["structured_outputs"]["json"]
    if "guided_json" in body:
        return "guided_json", body["guided_json"]
    return "none", None


def follows(way: str, others: Any = None) -> Callable[[Body, int], Any]:
    """An endpoint that follows one way; to the others it gives an answer of its own."""

    def answer(body: Body, before: int) -> Any:
        name, schema = told(body)
        if name == way:
            schema = schema or {"properties": {"answer": {"enum": ["yes"]}}}
            [(field, rules)] = schema["properties"].items()
            value = rules["enum"][0] if "enum" in rules else [rules["items"]["const"]] * 2
            return completion(json.dumps({field: value}))
        return completion("A mango, of course.") if others is None else others

    return answer


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_telling_the_form(way: Any) -> None:
    body = replies.body(REQUEST, teacher(structured=way))
    schema = replies.json_schema(Judgement)
    assert told(body) == (way, None if way == "none" else schema)
    in_words = "Reply with JSON alone" in body["messages"][0]["content"]
    assert in_words == (way in ("json_object", "none"))
    assert replies.body(REQUEST, teacher(structured="auto")) == replies.body(REQUEST, teacher())
    plain = Request(REQUEST.messages)
    assert replies.body(plain, teacher(structured=way)) == replies.body(plain, teacher())


@pytest.mark.parametrize(
    ("others", "way", "sure"),
    [
        (None, "json_schema", True),
        (None, "structured_outputs", True),  # vLLM ignores what it does not know
        (None, "guided_json", True),
        (status(400, "response_format.type must be text or json_object"), "json_object", True),
        (status(422), "json_object", True),
        (status(500, "unsupported"), "json_object", False),  # or it is overloaded
        (status(503), "guided_json", False),
        ({"choices": []}, "json_object", False),
        (completion("half", "error"), "json_object", False),
        (completion("half", "length"), "json_object", False),
        (status(400), "none", True),
        (None, "none", True),
        (completion('{"fruits": ["mango", "mango"]}'), "none", True),  # not of the schema
        (completion(""), "json_object", True),
    ],
)
def test_the_probe_finds_what_an_endpoint_follows(
    tmp_path: Path, others: Any, way: str, sure: bool
) -> None:
    settings = teacher(structured="auto")
    with serving(follows(way, others)) as endpoint:
        local = connection(endpoint.url)
        for number in range(2):  # two stages
            [reply] = ask([REQUEST], settings, local, tmp_path / f"journal {number}", tmp_path)
            if others is None or way != "none":
                assert reply.value == Judgement(answer="yes")
        ways = [told(body)[0] for body in endpoint.bodies]
    assert ways[-1] == way
    if way != "none" and not sure:  # asked for once more
        assert not (tmp_path / "structured").exists()
        assert ways[: len(ways) // 2] == ways[len(ways) // 2 :]
    elif way != "none":  # found once for both, told the probe's schema and then twice the real one
        assert ways[-2:] == [way, way]
        kept = [json.loads(path.read_text()) for path in (tmp_path / "structured").iterdir()]
        assert [found["structured"] for found in kept] == [way]
        assert len(ways) <= 2 * WAYS.index(way) + 3


def test_the_phrasebook_at_a_url_passes_the_probe() -> None:
    body = replies.body(structured.PROBE, teacher(model="phrasebook"))
    content, _ = responder.reply(body)
    assert replies.validated(content, structured.Fruits)


@pytest.mark.parametrize("fault", [status(503), {"choices": []}, completion("half", "error")])
def test_a_failure_that_passes_refuses_no_way(tmp_path: Path, fault: Any) -> None:
    follow = follows("json_schema")

    def answer(body: Body, before: int) -> Any:
        first = before == 0 and "fruit" in str(body["messages"])
        return fault if first else follow(body, before)

    with serving(answer) as endpoint:
        local = connection(endpoint.url)
        [reply] = ask([REQUEST], teacher(structured="auto"), local, tmp_path / "j", tmp_path)
        assert [told(body)[0] for body in endpoint.bodies] == ["json_schema"] * 3
    assert reply.value == Judgement(answer="yes")
    [kept] = (tmp_path / "structured").iterdir()
    assert json.loads(kept.read_text())["structured"] == "json_schema"


def test_requests_without_a_form_need_no_probe(tmp_path: Path) -> None:
    with serving() as endpoint:
        plain = Request(REQUEST.messages)
        ask([plain], teacher(structured="auto"), connection(endpoint.url), tmp_path / "j", tmp_path)
        assert endpoint.requests == 1


def test_a_probe_that_gets_no_answer_stops_the_stage(tmp_path: Path) -> None:
    settings = teacher(structured="auto")
    with serving(lambda body, before: status(429, "slow down", **{"Retry-After": "0"})) as endpoint:
        local = connection(endpoint.url, retries=2)
        with pytest.raises(UserError, match="answers nothing: http 429: slow down"):
            ask([REQUEST], settings, local, tmp_path / "j", tmp_path)
        assert endpoint.requests == 3
    with (
        serving(lambda body, before: status(401, "no such key")) as endpoint,
        pytest.raises(UserError, match=r"http 401.*no such key"),
    ):
        ask([REQUEST], settings, connection(endpoint.url), tmp_path / "j", tmp_path)


def test_the_key_is_in_nothing_that_a_probe_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("TEACHER_KEY", secret)
    with serving(follows("json_object", status(400, f"bad field of {secret}"))) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        limits = {"requests_per_minute": 60000, "tokens_per_minute": 10**8}
        settings = settings.model_copy(update=limits)
        [reply] = ask([REQUEST], teacher(structured="auto"), settings, tmp_path / "j", tmp_path)
    assert reply.failure is None
    with serving(lambda body, before: status(429, f"slow down, {secret}")) as endpoint:
        settings = settings.model_copy(update={"url": endpoint.url, "retries": 0})
        with pytest.raises(UserError, match=r"slow down, \[key\]"):
            ask([REQUEST], teacher(structured="auto"), settings, tmp_path / "k", tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.encode() not in written
    assert secret not in "".join(capfd.readouterr())


def test_the_way_is_no_part_of_the_key() -> None:
    assert len({key(REQUEST, teacher(structured=way)) for way in [*WAYS, "auto"]}) == 1
    assert key(REQUEST, teacher()) != key(Request(REQUEST.messages), teacher())
    assert len({key(REQUEST, teacher(structured=way), correcting=True) for way in WAYS}) == 5


def test_another_way_asks_again_for_what_failed_alone(tmp_path: Path) -> None:
    """Replies of the right form are kept; those of the wrong one get a new correction."""
    good = Request([{"role": "user", "content": "good"}], Judgement)
    bad = Request([{"role": "user", "content": "bad"}], Judgement)

    def answer(body: Body, before: int) -> Any:
        easy = body["messages"][0]["content"].startswith("good")
        forced = told(body)[0] == "json_schema"
        return completion('{"answer": "yes"}' if easy or forced else "Perhaps.")

    with serving(answer) as endpoint:
        local, journal = connection(endpoint.url), tmp_path / "journal"
        first = ask([good, bad], teacher(structured="none"), local, journal, tmp_path)
        assert [reply.failure for reply in first] == [None, "format"]
        assert endpoint.requests == 3
        for _ in range(2):
            second = ask([good, bad], teacher(), local, journal, tmp_path)
            assert [reply.failure for reply in second] == [None, None]
            assert endpoint.requests == 4
