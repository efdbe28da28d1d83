"""Fetch llama.cpp's own converter, of the version that runs the models.

    python -m limbeck.student.converter --version 0.3.36 --sha256 832d...
        --output resources/llama.cpp

The source distribution of llama-cpp-python holds the llama.cpp that it was built from; only the
converter and its library are unpacked. Nothing is built. A file of another digest than those of the
lock is not opened.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from limbeck import stage
from limbeck.errors import UserError

PACKAGE = "llama-cpp-python"
SCRIPT = "convert_hf_to_gguf.py"
INSIDE = ("vendor", "llama.cpp")
WANTED = {SCRIPT, "conversion", "gguf-py", "LICENSE"}


def download(version: str, folder: Path, sha256: Sequence[str] = ()) -> Path:
    """The source distribution, downloaded with pip into ``folder``.

    Raises:
        UserError: pip could not fetch it, in pip's own last words, or it is another file.
    """
    wanted = folder / "requirements.txt"
    digests = " ".join(f"--hash=sha256:{digest}" for digest in sha256)
    wanted.write_text(f"{PACKAGE}=={version} {digests}\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-binary", PACKAGE, "--dest", str(folder), "--requirement", str(wanted),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = next(folder.glob("llama_cpp_python-*.tar.gz"), None)
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise UserError(f"{PACKAGE} {version}: its source distribution is not that of the lock")
    if done.returncode or found is None:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = errors[-1] if errors else f"pip ended with {done.returncode}"
        raise UserError(
            f"{PACKAGE} {version}: its source distribution, which holds llama.cpp's converter, "
            f"cannot be downloaded ({reason})"
        )
    return found


def unpack(archive: Path, output: Path) -> int:
    """Unpack the converter into the folder ``output``; the number of files.

    Members are plain files under `vendor/llama.cpp` by name; links and odd paths are left out.
    """
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            inner = path.parts[3:]
            if path.parts[1:3] != INSIDE or not inner or inner[0] not in WANTED:
                continue
            if not member.isfile() or ".." in path.parts or path.is_absolute():
                continue
            target = output.joinpath(*inner)
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None
            target.write_bytes(source.read())
            count += 1
    if not (output / SCRIPT).is_file():
        raise UserError(f"{archive.name}: there is no {'/'.join(INSIDE)}/{SCRIPT} in it")
    return count


def fetch(version: str, output: Path, sha256: Sequence[str] = ()) -> int:
    """Download and unpack the converter; the number of files."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".llama.cpp.") as name:
        folder = Path(name)
        count = unpack(download(version, folder, sha256), folder / "converter")
        shutil.rmtree(output, ignore_errors=True)
        (folder / "converter").rename(output)
    return count


def main() -> None:
    """Fetch the converter."""
    parser = stage.parser(__doc__)
    parser.add_argument("--version", help="of llama-cpp-python; default: the installed one")
    parser.add_argument("--sha256", nargs="*", default=[], help="that its archive may have")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    version = options.version
    if not version:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as installed

        try:
            version = installed(PACKAGE)
        except PackageNotFoundError:
            raise UserError(f"{PACKAGE} is not installed; name a --version") from None
    count = fetch(version, options.output, options.sha256)
    print(f"llama.cpp's converter of {PACKAGE} {version}: {count} files")


if __name__ == "__main__":
    stage.run(main)
