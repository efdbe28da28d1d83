"""An S3 on this machine, for as long as a test: moto's server."""

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NEEDED = {"moto": "moto[server]", "snakemake_storage_plugin_s3": "snakemake-storage-plugin-s3"}


def missing() -> str | None:
    """Why there can be none here; None where there can."""
    absent = [name for module, name in _NEEDED.items() if importlib.util.find_spec(module) is None]
    return f"no {', '.join(absent)}: pip install them" if absent else None


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Start it, empty; the environment in which Snakemake's plugin finds it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = "import sys; from moto.server import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--host", "127.0.0.1", "--port", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, "moto ended before it answered"
            assert time.monotonic() < deadline, "moto did not start"
            time.sleep(0.1)
        yield {
            "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bucket(environment: dict[str, str], name: str) -> Any:
    """A bucket of boto3, to see what lies there."""
    import boto3

    endpoint = environment["SNAKEMAKE_STORAGE_S3_ENDPOINT_URL"]
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    resource = boto3.resource("s3", region_name="us-east-1", endpoint_url=endpoint, **keys)
    return resource.Bucket(name)
