"""A whole score of a small checkpoint, its GGUF file and the built-in teacher."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import endpoint as endpoints
import real_texts
import tiny_checkpoint
from limbeck.errors import UserError
from limbeck.evaluation import answers, prepare, score
from limbeck.evaluation.answers import Kept, ask
from limbeck.evaluation.catalogue import BENCHMARKS, load_instructions
from limbeck.evaluation.questions import Settings, questions
from limbeck.files import read_json, read_jsonl, read_parquet, write_json
from limbeck.languages import resolve
from limbeck.models import open_model

PROMPTS = Path(__file__).parents[3] / "config" / "prompts" / "benchmarks.yaml"
SETTINGS = {
    "shots": 1, "limit": 12, "max_tokens": 8, "translation_tokens": 8, "choose_by": "likelihood",
    "seed": 1,
}  # fmt: skip
NAMES = ["flores_from_english", "flores_into_english", "sib200", "belebele", "global_mmlu"]
COLUMNS = {"id", "prompt", "reply", "gold", "predicted", "score", "finish_reason", "gold_text",
           "predicted_text"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a language card, a checkpoint and all benchmarks."""
    path = tmp_path_factory.mktemp("score")
    write_json(path / "language.json", resolve("swh_Latn").card())
    tiny_checkpoint.write(path / "checkpoint")
    for name in NAMES:
        run(prepare, "--benchmark", name, "--language", path / "language.json",
            "--settings", '{"source": "builtin", "seed": 1}',
            "--test", path / name / "test.jsonl",
            "--shots", path / name / "shots.jsonl")  # fmt: skip
    return path


def run(module: Any, *options: object) -> None:
    """Run a stage as its rule does, in this process."""
    arguments = sys.argv
    sys.argv = [module.__name__, *map(str, options)]
    try:
        module.main()
    finally:
        sys.argv = arguments


