"""Greedy replies: batched as one by one, from a checkpoint, its GGUF file and an endpoint."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from test_likelihood import after_shots, prompts

import endpoint as endpoints
import tiny_checkpoint
import tiny_gguf
from limbeck.errors import UserError
from limbeck.evaluation.replies import without_trace
from limbeck.models import hub, open_model
from limbeck.models.gguf_model import GgufModel
from limbeck.models.protocol import Generation, opened
from limbeck.models.transformers_model import TransformersModel


def test_batched_is_one_by_one(transformers_model: TransformersModel) -> None:
    asked = prompts(12)
    batched = transformers_model.generate(asked, 12)
    assert batched == [transformers_model.generate([messages], 12)[0] for messages in asked]
    assert len({reply.text for reply in batched}) > 1, "the replies depend on the prompts"


def test_shots_that_are_computed_once_change_no_reply(
    transformers_model: TransformersModel, gguf_model: GgufModel
) -> None:
    asked = after_shots(9)
    for model in (transformers_model, gguf_model):
        together = model.generate(asked, 8)
        alone = [model.generate([messages], 8)[0] for messages in asked]
        same = sum(a == b for a, b in zip(together, alone, strict=True))
        assert same >= 8, f"{same} of 9 replies are the same"  # one may be a draw


def test_answers_are_told_as_they_come(
    transformers_model: TransformersModel, gguf_model: GgufModel
) -> None:
    asked = prompts(7)
    for model in (transformers_model, gguf_model):
        told: dict[int, Any] = {}
        replies = model.generate(asked, 4, done=told.__setitem__)
        assert told == dict(enumerate(replies))
        told = {}
        scores = model.loglikelihood(asked, [["A", "mtoto"]] * 7, done=told.__setitem__)
        assert told == dict(enumerate(scores))


def test_a_trace_that_the_prompt_opens_is_no_answer(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    always = tmp_path / "always"
    shutil.copytree(checkpoint, always)
    template = always / "chat_template.jinja"
    template.write_text(template.read_text() + "{{ '<think>\\n' if add_generation_prompt }}")
    gguf = tiny_checkpoint.write_gguf(always, tmp_path / "F32.gguf")
    for model in (TransformersModel(always, batch=2, threads=1), GgufModel(gguf, 2, 1)):
        for thinking in (True, False):
            (cut,) = model.generate(prompts(1), 3, thinking=thinking)
            assert cut.finish_reason == "length"
            assert (cut.text[:7], without_trace(cut.text)) == ("<think>", "")
        capsys.readouterr()
        model.loglikelihood(prompts(2), [["A", "B"]] * 2)
        assert capsys.readouterr().out.count("the chat template opens a thought") == 1


@pytest.mark.parametrize(
    ("thinking", "cut", "opening"),
    [(True, False, "<think>"), (True, True, "<think>"), (False, True, "<think>"),
     (False, False, "")],
)  # fmt: skip
def test_a_student_answers_where_its_base_always_thinks(
    thinking: bool, cut: bool, opening: str
) -> None:
    """It is taught to answer there without closing anything, so a whole reply is an answer."""
    assert opened("<assistant><think>\n", thinking, cut) == opening
    assert opened("<assistant><think>\n\n</think>\n\n", thinking, cut) == ""


HUB_NAMES = {
    "owner/model": ("owner/model", None, None),
    "owner/model@abc123": ("owner/model", None, "abc123"),
    "owner/repo/file.gguf": ("owner/repo", "file.gguf", None),
    "owner/repo/sub/file-Q8_0.gguf@main": ("owner/repo", "sub/file-Q8_0.gguf", "main"),
    "ibm-granite/granite-4.0-micro": ("ibm-granite/granite-4.0-micro", None, None),
    "folder": None,
    "a/b/c": None,
}


@pytest.mark.parametrize("name", HUB_NAMES)
def test_names_of_the_hub(name: str) -> None:
    match = hub.NAME.fullmatch(name)
    assert (match and (match["repo"], match["file"], match["commit"])) == HUB_NAMES[name]


def test_a_checkpoint_s_own_sampling_is_left_out(
    checkpoint: Path, transformers_model: TransformersModel
) -> None:
    config = transformers_model._model.generation_config
    assert config.do_sample is False
    assert config.repetition_penalty in (None, 1.0)


def test_a_gguf_replies_as_its_checkpoint(
    transformers_model: TransformersModel, gguf_model: GgufModel
) -> None:
    asked = prompts(12)
    ours, theirs = (model.generate(asked, 8) for model in (transformers_model, gguf_model))
    # Bytes that are no UTF-8 are shown otherwise by the two libraries.
    pairs = [(a.text.split("�")[0], b.text) for a, b in zip(ours, theirs, strict=True)]
    same = sum(b.startswith(a) for a, b in pairs)
    assert same >= 11, f"{same} of 12 greedy replies are equal"  # one may be a draw


def test_sequences_in_one_context_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "bytes.gguf"
    tiny_gguf.write(path)
    asked = [[{"role": "user", "content": "abc" * (n % 5 + 1) + str(n)}] for n in range(9)]
    alone, four = (GgufModel(path, batch, threads=1).generate(asked, 10) for batch in (1, 4))
    assert alone == four


def test_a_reply_ends_at_the_stop_token_or_the_limit(
    transformers_model: TransformersModel,
) -> None:
    tokenizer = transformers_model._tokenizer
    (stop,) = transformers_model._stops
    ids = tokenizer("mtoto", add_special_tokens=False)["input_ids"]
    assert transformers_model._reply([*ids, stop, *ids]) == Generation("mtoto", "stop")
    assert transformers_model._reply(ids) == Generation("mtoto", "length")


def test_prompts_have_one_bos(gguf_model: GgufModel, transformers_model: Any) -> None:
    (messages, *_) = prompts(1)
    theirs = gguf_model._encode(gguf_model._template.render(messages))
    assert theirs == transformers_model._encode(transformers_model._render(messages))


def test_an_endpoint_is_asked_through_the_journal(tmp_path: Path) -> None:
    asked = prompts(4)
    with endpoints.serving() as server:
        model = open_model(
            "teacher", 1, 1,
            endpoints.teacher(), endpoints.connection(server.url), tmp_path / "journal.jsonl",
        )  # fmt: skip
        replies = model.generate(asked, 5)
        assert model.generate(asked, 5) == replies
        assert server.requests == 4
    assert [reply.finish_reason for reply in replies] == ["stop"] * 4
    assert replies[0].text.startswith(f"reply to {asked[0][-1]['content']}")
    assert not model.gives_likelihood
    with pytest.raises(UserError, match="only generate"):
        model.loglikelihood(asked, [["A"]] * 4)


def test_a_failed_request_is_no_answer(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        failing = "mtoto anasoma" in body["messages"][-1]["content"]
        return endpoints.status(500) if failing else endpoints.echo(body, before)

    with endpoints.serving(answer) as server:
        connection = endpoints.connection(server.url, retries=0)
        model = open_model("teacher", 1, 1, endpoints.teacher(), connection, tmp_path / "j.jsonl")
        with pytest.raises(UserError, match=r"failed on \d+ of 12 prompts \(http 500\)"):
            model.generate(prompts(12), 5)


def test_a_reply_that_was_cut_is_the_model_s_own(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        return endpoints.completion("half of it", "length")

    with endpoints.serving(answer) as server:
        connection = endpoints.connection(server.url)
        model = open_model("teacher", 1, 1, endpoints.teacher(), connection, tmp_path / "j.jsonl")
        (reply,) = model.generate(prompts(1), 5)
    assert reply == Generation("half of it", "length")


WRONG = {
    "no such model": ("nowhere", "a checkpoint's folder, a .gguf file, .* or 'teacher' is wanted"),
    "a teacher without connection": ("teacher", "--connection and --journal are wanted"),
    "a hub that is not reached": ("owner/model", "no folder, and the hub cannot be reached"),
    "a file that the hub does not have": ("owner/repo/x.gguf", "nor from the hub"),
    "an empty folder": ("folder", "transformers cannot load it"),
    "no GGUF file": ("bad.gguf", r"llama\.cpp cannot load it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_models_are_one_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.gguf").write_bytes(b"GGUF and then nothing of use")
    name, message = WRONG[case]
    with pytest.raises(UserError, match=message) as caught:
        open_model(name, 1, 1)
    assert "\n" not in str(caught.value)
