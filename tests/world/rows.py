"""The data sets of the stand-in hub, written in the layout of `repositories.tsv`."""

import csv
import gzip
import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import real_texts
from limbeck.files import write_parquet
from limbeck.languages import resolve
from world import texts

TABLE = Path(__file__).with_name("repositories.tsv")
ROWS = 120  # of a split
Row = dict[str, Any]

TRANSLATED = [*texts.LANGUAGES, "epo_Latn"]  # and one that a teacher need not know
FLORES = [*TRANSLATED, "est_Latn", "grn_Latn", "zho_Hans"]  # and some that FLORES+ renamed


@dataclass(frozen=True)
class Repository:
    """A line of the table."""

    repository: str
    kind: str
    commit: str
    gated: str
    labels: str
    splits: str
    files: str
    columns: str
    source: str

    @property
    def revision(self) -> str:
        """The commit; one without is made up."""
        return self.commit or hashlib.sha1(self.repository.encode()).hexdigest()


def repositories() -> list[Repository]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return [Repository(**row) for row in csv.DictReader(lines, delimiter="\t")]


def label(code: str, column: str) -> str | None:
    """How a data set names a language; None where it does not have it."""
    language = resolve(code)
    if column == "iso639_1":
        return language.iso639_1
    if column == "iso639_3":
        return {"swh_Latn": "swa"}.get(code, language.iso639_3)
    return language.labels.get(column)


def flores_plus(code: str, split: str) -> list[Row]:
    name, script = code.split("_")
    return [
        {"id": number, "iso_639_3": name, "iso_15924": script, "glottocode": "", "variant": "",
         "text": text, "url": "https://en.wikinews.org/wiki/x", "domain": "wikinews",
         "topic": "politics", "has_image": "yes", "has_hyperlink": "no", "last_updated": "1.0",
         "split": split}
        for number, text in enumerate(texts.flores(code, split))
    ]  # fmt: skip


def sib200(code: str, split: str) -> list[Row]:
    return [dict(row) for row in texts.topics(code, split)]


def belebele(code: str, split: str) -> list[Row]:
    lines = texts.flores(code, "devtest")
    found = []
    for number in range(0, 90, 3):
        passage = lines[number : number + 3]
        answers = [" ".join(line.split()[:4]) for line in lines[number : number + 4]]
        for question in (1, 2):
            found.append(
                {"link": f"https://en.wikibooks.org/wiki/{number}", "question_number": question,
                 "flores_passage": " ".join(passage), "question": f"{passage[question][:60]}?",
                 **{f"mc_answer{n}": text for n, text in enumerate(answers, start=1)},
                 "correct_answer_num": str(question + 1), "dialect": code, "ds": "2023-05-03"}
            )  # fmt: skip
    return found


def global_mmlu(code: str, split: str) -> list[Row]:
    lines = texts.sentences(code)[-ROWS:]
    drawn = random.Random(f"{code} {split}")
    found = []
    for number, line in enumerate(lines[: 20 if split == "dev" else ROWS]):
        options = [" ".join(drawn.choice(lines).split()[:3]) for _ in range(4)]
        found.append(
            {"sample_id": f"anatomy/{split}/{number}", "subject": "anatomy",
             "subject_category": drawn.choice(["STEM", "Humanities"]),
             "question": f"{split} {line}", **dict(zip(OPTIONS, options, strict=True)),
             "answer": drawn.choice("ABCD"), "required_knowledge": "[]", "time_sensitive": "[]",
             "reference": "[]", "culture": "[]", "region": "[]", "country": "[]",
             "cultural_sensitivity_label": "-", "is_annotated": False}
        )  # fmt: skip
    return found


OPTIONS = ("option_a", "option_b", "option_c", "option_d")