def scored(
    folder: Path, name: str, model: object, *options: object, **settings: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    output = folder / "out" / "score.json"
    run(
        score, "--benchmark", name, "--language", folder / "language.json",
        "--instructions", PROMPTS,
        "--test", folder / name / "test.jsonl", "--shots", folder / name / "shots.jsonl",
        "--model", model, "--settings", json.dumps(SETTINGS | settings), *options,
        "--output", output, "--items", output.with_suffix(".items.parquet"),
    )  # fmt: skip
    return read_json(output), read_parquet(output.with_suffix(".items.parquet"))


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint(folder: Path, name: str) -> None:
    result, items = scored(folder, name, folder / "checkpoint", "--batch", 5)
    translation = name.startswith("flores")
    assert result["metric"] == ("chrF++" if translation else "accuracy")
    assert result["n"] == len(items) == 12
    low, high = result["interval"]
    assert 0 <= low <= result["value"] <= high <= 100
    ask = "generation" if translation else "likelihood"
    parts = ("shots:1", "split:builtin", "prompts:", "model:", "transformers:")
    for part in (f"benchmark:{name}.v1", f"ask:{ask}", *parts):
        assert part in result["signature"]
    assert set(items[0]) == COLUMNS
    assert len(json.loads(items[0]["prompt"])) == 3, "one exchange before the question"
    if translation:
        assert 0 <= result["right_script_rate"] <= 1
        assert result["repetition_rate"] is not None
    else:
        right = [row["gold"] == row["predicted"] for row in items]
        assert result["value"] == pytest.approx(100 * sum(right) / 12)
        assert result["unparsed"] == 0
        options = json.loads(items[0]["reply"])
        per = {n: s / (len(n) if name == "sib200" else 1) for n, s in options.items()}
        assert max(per, key=lambda n: per[n]) == items[0]["predicted"]


def test_options_that_were_not_shown_are_told_by_their_texts(folder: Path) -> None:
    settings: dict[str, Any] = {"shots": 0, "options": "whole"}
    _, items = scored(folder, "belebele", folder / "checkpoint", **settings)
    rows = {str(item.id): item for item in BENCHMARKS["belebele"].load(
        read_jsonl(folder / "belebele" / "test.jsonl"))}  # fmt: skip
    for row in items:
        options = rows[row["id"]].options
        assert row["gold_text"] == options[row["gold"]]
        assert row["predicted_text"] == options[row["predicted"]]
    _, items = scored(folder, "belebele", folder / "checkpoint", shots=0)
    assert {row["predicted_text"] for row in items} == {None}


def test_speed_options_change_nothing(folder: Path) -> None:
    first, second = (
        scored(folder, "sib200", folder / "checkpoint", "--batch", batch, shots=0)[0]
        for batch in (1, 12)
    )
    for key in first:
        assert first[key] == second[key]


def test_unparsed_answers_are_counted(folder: Path) -> None:
    result, items = scored(folder, "belebele", folder / "checkpoint", choose_by="generation")
    assert result["unparsed"] == sum(row["predicted"] is None for row in items)
    assert result["cut"] == sum(row["finish_reason"] == "length" for row in items)
    assert "ask:generation|max_tokens:8" in result["signature"]
    assert result["repetition_rate"] is not None


@pytest.mark.parametrize("limit", [5, 100, 900])
def test_a_smaller_limit_asks_some_of_the_same(limit: int) -> None:
    """A quantised file's score is compared with its student's: the prompts must be the same."""
    rows = [{"index_id": str(number), "text": f"Siku {number}", "category": "travel"}
            for number in range(2000)]  # fmt: skip
    whole, fewer = (
        questions(
            BENCHMARKS["sib200"], rows, rows[:20], load_instructions(PROMPTS),
            resolve("Swahili").card(), Settings(**SETTINGS | {"shots": 3, "limit": most}),
        )
        for most in (1500, limit)
    )  # fmt: skip
    prompts = {item.id: asked for item, asked in zip(whole.items, whole.prompts, strict=True)}
    assert len(fewer.items) == limit
    assert [prompts.get(item.id) for item in fewer.items] == fewer.prompts


def test_a_translation_has_room_in_the_models_own_tokens(folder: Path) -> None:
    """Three times the longest reference, whatever the tokenizer makes of its script."""
    longest = max(real_texts.flores("amh_Ethi"), key=len)
    rows = [{"id": "1", "text_eng": "Hello.", "text": longest, "split": "test"}]
    benchmark = BENCHMARKS["flores_from_english"]
    settings = Settings(**{**SETTINGS, "shots": 0})
    card = resolve("Amharic").card()
    asked = questions(benchmark, rows, [], load_instructions(PROMPTS), card, settings)
    model = open_model(str(folder / "checkpoint"), 1, 1)
    tokens = len(model._tokenizer(longest, add_special_tokens=False)["input_ids"])
    assert tokens > 200
    assert answers.room(asked, model, settings) == 3 * tokens
    thinking = settings.model_copy(update={"thinking": True, "thinking_tokens": 99})
    assert answers.room(asked, model, thinking) == 3 * tokens + 99
    generous = settings.model_copy(update={"translation_tokens": 10_000})
    assert answers.room(asked, model, generous) == 10_000


def test_a_teacher_whose_limit_cuts_its_answers_gets_no_score(folder: Path, tmp_path: Path) -> None:
    teacher = endpoints.teacher(temperature=0.0).model_dump()
    with endpoints.serving(lambda *_: endpoints.completion("Hab", "length")) as server:
        connection = endpoints.connection(server.url).model_dump_json()
        options = ("--connection", connection, "--journal", tmp_path / "journal.jsonl")
        with pytest.raises(UserError, match="12 of 12 answers of the teacher were cut off"):
            scored(folder, "belebele", "teacher", *options, teacher=teacher)


@pytest.mark.parametrize(("reply", "said"), [("Sijui.", True), ("B", False)])
def test_a_teacher_whose_answers_cannot_be_read_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], reply: str, said: bool
) -> None:
    teacher = endpoints.teacher(temperature=0.0).model_dump()
    with endpoints.serving(lambda *_: endpoints.completion(reply)) as server:
        connection = endpoints.connection(server.url).model_dump_json()
        options = ("--connection", connection, "--journal", tmp_path / "journal.jsonl")
        result, _ = scored(folder, "belebele", "teacher", *options, teacher=teacher)
    line = "belebele: 12 of 12 answers of the teacher name no option or number"
    assert (result["unparsed"] == 12, line in capsys.readouterr().out) == (said, said)


