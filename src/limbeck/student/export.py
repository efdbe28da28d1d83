"""Convert a checkpoint to GGUF with llama.cpp's own converter.

    python -m limbeck.student.export --checkpoint checkpoint/ --converter resources/llama.cpp \\
        --metadata '{"name": "...", ...}' --output F16.gguf
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from limbeck import stage
from limbeck.config import Section, public
from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.student import weights
from limbeck.student.converter import SCRIPT


class Metadata(Section):
    """What a GGUF file says of itself."""

    name: str
    languages: list[str]
    base: str
    license: str | None
    dataset: str


def override(metadata: Metadata) -> dict[str, object]:
    """The metadata under the converter's names (gguf-py/gguf/metadata.py)."""
    name = public(metadata.base)
    base: dict[str, str] = {"name": name}
    if "/" in name and not name.endswith(".gguf"):
        base["organization"] = name.partition("/")[0]
        base["repo_url"] = f"https://huggingface.co/{name}"
    return {
        "general.name": metadata.name,
        "general.languages": metadata.languages,
        "general.base_models": [base],
        "general.datasets": [{"name": metadata.dataset}],
    }


def convert(
    checkpoint: Path,
    converter: Path,
    output: Path,
    outtype: Literal["f16", "f32"],
    metadata: Metadata | None = None,
) -> None:
    """Convert ``checkpoint`` to the file ``output``.

    Raises:
        UserError: the converter refused, in its own last words (an unknown tokenizer, for one).
    """
    weights.check(checkpoint)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside its target: a system's folder for temporary files may be small.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as name:
        folder = Path(name).resolve()
        command = [sys.executable, *prepare(checkpoint, converter, folder, outtype, metadata)]
        environment = os.environ | {"HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, cwd=folder
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            reason = lines[-1].strip() if lines else f"it ended with {done.returncode}"
            raise UserError(f"{checkpoint}: llama.cpp's converter refuses it ({reason})")
        (folder / "model.gguf").chmod(0o644)
        (folder / "model.gguf").replace(output)


def prepare(
    checkpoint: Path,
    converter: Path,
    folder: Path,
    outtype: Literal["f16", "f32"],
    metadata: Metadata | None = None,
) -> list[str]:
    """Lay out what the converter reads in ``folder``; its script and arguments.

    They write `model.gguf` into the folder.
    """
    script = converter / SCRIPT
    if not script.is_file():
        raise UserError(f"{converter}: no {SCRIPT} here; limbeck.student.converter fetches it")
    _link(checkpoint, folder / "checkpoint", metadata)
    arguments = ["--outtype", outtype, "--outfile", str(folder / "model.gguf")]
    if metadata:
        write_json(folder / "metadata.json", override(metadata))
        arguments += ["--metadata", str(folder / "metadata.json")]
    return [str(script.resolve()), str(folder / "checkpoint"), *arguments]


def _link(checkpoint: Path, folder: Path, metadata: Metadata | None) -> None:
    """Links to the checkpoint's files, beside the card and the config that the converter reads."""
    folder.mkdir()
    for path in checkpoint.resolve().iterdir():
        if path.name not in ("README.md", "config.json"):
            (folder / path.name).symlink_to(path.resolve())
    write_json(folder / "config.json", told(read_json(checkpoint / "config.json")))
    if metadata and metadata.license:  # it reads the licence from a card alone
        card = f"---\nlicense: {metadata.license}\n---\n"
        (folder / "README.md").write_text(card, encoding="utf-8")


def told(config: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint's config in the converter's words.

    transformers writes Granite 4's layers as "full_attention"; the converter knows "attention", and
    takes all others for Mamba's, of which llama.cpp then finds no weights.
    """
    if config.get("model_type") != "granitemoehybrid":
        return config
    names = {"full_attention": "attention"}
    return config | {"layer_types": [names.get(kind, kind) for kind in config["layer_types"]]}


def main() -> None:
    """Convert a checkpoint to an F16 file."""
    parser = stage.parser(__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--converter", type=Path, required=True, help="the converter's folder")
    parser.add_argument("--metadata", type=stage.json_option(Metadata), required=True)
    parser.add_argument("--output", type=Path, required=True, help="the GGUF file")
    options = parser.parse_args()
    convert(options.checkpoint, options.converter, options.output, "f16", options.metadata)
    print(f"{options.output.name}: {options.output.stat().st_size / 1e6:,.1f} MB")


if __name__ == "__main__":
    stage.run(main)
