"""The config: every shipped file loads, and each kind of mistake gets a useful line."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from limbeck.config import Config, Price, TeacherSettings, load, schema
from limbeck.errors import UserError

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "config/presets").glob("*.yaml"))


def default() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def changed(path: str, value: object) -> dict[str, Any]:
    config = default()
    *parents, last = path.split("/")
    section = config
    for name in parents:
        section = section[name]
    section[last] = value
    return config


def test_default_loads() -> None:
    assert load(default()).languages == ["Swahili"]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_presets_load_over_the_default(path: Path) -> None:
    config = default()
    update_config(config, yaml.safe_load(path.read_text()))
    load(config)


def test_kakugo_replaces_the_students() -> None:
    config = default()
    update_config(config, yaml.safe_load((ROOT / "config/presets/kakugo.yaml").read_text()))
    assert list(load(config).students) == ["granite"]


# What the default config and the full preset add to the paper.
BETTER = {
    "lengths": lambda c: set(c.generation.responses.lengths) == {"natural", "short"},
    "ways": lambda c: {"natural", "culture", "harder"} <= set(c.generation.revision.ways),
    "forms": lambda c: all(s.mixture.thinking and s.mixture.direct for s in c.students.values()),
    "pairs": lambda c: all(s.mixture.asks_in_language for s in c.students.values()),
    "english": lambda c: all(s.mixture.english for s in c.students.values()),
}


@pytest.mark.parametrize(("preset", "on"), [(None, True), ("full", True), ("kakugo", False)])
def test_better_data_is_on_and_off(preset: str | None, on: bool) -> None:
    config = default()
    if preset:
        path = ROOT / f"config/presets/{preset}.yaml"
        update_config(config, yaml.safe_load(path.read_text()))
    checked = load(config)
    assert {name: held(checked) for name, held in BETTER.items()} == dict.fromkeys(BETTER, on)
    checks = checked.generation.checks
    assert (checks.judge, checks.round_trip) == ((1.0, 0.2) if preset == "full" else (0.0, 0.0))


def test_default_explains_every_key() -> None:
    """The default config is the manual, so it shows every key of every section."""

    def keys(value: object, prefix: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {prefix}
        return {key for name, item in value.items() for key in keys(item, f"{prefix}/{name}")}

    shown = keys(default())
    optional = {
        "/teacher/generator/url",
        "/teacher/generator/api_key_env",
        "/teacher/generator/key_over_http",
        "/teacher/generator/top_p",
        "/students/tiny/revision",
        "/students/tiny/trust_remote_code",
        "/students/tiny/training/weight_decay",
        "/students/tiny/training/lora/rank",
        "/students/tiny/training/lora/alpha",
        "/students/tiny/training/lora/dropout",
        "/students/tiny/training/lora/targets",
        "/benchmarks/custom/sums/shots",
        "/benchmarks/custom/sums/version",
    }
    whole = load(default()).model_dump()
    missing = {
        key
        for key in keys(whole)
        if key not in shown and not key.startswith(("/teacher/translator", "/teacher/reviser"))
    }
    kinds = "/classification/classifiers/linear"  # its other keys are of other kinds
    missing = {
        key for key in missing if not key.startswith(("/teacher/judge", "/teacher/checker", kinds))
    }
    assert missing == optional


def test_schema_is_fresh() -> None:
    committed = json.loads((ROOT / "config/schema.json").read_text())
    assert committed == schema(), "config/schema.json is stale: make generated"


BAD = [
    ("languages", [False], "languages.0: YAML reads a bare no"),
    ("languages", [], "languages: .*at least 1 item"),
    ("languages", "Swahili", "languages: .*valid list.*not 'Swahili'"),
    ("langauges", ["Swahili"], "langauges: unknown key, did you mean 'languages'"),
    ("seed", "one", "seed: .*valid integer.*not 'one'"),
    ("teacher/generator/temprature", 1, "temprature: unknown key, did you mean 'temperature'"),
    ("teacher/generator/temperature", 3, "temperature: .*less than or equal to 2.*not 3"),
    ("teacher/generator/url", "https://x/v1", "exactly one of 'server' and 'url'"),
    ("teacher/generator/url", "ftp://x/v1", "url: http://HOST/v1 or https://HOST/v1 is wanted"),
    ("teacher/generator/url", "https://me:hunter2@x/v1", "url: a login or a query in it.*api_key"),
    ("teacher/generator/url", "https://x/v1?key=hunter2", "url: a login or a query in it.*api_key"),
    ("teacher/generator/server_args", ["--api-key", "hunter2"], "a key among the arguments"),
    ("teacher/generator/server_args", ["--hf-token=hunter2"], "a key among the arguments"),
    ("teacher/generator/url", "http://x:port/v1", "url: its host or its port is none"),
    ("teacher/generator/server", "ollama", "server: should be 'phrasebook'.*not 'ollama'"),
    ("teacher/generator/batch", {}, "'batch' is for a 'url'"),
    (
        "teacher/generator",
        {"model": "m", "url": "https://x/v1", "batch": {"api": "mistral"}},
        "batch.api: should be 'openai' or 'together'",
    ),
    ("prices", {"m": {"input": 1.0}}, "prices.m.output: this key is missing"),
    ("prices", {"m": {"input": -1, "output": 1}}, "prices.m.input: .*greater than or equal to 0"),
    ("budget", -1, "budget: .*greater than or equal to 0"),
    ("teacher/judge", {"server": "vllm", "url": "http://x/v1"}, "teacher: judge: exactly one of"),
    ("generation/responses/min_reasoning", 2, "min_reasoning: .*less than or equal to 1"),
    ("teacher/reviser", {"server": "apertium"}, "teacher: reviser: the server apertium only trans"),
    ("teacher/generator/api_key_env", "sk-4x", "name of an environment variable"),
    ("teacher/oracle", {}, "teacher.oracle: unknown key, allowed: generator"),
    ("teacher/judge/modle", "x", "teacher.judge.modle: unknown key, did you mean 'model'"),
    ("generation/revision/share", 1.5, "share: .*less than or equal to 1"),
    ("generation/contexts/kinds", ["sing"], "kinds.0: should be 'translate'"),
    ("filters/length_ratio", [1.0], "length_ratio"),
    ("students", {}, "students: .*at least 1 item"),
    ("students", {"tiny": None}, "students: .*at least 1 item"),
    ("students/teacher", {"base": "x"}, "students.teacher: this name is taken"),
    ("students/Big Model", {"base": "x"}, "students.Big Model: .*pattern"),
    ("students/tiny/training/step_token", 3, "did you mean 'step_tokens'"),
    ("students/tiny/architecture/width", 300, "multiple of 256"),
    ("students/tiny/base", None, "students.tiny.base: .*valid string"),
    ("gguf/quantizations", ["Q9"], "quantizations.0: should be 'Q8_0'.*not 'Q9'"),
    ("benchmarks/run", "sib200", r"not 'sib200': write \[sib200\]"),
    ("students/tiny/training/learning_rate", "1e-5", "a point in it, as in 1.0e-5"),
    ("benchmarks/run", ["mmlu"], "run: unknown benchmark 'mmlu'; allowed: flores_from_english"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[path for path, _, _ in BAD])
def test_mistakes_get_one_useful_line(path: str, value: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(changed(path, value))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_key_pasted_for_its_name_is_not_shown() -> None:
    with pytest.raises(UserError) as caught:
        load(changed("teacher/generator/api_key_env", "sk-verysecret"))
    assert "verysecret" not in str(caught.value)


KEYED = {"model": "m", "url": "https://paid.example/v1", "api_key_env": "PAID_KEY"}


@pytest.mark.parametrize(
    ("role", "kept"),
    [
        ({"temperature": 0.0}, True),
        ({"url": "https://other.example/v1"}, False),
        ({"server": "vllm", "url": None}, False),
    ],
)
def test_a_role_elsewhere_leaves_the_key_of_the_generator(role: Any, kept: bool) -> None:
    data = changed("teacher/generator", KEYED)
    data["teacher"]["translator"] = role
    assert load(data).connection("translator").api_key_env == ("PAID_KEY" if kept else None)


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("http://gpu-box:8000/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://192.168.0.7/v1", False),
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://gpu-box:8000/v1", True),
    ],
)
def test_a_key_goes_over_plain_http_only_by_name(url: str, goes: bool) -> None:
    keyed = {**KEYED, "url": url}
    if goes:
        load(changed("teacher/generator", keyed))
        return
    with pytest.raises(UserError, match=r"over plain http to another machine: .*key_over_http"):
        load(changed("teacher/generator", keyed))
    load(changed("teacher/generator", {**keyed, "key_over_http": True}))
    load(changed("teacher/generator", {**keyed, "api_key_env": None}))


def test_a_missing_key_is_named() -> None:
    config = default()
    del config["benchmarks"]["shots"]
    with pytest.raises(UserError, match=r"benchmarks\.shots: this key is missing"):
        load(config)


def test_roles_fall_back_to_the_generator() -> None:
    config = changed("teacher/translator", {"url": "https://x/v1", "model": "m", "timeout": 5})
    teachers = load(config).teacher
    translator = teachers.role("translator")
    assert (translator.model, translator.server, translator.url) == ("m", None, "https://x/v1")
    assert translator.temperature == teachers.generator.temperature
    assert teachers.role("reviser") == teachers.generator
    assert teachers.role("judge").temperature == 0.0


def test_speed_is_no_part_of_what_decides_a_reply() -> None:
    slow = load(default()).teacher.generator
    fast = slow.model_copy(update={"concurrency": 999, "timeout": 1.0, "retries": 1})
    assert fast.settings("r") == slow.settings("r")
    assert fast.connection() != slow.connection()


def test_the_config_is_not_changed_by_loading() -> None:
    config = default()
    before = copy.deepcopy(config)
    load(config)
    assert config == before
    assert isinstance(load(config), Config)


def test_a_budget_needs_the_price_of_every_teacher() -> None:
    config = changed("teacher/judge", {"url": "https://x/v1", "model": "m"})
    config["budget"] = 5.0
    with pytest.raises(UserError, match=r"the price of 'm' .teacher.judge. is not known"):
        load(config)
    config["prices"] = {"m": {"input": 0.15, "output": 0.6}}
    connection = load(config).connection("judge")
    assert (connection.price, connection.budget) == (Price(input=0.15, output=0.6), 5.0)
    # What is started here is free.
    assert load(config).connection("generator").price == Price(input=0.0, output=0.0)


def test_prices_budget_and_batches_decide_no_reply() -> None:
    generator = {"model": "m", "url": "https://x/v1"}
    plain = changed("teacher/generator", generator)
    paid = changed("teacher/generator", {**generator, "batch": {"api": "together"}})
    paid |= {"prices": {"m": {"input": 0.15, "output": 0.6}}, "budget": 5.0}
    plain_teacher, paid_teacher = (load(data).teacher.generator for data in (plain, paid))
    assert plain_teacher.settings(None) == paid_teacher.settings(None)
    assert load(plain).connection("generator") != load(paid).connection("generator")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("/home/asha/models/x.gguf", "a local folder"),
        ("~/models/qwen/", "a local folder"),
        ("owner/repo/x.gguf", "owner/repo/x.gguf"),
        ("phrasebook", "phrasebook"),
    ],
)
def test_results_tell_of_nobodys_folders(model: str, name: str) -> None:
    settings = TeacherSettings(
        model=model, temperature=1.0, top_p=None, max_tokens=9, extra_body={}
    )
    assert settings.name == name