def infinity_instruct(code: str, split: str) -> list[Row]:
    """English ones, and as in the real set some that are Chinese."""
    ability = {"ability_en": ["writing"], "ability_zh": ["写作"],
               "cate_ability_en": ["language"], "cate_ability_zh": ["语言"]}  # fmt: skip
    rows = [row for row in real_texts.dolly()[:400] if len(row["response"]) < 600][:200]
    talks = [[row["instruction"], row["response"], "Thanks.", "You are welcome."] for row in rows]
    chinese = ["用一句话介绍长城。", "长城是中国古代的军事防御工程，全长两万多公里。"]
    found = []
    for number, talk in enumerate(talks):
        spoken = chinese if number % 8 == 7 else talk if number % 4 == 0 else talk[:2]
        roles = ("human", "gpt")
        turns = [{"from": roles[n % 2], "value": text} for n, text in enumerate(spoken)]
        language = "zh-cn" if spoken is chinese else "en"
        found.append({"id": number, "conversations": turns, "label": ability,
                      "langdetect": language, "source": "code_exercises"})  # fmt: skip
    return found


def dolly(code: str, split: str) -> list[Row]:
    names = ("instruction", "context", "response", "category")
    return [{name: row[name] for name in names} for row in real_texts.dolly()[:200]]


def fineweb2(code: str, split: str) -> list[Row]:
    lines = texts.sentences(code)
    name, script = code.split("_")
    size = 3 if len(lines) > 3 * ROWS else 1
    pages = [" ".join(lines[n : n + size]) for n in range(0, min(len(lines), size * ROWS), size)]
    return [
        {"text": page, "id": f"<urn:uuid:{number}>", "dump": "CC-MAIN-2023-50",
         "url": f"https://example.org/{number}", "date": "2023-12-08T05:11:21Z",
         "file_path": "s3://x", "language": name, "language_score": 0.99,
         "language_script": script, "minhash_cluster_size": 1, "top_langs": "{}"}
        for number, page in enumerate(pages)
    ]  # fmt: skip


def massive(code: str, split: str) -> list[Row]:
    language = str(resolve(code).iso639_1)
    rows = texts.labelled("intent", language, split)
    return [
        {"id": str(n), "label": name, "label_text": name, "text": text, "lang": language}
        for n, (text, name) in enumerate(rows)
    ]


def afrisenti(code: str, split: str) -> list[Row]:
    rows = texts.labelled("sentiment", "sw", split)
    return [{"tweet": " ".join(text.split()), "label": label} for text, label in rows]


@dataclass(frozen=True)
class Content:
    """What makes the rows of a data set, and in which languages."""

    rows: Callable[[str, str], list[Row]]
    languages: Sequence[str] = tuple(texts.LANGUAGES)


CONTENT = {
    "openlanguagedata/flores_plus": Content(flores_plus, FLORES),
    "Davlan/sib200": Content(sib200, TRANSLATED),
    "facebook/belebele": Content(belebele),
    "CohereLabs/Global-MMLU": Content(global_mmlu),
    "CohereLabs/Global-MMLU-Lite": Content(global_mmlu),
    "BAAI/Infinity-Instruct": Content(infinity_instruct, ["eng_Latn"]),
    "databricks/databricks-dolly-15k": Content(dolly, ["eng_Latn"]),
    "HuggingFaceFW/fineweb-2": Content(fineweb2),
    "mteb/amazon_massive_intent": Content(massive, ["swh_Latn", "cym_Latn", "eng_Latn"]),
    "masakhane/afrisenti": Content(afrisenti, ["swh_Latn"]),
}


def write(entry: Repository, folder: Path) -> None:
    """Write a data set: its files, and the card that names configurations and splits."""
    content = CONTENT[entry.repository]
    card = ["---", "configs:"]
    for code in content.languages:
        one = ("7M_core", "default")  # configurations that are no language
        config = entry.labels if entry.labels in one else label(code, entry.labels)
        if config is None:
            continue
        card += [f"- config_name: {config}", "  data_files:"]
        for split in entry.splits.split():
            named = "dev" if split == "validation" and entry.files.endswith(".tsv") else split
            path = entry.files.format(config=config, split=named)
            found = content.rows(code, split)
            assert list(found[0]) == entry.columns.split(), (entry.repository, list(found[0]))
            _write(folder / path, found)
            card += [f"  - split: {split}", f"    path: {path}"]
    (folder / "README.md").write_text("\n".join([*card, "---", f"# {entry.repository}", ""]))


def _write(path: Path, found: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        write_parquet(path, found)
    elif path.suffix == ".tsv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(found[0]), delimiter="\t")
            table.writeheader()
            table.writerows(found)
    else:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found).encode()
        path.write_bytes(gzip.compress(lines, mtime=0) if path.suffix == ".gz" else lines)