def test_what_decides_is_in_the_signature(folder: Path) -> None:
    def signature(**settings: Any) -> str:
        return str(scored(folder, "belebele", folder / "checkpoint", **settings)[0]["signature"])

    first = signature()
    assert signature() == first
    assert len({first, signature(shots=0), signature(limit=5), signature(seed=2)}) == 4


def test_a_gguf_scores_as_its_checkpoint(folder: Path) -> None:
    gguf = tiny_checkpoint.write_gguf(folder / "checkpoint", folder / "F32.gguf")
    for name in ("sib200", "belebele"):
        ours, our_items = scored(folder, name, folder / "checkpoint", limit=100)
        theirs, their_items = scored(folder, name, gguf, limit=100)
        same = [
            a["predicted"] == b["predicted"] for a, b in zip(our_items, their_items, strict=True)
        ]
        assert sum(same) >= 99, f"{name}: {sum(same)} of 100 options are the same"
        assert abs(ours["value"] - theirs["value"]) <= 1
        assert "llama-cpp-python:" in theirs["signature"]


def test_a_gguf_f16_chooses_as_its_checkpoint(folder: Path) -> None:
    data = real_texts.folder()
    gguf = tiny_checkpoint.write_gguf(folder / "checkpoint", folder / "F16.gguf", "f16")
    read = BENCHMARKS["sib200"].folder(data / "sib200")
    card = dict(resolve("swh_Latn").card())
    rows = [*read.rows(card, "test"), *read.rows(card, "shots")][:900]
    rows = [{**row, "text": row["text"][:30]} for row in rows]  # beginnings, to be quick
    settings = Settings(**SETTINGS | {"shots": 0, "limit": 900})
    texts = load_instructions(PROMPTS)
    asked = questions(BENCHMARKS["sib200"], rows, [], texts, card, settings)
    models = [open_model(str(path), 16, 1) for path in (folder / "checkpoint", gguf)]
    ours, theirs = (ask(asked, model, settings, Kept(None)) for model in models)
    same = sum(a == b for a, b in zip(ours.predicted, theirs.predicted, strict=True))
    assert same >= 0.995 * 900, f"{same} of 900 options are the same"


def test_a_teacher_is_asked_to_generate(folder: Path, tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        return endpoints.completion("B")

    teacher = endpoints.teacher(temperature=0.0).model_dump()
    with endpoints.serving(answer) as server:
        connection = endpoints.connection(server.url).model_dump_json()
        options = ("--connection", connection, "--journal", tmp_path / "journal.jsonl")
        result, items = scored(folder, "belebele", "teacher", *options, teacher=teacher)
        scored(folder, "belebele", "teacher", *options, teacher=teacher)
        assert server.requests == 12, "the second run reads the journal"
    assert result["model"] == "teacher"
    assert f"|ask:generation|max_tokens:{teacher['max_tokens']}|model:" in result["signature"]
    assert {row["predicted"] for row in items} == {"B"}
    assert result["value"] == pytest.approx(100 * sum(r["gold"] == "B" for r in items) / 12)


def test_real_data(folder: Path) -> None:
    data = real_texts.folder()
    settings = json.dumps({"source": f"{data}/sib200", "seed": 1})
    real = folder / "real"
    (real / "sib200").mkdir(parents=True)
    (real / "language.json").write_bytes((folder / "language.json").read_bytes())
    run(prepare, "--benchmark", "sib200", "--language", real / "language.json",
        "--settings", settings, "--test", real / "sib200" / "test.jsonl",
        "--shots", real / "sib200" / "shots.jsonl")  # fmt: skip
    result, items = scored(real, "sib200", folder / "checkpoint", shots=3, limit=40)
    assert "split:test" in result["signature"]
    assert len({row["gold"] for row in items}) >= 5, "a sample of a sorted file has all labels"
