"""How well does the filter by language tell languages apart? On SIB-200's sentences.

    LIMBECK_TEST_DATA=folder python benchmarks/language_id.py --model py3langid

With the thresholds of the default config. Right text: each language's test sentences, of which the
share that is kept is told. Wrong text: sentences of every other language in the same script, which
the filter by script would let through; the share that is dropped, and the pairs that pass most.
Members of a macrolanguage, which the filter does not tell apart, are named and not counted.
"""

import argparse
import itertools
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import real_texts  # noqa: E402
from limbeck.config import LanguageFilter  # noqa: E402
from limbeck.dataset.filters import language_id  # noqa: E402
from limbeck.languages import languages  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="py3langid", help="py3langid, or a file of fastText")
    parser.add_argument("--wrong", type=int, default=10, help="sentences of each other language")
    options = parser.parse_args()
    default = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    wanted = LanguageFilter(**default["filters"]["language"] | {"model": options.model})
    identifier = language_id.load(wanted)
    assert identifier is not None
    known = {
        language: own
        for language in languages()
        if "sib200" in language.labels
        and (own := language_id.own_labels(identifier, language.card()))
    }
    texts = {language: real_texts.sib(language.code) for language in known}

    def passes(text: str, own: frozenset[str]) -> bool:
        verdict = language_id.judged(text, identifier, own, wanted)
        return verdict is None or verdict[0] >= wanted.share

    kept = {one: sum(passes(text, known[one]) for text in texts[one]) for one in known}
    right = sum(map(len, texts.values()))
    scripts = len({language.script for language in known})
    print(f"{len(known)} languages, {scripts} scripts: kept {sum(kept.values()) / right:.2%}")
    worst = sorted(known, key=lambda one: kept[one] / len(texts[one]))[:5]
    print(", ".join(f"{one.code} {kept[one] / len(texts[one]):.1%}" for one in worst), "are lowest")
    groups = {known[one]: [] for one in known if len(known[one]) > 1}
    for one in known:
        groups.get(known[one], []).append(one.code)
    alike = [" ".join(group) for group in groups.values() if len(group) > 1]
    print("not told apart:", "; ".join(alike))
    passed, asked = [], 0
    for one, other in itertools.permutations(known, 2):
        if one.script == other.script and known[one] != known[other]:
            foreign = texts[other][: options.wrong]
            asked += len(foreign)
            passed.append((sum(passes(text, known[one]) for text in foreign), one, other))
    print(f"wrong text in the same script: dropped {1 - sum(p for p, *_ in passed) / asked:.2%}")
    for count, one, other in sorted(passed, key=lambda pair: -pair[0])[:12]:
        print(f"  {other.code} passes for {one.code}: {count} of {options.wrong}")


if __name__ == "__main__":
    main()
