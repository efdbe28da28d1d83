"""Fetch llama.cpp's own converter, of the version that runs the models.

    python -m limbeck.student.converter --version 0.3.36 --output resources/llama.cpp

The source distribution of llama-cpp-python holds the llama.cpp that it was built from; only the
converter and its library are unpacked. Nothing is built.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from limbeck import stage
from limbeck.errors import UserError

PACKAGE = "llama-cpp-python"
SCRIPT = "convert_hf_to_gguf.py"
INSIDE = ("vendor", "llama.cpp")
WANTED = {SCRIPT, "conversion", "gguf-py", "LICENSE"}


def download(version: str, folder: Path) -> Path:
    """The source distribution, downloaded with pip into ``folder``.

    Raises:
        UserError: pip could not fetch it, in pip's own last words.
    """
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-binary", PACKAGE, "--dest", str(folder), f"{PACKAGE}=={version}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = next(folder.glob("llama_cpp_python-*.tar.gz"), None)
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


def fetch(version: str, output: Path) -> int:
    """Download and unpack the converter; the number of files."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".llama.cpp.") as name:
        folder = Path(name)
        count = unpack(download(version, folder), folder / "converter")
        shutil.rmtree(output, ignore_errors=True)
        (folder / "converter").rename(output)
    return count


def main() -> None:
    """Fetch the converter."""
    parser = stage.parser(__doc__)
    parser.add_argument("--version", help="of llama-cpp-python; default: the installed one")
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
    count = fetch(version, options.output)
    print(f"llama.cpp's converter of {PACKAGE} {version}: {count} files")


if __name__ == "__main__":
    stage.run(main)
