"""A small build by hand: the artefacts that pages and cards read."""

import json
import math
from pathlib import Path
from typing import Any

from limbeck.classification import compare, predictions, tasks
from limbeck.files import write_json, write_jsonl, write_parquet
from limbeck.languages import resolve

SCRIPT = "<script>document.title = 'broken'; fetch('https://example.org/')</script>"
STUDENT = {"base": "builtin:tiny", "training": {"epochs": 2.0}}
BENCHMARKS = ["flores_from_english", "flores_into_english", "sib200", "belebele", "global_mmlu"]
QUANTIZATIONS = ["F16", "Q8_0", "Q4_K_M"]


TASK = tasks.find("sentiment", Path(__file__).parents[1] / "config/tasks")
GOLD = ["positive", "negative"] * 100
TEST = [
    {"id": str(i), "text": f"neno {i} {SCRIPT}", "label": label} for i, label in enumerate(GOLD)
]
FUNNEL = {"strategies": [{"name": "language", "rows": 90}], "filters": [], "rows": 80}
MODELS = ["teacher", *(f"tiny/{form}" for form in ("base", "student", *QUANTIZATIONS))]


JUDGEMENT = {
    "judge": SCRIPT, "questions": 40, "not_translated": 2,
    "pairs": [
        {
            "models": ["tiny/student", "tiny/base"], "win": 30, "tie": 8, "loss": 1, "alike": 3,
            "not_judged": 1, "win_rate": 87.2, "interval": [73.3, 94.4], "shown": True,
            "first_place": 12.8, "second_place": 5.1, "cut": [2, 40],
            "categories": {SCRIPT: {"win": 4, "tie": 1, "loss": 0}},
        },
        {
            "models": ["tiny/student", "teacher"], "win": 0, "tie": 0, "loss": 0, "alike": 0,
            "not_judged": 40, "win_rate": None, "interval": None, "shown": False,
            "first_place": None, "second_place": None, "cut": [0, 0], "categories": {},
        },
    ],
}  # fmt: skip


def settings(**changes: Any) -> str:
    """The settings of pages and cards as the rules give them."""
    given = {
        "students": {"tiny": STUDENT},
        "teacher": {"model": "phrasebook", "server": "phrasebook"},
        "sources": {"conversations": "builtin", "texts": "HuggingFaceFW/fineweb-2 swh_Latn"},
        "models": MODELS,
        "benchmarks": BENCHMARKS,
        "quantizations": QUANTIZATIONS,
        "licenses": {"tiny": "apache-2.0"},
        "seed": 1,
        "judge": {"model": SCRIPT, "server": None},
    }
    return json.dumps(given | changes)


def board_settings(**changes: Any) -> str:
    """The settings of the leaderboard."""
    given = {
        "languages": ["swh_Latn", "arb_Arab"],
        "students": ["tiny"],
        "teacher": {"model": "phrasebook", "server": "phrasebook"},
        "benchmarks": BENCHMARKS,
    }
    return json.dumps(given | changes)


def write(results: Path, code: str = "swh_Latn") -> None:
    """Write everything for one language."""
    folder = results / code
    write_json(folder / "language.json", resolve(code).card())
    arabic = code.endswith("Arab")
    prompt = "اكتب لي عن الصحة." if arabic else "Niambie kuhusu afya ya watoto shuleni."
    prompts = [
        {"id": f"topic-{i}", "strategy": "topic" if i % 2 else "context", "kind": "topic",
         "source": "health", "parent": None, "prompt": f"{prompt} {i}", "teacher": "phrasebook",
         "failure": None}
        for i in range(40)
    ]  # fmt: skip
    for name in ("topics", "contexts", "prompts"):
        write_jsonl(folder / f"{name}.jsonl", prompts)
    answer = {"reasoning": f"Swali linauliza. {SCRIPT}", "response": f"Watoto wanacheza. {SCRIPT}"}
    responses = [row | answer for row in prompts]
    responses.append(prompts[0] | {"id": "x", "prompt": "", "failure": "length"})
    write_jsonl(folder / "responses.jsonl", responses)
    write_jsonl(
        folder / "translations.jsonl",
        [
            {"id": f"translation-{i}", "strategy": "translation", "kind": "conversation",
             "failure": None, "original": [{"role": "user", "content": "The cow drinks water."}],
             "messages": [{"role": "user", "content": f"Ng'ombe anakunywa maji. {i}"}]}
            for i in range(20)
        ],
    )  # fmt: skip
    duplicates = {"id": "topic-1", "why": "exact duplicate", "text": SCRIPT}
    write_json(
        folder / "funnel.json",
        {
            "strategies": [{"name": "topic", "rows": 41}, {"name": "translation", "rows": 20}],
            "filters": [
                {"name": "failed", "in": 61, "out": 60, "removed": {"length": 1}, "examples": []},
                {"name": "length_ratio", "threshold": [0.4, 3.0], "in": 60, "out": 60,
                 "removed": {}},
                {"name": "duplicates", "in": 60, "out": 55, "removed": {"exact duplicate": 5},
                 "examples": [duplicates]},
            ],
            "rows": 55,
            "diversity": {"texts": 41, "distinct": 0.462, "near_duplicates": 0.049,
                          "vendi": 23.4, "openings": 0.122},
        },
    )  # fmt: skip
    _student(folder / "tiny")
    write_json(folder / "judgement.json", JUDGEMENT)
    spent = {"replies": 40, "prompt_tokens": 900, "completion_tokens": 100, "dollars": 1.25}
    took = {"training": {"tiny": 1.0}, "scoring": {"tiny": 0.25}, "hours": 1.25, "dollars": 2.5}
    cost = {"stages": {"write_topics": spent}, "total": spent, "machine": took}
    write_json(folder / "cost.json", cost | {"whole": {"dollars": 3.75}})
    for model, level in (("tiny/base", 3.0), ("tiny/student", 71.0), ("teacher", 97.0)):
        _scores(folder / "scores" / model, level)
    for number, quantization in enumerate(QUANTIZATIONS):
        _scores(folder / "scores/tiny" / quantization, 71.0 - number)


