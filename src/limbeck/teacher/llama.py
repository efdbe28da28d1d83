"""Serve a GGUF file over the OpenAI chat protocol: llama.cpp's own server, of the wheel xllamacpp.

    python -m limbeck.teacher.llama --model file.gguf --alias NAME --host 127.0.0.1 --port 1234

The options have the names that llama-server has. A model of the hub is --hf-repo and --hf-file.
"""

import os
import signal
from argparse import Namespace

from limbeck import stage
from limbeck.errors import UserError
from limbeck.serving.request import KEY


def main() -> None:
    """Read the options and serve until terminated."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--model", help="the file")
    add("--hf-repo", help="owner/repo of the hub, instead of a file here")
    add("--hf-file", help="the file in it")
    add("--alias", required=True, help="the model's name in requests")
    add("--host", default="127.0.0.1", help="address to listen at")
    add("--port", type=int, required=True, help="port to listen at")
    add("--parallel", type=int, default=4, help="requests that are answered at once")
    add("--ctx-size", type=int, default=16384, help="tokens of all of them together")
    add("--threads", type=int, default=-1, help="of the processor; all by default")
    add("--n-gpu-layers", type=int, default=-1, help="layers on the GPU; all by default")
    serve(parser.parse_args())


def serve(options: Namespace) -> None:
    """Serve until terminated.

    Raises:
        UserError: the model cannot be loaded, or the port is taken.
    """
    stage.sleep_sooner()
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = _file(options)
    settings.model_alias = {options.alias}
    settings.hostnames, settings.port = [options.host], options.port
    settings.n_parallel, settings.n_ctx = options.parallel, options.ctx_size
    # One store of the context for all, so that a long request may take what short ones leave.
    settings.kv_unified = True
    settings.n_gpu_layers = options.n_gpu_layers
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = options.threads
    settings.ui = False
    settings.api_keys = [key] if (key := os.environ.get(KEY)) else []
    try:
        server = xllamacpp.Server(settings)
    except Exception as error:  # the library has no kind of its own
        raise UserError(f"{options.alias}: {error or 'llama.cpp cannot load it'}") from None
    print(f"listening on {server.listening_address}/v1", flush=True)
    signal.pause()


def _file(options: Namespace) -> str:
    if options.model:
        return str(options.model)
    from huggingface_hub import hf_hub_download

    try:
        return str(hf_hub_download(options.hf_repo, options.hf_file))
    except Exception as error:  # the hub's client raises many kinds, none of them ours
        line = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(
            f"{options.hf_repo}/{options.hf_file}: cannot be fetched ({line})"
        ) from None


if __name__ == "__main__":
    stage.run(main)
