"""Put the rule graph and the figures of the last run into the README.

python docs/readme.py            the graph, and the figures where results/ holds a finished run
python docs/readme.py --check    say whether the graph is stale, and change nothing
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
LANGUAGE = ROOT / "results/swh_Latn"

BENCHMARKS = {
    "flores_from_english": "English → Swahili (chrF++)",
    "flores_into_english": "Swahili → English (chrF++)",
    "sib200": "topic (accuracy)",
    "belebele": "reading (accuracy)",
    "global_mmlu": "knowledge (accuracy)",
    "sums": "sums in words (exact match)",
}
MODELS = {
    "tiny/base": "base",
    "tiny/student": "**student**",
    "tiny/thinking": "**student, thinking**",
    "tiny/F16": "GGUF F16",
    "tiny/Q8_0": "GGUF Q8_0",
    "tiny/Q4_K_M": "GGUF Q4_K_M",
    "teacher": "teacher (phrasebook)",
}


def graph() -> str:
    """The graph of rules as Mermaid, in an order that does not depend on the run."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "mermaid-js", "--forceall"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", done.stdout, re.M))
    edges = sorted(
        f"    {names[source]} --> {names[target]}"
        for source, target in re.findall(r"^\s*(id\d+) --> (id\d+)", done.stdout, re.M)
        # Nearly every stage reads the language card, and the build rests on every page: their edges
        # would hide the others.
        if names[source] not in ("describe_language", "write_build")
        and names[target] not in ("all", "write_build")
    )
    return "```mermaid\nflowchart LR\n" + "\n".join(edges) + "\n```"


def figures() -> str:
    """The table of scores of the run in results/."""
    lines = [
        "| model | " + " | ".join(BENCHMARKS.values()) + " |",
        "|---|" + "---|" * len(BENCHMARKS),
    ]
    for model, name in MODELS.items():
        cells = [cell(LANGUAGE / f"scores/{model}/{benchmark}.json") for benchmark in BENCHMARKS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(path: Path) -> str:
    """A score with its interval; a dash where the model was not asked."""
    if not path.is_file():
        return "–"
    score = json.loads(path.read_text())
    low, high = score["interval"]
    return f"{score['value']:.1f} [{low:.1f}, {high:.1f}]"


def put(text: str, name: str, content: str) -> str:
    """The text with ``content`` between the marks of ``name``."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.escape(marks[0]) + ".*?" + re.escape(marks[1])
    block = f"{marks[0]}\n{content}\n{marks[1]}"
    changed, count = re.subn(pattern, lambda _: block, text, flags=re.S)
    if count != 1:
        raise SystemExit(f"error: README.md: the marks {marks[0]} are missing")
    return changed


def main() -> None:
    """Change the README, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    changed = put(text, "rule graph", graph())
    if options.check:
        if changed != text:
            raise SystemExit("error: README.md: the rule graph is stale: make generated")
        return
    if (ROOT / "results/index.html").is_file():
        changed = put(changed, "scores", figures())
    README.write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    main()
