"""Make a smaller GGUF.

python -m limbeck.student.quantize --input F16.gguf --type Q8_0 --threads 8 --output Q8_0.gguf
"""

import logging
import os
import shutil
from pathlib import Path
from typing import get_args

from limbeck import stage
from limbeck.config import Quantization
from limbeck.errors import UserError
from limbeck.files import atomic
from limbeck.student.llama import apart

TYPES: tuple[str, ...] = get_args(Quantization)


def quantize(source: Path, output: Path, kind: str, threads: int = 1) -> None:
    """Quantize the GGUF ``source`` to ``output`` with llama.cpp, in a process of its own.

    Raises:
        UserError: no such file, or llama.cpp failed (its log says why).
    """
    if not source.is_file():
        raise UserError(f"{source}: there is no such file")
    with atomic(output) as temporary:
        if apart(source, _quantize, source, temporary, kind, threads):
            free = shutil.disk_usage(output.parent).free / 1e9
            raise UserError(
                f"{source}: llama.cpp could not make {kind} of it (see above; for {output} "
                f"{free:,.1f} GB are free)"
            )


def _quantize(source: Path, output: Path, kind: str, threads: int) -> int:
    import llama_cpp

    logging.getLogger("llama-cpp-python").setLevel(logging.WARNING)  # not a line for each tensor
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = threads
    parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    failed: int = llama_cpp.llama_model_quantize(
        os.fsencode(source), os.fsencode(output), parameters
    )
    return failed


def main() -> None:
    """Quantize a GGUF."""
    parser = stage.parser(__doc__)
    parser.add_argument("--input", type=Path, required=True, help="the F16 file")
    parser.add_argument("--type", choices=TYPES, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    quantize(options.input, options.output, options.type, options.threads)
    before, after = (path.stat().st_size / 1e6 for path in (options.input, options.output))
    print(f"{options.output.name}: {before:,.1f} MB -> {after:,.1f} MB")


if __name__ == "__main__":
    stage.run(main)