def _student(folder: Path) -> None:
    counts = {"rows": 1234, "by_form": {"thinking": 40, "direct": 1194}, "by_strategy": {"pair": 9}}
    write_json(folder / "mixture.json", {"train": counts, "validation": counts | {"rows": 25}})
    steps = range(1, 200, 5)
    write_json(
        folder / "training.json",
        {
            "loss": [{"step": s, "loss": 0.3 + 6 * math.exp(-s / 30)} for s in steps],
            "validation": [{"step": s, "loss": 0.5 + 5 * math.exp(-s / 30)} for s in (50, 195)],
            "tokens_seen": 351234, "rows": {"train": {"used": 1230, "too_long": 4}},
            "device": "cpu", "versions": {"torch": "2.13.0", "transformers": "5.17.0"},
        },
    )  # fmt: skip
    gains = {
        name: {"difference": 68.0, "interval": [60.0, 76.0], "shown": name != "sib200", "n": 100}
        for name in BENCHMARKS
    }
    write_json(folder / "gains.json", gains)
    write_json(folder / "gguf/parity.json", {"agreement": 0.998, "prompts": 16, "details": []})
    for number, quantization in enumerate(QUANTIZATIONS):
        (folder / "gguf" / f"{quantization}.gguf").write_bytes(b"x" * (400_000 >> number))


def _scores(folder: Path, level: float) -> None:
    for number, name in enumerate(BENCHMARKS):
        value = level * (1 - 0.1 * number)
        metric = "chrF++" if name.startswith("flores") else "accuracy"
        interval = [max(0, value - 4), min(100, value + 4)]
        score = {"metric": metric, "value": value, "interval": interval, "n": 100, "unparsed": 0}
        write_json(folder / f"{name}.json", score | {"signature": "chrF2++|nrefs:1|version:2.6.0"})
        write_parquet(folder / f"{name}.items.parquet", [_item(i, name, level) for i in range(40)])


def _item(number: int, benchmark: str, level: float) -> dict[str, Any]:
    """What a model said to an item: one that knows little says something else."""
    knows = level > 50
    question = f"What is drunk by cow {number}? {SCRIPT}"
    chrf = benchmark.startswith("flores")
    return {
        "id": f"{benchmark}-{number}",
        "prompt": json.dumps([{"role": "user", "content": question}]),
        "reply": f"Ng'ombe anakunywa máji. {SCRIPT}" if knows else "",
        "gold": "Ng'ombe anakunywa maji.",
        "predicted": None,
        "score": (88.0 if chrf else 1.0) if knows else 0.0,
        "finish_reason": "stop",
    }


def write_timings(folder: Path) -> None:
    """Snakemake's records of three stages, one of two jobs."""
    for path, seconds, memory in (
        ("write_topics.tsv", "61.5", "120.0"),
        ("tiny/train_student.tsv", "180.0", "900.0"),
        ("scores/tiny/base/sib200/score_model.tsv", "10.0", "500.0"),
        ("scores/tiny/F16/sib200/score_model.tsv", "20.0", "-"),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"s\th:m:s\tmax_rss\n{seconds}\t-\t{memory}\n")


def _system(path: Path, right: dict[tuple[str, int], float]) -> compare.System:
    """Predictions that are right for a share of the items, by source and size."""
    rows = [
        {"source": source, "size": size, "repeat": 0, "id": row["id"], "reply": None,
         "predicted": row["label"] if i % 100 < 100 * share else None}
        for (source, size), share in right.items()
        for i, row in enumerate(TEST)
    ]  # fmt: skip
    predictions.write(path, rows)
    return compare.System(path, TEST)


def classified(folder: Path, full: float, asked: bool = True) -> dict[str, Any]:
    """The scores of a task whose classifier is right for a share of the texts."""
    said = {("zero-shot", 0): 0.6, ("few-shot", 0): 0.7}
    teacher = _system(folder / "t", said) if asked else None
    learned = {("synthetic", 10): 0.4, ("synthetic", 80): full, ("seeds", 80): 0.3}
    own = _system(folder / "s", {("human", 80): 0.9, **(learned if asked else {})})
    labels = {"task": "sentiment", "labels": TASK.names}
    test = {"items": len(TEST), "chance": compare.chance(GOLD, TASK.names), "builtin": False}
    compared = compare.compare(TASK, TEST, teacher, {"linear": own}, 1)
    examples = {label: [SCRIPT] for label in TASK.names}
    return {**labels, "test": test, **compared, "examples": examples, "funnel": FUNNEL}


def write_classified(folder: Path, work: Path, asked: bool = True) -> None:
    """Write a task whose classifier is better than its teacher, if one is asked."""
    found = classified(work, 0.95, asked)
    write_json(folder / "sentiment/funnel.json", found.pop("funnel"))
    write_json(folder / "sentiment/scores.json", found)
