"""Make or fetch the base that a student starts from.

    python -m limbeck.student.base --train train.parquet \\
        --settings '{"base": "builtin:tiny", ...}' --output base/

The base is `builtin:tiny`, a folder, a GGUF file, or a model of the Hugging Face hub; the output is
always a plain folder with config, safetensors, tokenizer and chat template. Weights are linked,
small files copied; what is in a GGUF file is converted. Rows are read for the built-in base alone.
"""

import re
import shutil
from pathlib import Path

from limbeck import stage
from limbeck.config import TINY, Architecture, Section
from limbeck.errors import UserError
from limbeck.files import read_json, read_parquet
from limbeck.student import weights
from limbeck.student.encoding import render

# Never pickled weights: reading those runs code.
FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "LICENSE*"]


class Settings(Section):
    """What decides the base."""

    base: str
    revision: str | None
    trust_remote_code: bool
    architecture: Architecture
    seed: int


def fetch(name: str, revision: str | None, trust_remote_code: bool, whole: bool = True) -> Path:
    """The folder of a base that exists: ``name`` itself, or a snapshot of the hub's model.

    If it is not ``whole`` its weights are left out: it is of use to look at alone.

    Raises:
        UserError: neither a folder nor a model that can be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name):
        raise UserError(
            f"base: {name!r} is no folder; allowed: {TINY!r}, a folder, a GGUF file, "
            "a hub name owner/model"
        )
    import huggingface_hub
    import huggingface_hub.errors

    patterns = [*FILES, "*.py"] if trust_remote_code else FILES
    patterns = patterns if whole else [name for name in patterns if "safetensors" not in name]
    try:
        path = huggingface_hub.snapshot_download(
            name,
            revision=revision,
            allow_patterns=patterns,
            ignore_patterns=[f"{weights.AGAIN}*"],
        )
    except huggingface_hub.errors.GatedRepoError:
        raise UserError(
            f"base: {name!r} is gated; accept its licence on the hub and log in (hf auth login)"
        ) from None
    except huggingface_hub.errors.RevisionNotFoundError:
        raise UserError(f"base: {name!r} has no revision {revision!r} on the hub") from None
    except huggingface_hub.errors.RepositoryNotFoundError:
        raise UserError(f"base: {name!r} is neither a folder nor a model of the hub") from None
    except Exception as error:  # the hub's client raises those of its HTTP library, too
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"base: {name!r} is no folder, and the hub cannot be reached ({reason})"
        ) from None
    print(f"base: {name} at revision {Path(path).name}")
    return Path(path)


def link(source: Path, output: Path, trust_remote_code: bool) -> None:
    """Fill ``output`` with the files of a checkpoint: weights linked, others copied."""
    output.mkdir(parents=True, exist_ok=True)
    patterns = [*FILES, "*.py"] if trust_remote_code else FILES
    for path in weights.files(source):
        (output / path.name).symlink_to(path.resolve())
    for path in sorted({path for pattern in patterns for path in source.glob(pattern)}):
        if path.is_file() and path.suffix != ".safetensors":
            shutil.copyfile(path, output / path.name)


def check(folder: Path, name: str, trust_remote_code: bool) -> None:
    """Raise a `UserError` if the base lacks what training needs; nothing is guessed."""
    check_small_files(folder, name, trust_remote_code)
    if not weights.files(folder):
        raise UserError(f"base: {name!r} has no safetensors weights; other forms are not read")


def check_small_files(folder: Path, name: str, trust_remote_code: bool) -> None:
    """The same of what can be seen without its weights: its config and its tokenizer."""
    path = folder / "config.json"
    if not path.is_file():
        raise UserError(f"base: {name!r} has no config.json")
    # It would be trained, and then its weights could not be saved as they were.
    if quantized := read_json(path).get("quantization_config"):
        raise UserError(
            f"base: the weights of {name!r} are quantized ({quantized.get('quant_method')}); take "
            "the repository that they were made from"
        )
    _check_tokenizer(folder, name, trust_remote_code)


def _check_tokenizer(folder: Path, name: str, trust_remote_code: bool) -> None:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except Exception as error:  # remote code and broken files raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"base: the tokenizer of {name!r} cannot be read ({reason})") from None
    if not tokenizer.is_fast:
        raise UserError(f"base: the tokenizer of {name!r} has no fast form (tokenizer.json)")
    if not tokenizer.chat_template:
        raise UserError(
            f"base: {name!r} has no chat template; take its instruction-tuned relative, or add "
            "a chat_template.jinja to a local copy"
        )
    if tokenizer.eos_token_id is None:
        raise UserError(f"base: the tokenizer of {name!r} names no end-of-sequence token")
    roles = ("system", "user", "assistant")  # traces and short answers are asked for by the system
    try:
        render(tokenizer, [{"role": role, "content": role} for role in roles])
    except Exception as error:  # a template is somebody else's program
        raise UserError(
            f"base: the chat template of {name!r} refuses a system prompt ({error}); add one that "
            "writes it into the user's turn, as chat_template.jinja, to a local copy"
        ) from None


def main() -> None:
    """Make or fetch the base."""
    parser = stage.parser(__doc__)
    parser.add_argument(
        "--train", type=Path, nargs="*", default=[], help="rows of the tokenizer (Parquet)"
    )
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--output", type=Path, required=True, help="the base's folder")
    options = parser.parse_args()
    settings: Settings = options.settings
    if settings.base.startswith("builtin:"):
        if settings.base != TINY:
            raise UserError(f"base: {settings.base!r}; the only built-in base is {TINY!r}")
        from limbeck.student import tiny

        rows = [row for path in options.train for row in read_parquet(path)]
        if not rows:
            where = ", ".join(map(str, options.train)) or "--train"
            raise UserError(f"{where}: no rows to train a tokenizer on")
        tiny.create(rows, settings.architecture, settings.seed, options.output)
    elif settings.base.endswith(".gguf"):
        from limbeck.student import from_gguf

        from_gguf.convert(Path(settings.base).expanduser(), options.output)
    else:
        source = fetch(settings.base, settings.revision, settings.trust_remote_code)
        link(source, options.output, settings.trust_remote_code)
    check(options.output, settings.base, settings.trust_remote_code)


if __name__ == "__main__":
    stage.run(main)
