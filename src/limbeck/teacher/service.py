"""Serve a local teacher until it is ended, for the stages on all machines that see its folder.

For a cluster, where a server that a stage starts on its node ends with the job of that stage. Its
address and the key that it wants lie in ``work/servers``, which its owner alone can read.
"""

import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import write_json
from limbeck.teacher import launch, watch
from limbeck.teacher.server import Server, answers, free_port


def serve(teacher: config.TeacherSettings, connection: config.Connection, work: Path) -> None:
    """Start the server of a teacher, say where it is once it is ready, and stay until it ends.

    Raises:
        UserError: there is none to start, one is served already, or it ended by itself.
    """
    if connection.server is None:
        raise UserError(
            f"teacher: {teacher.model} is at {connection.url} already: nothing to serve"
        )
    with Server(teacher, connection, work) as server:
        state = server.served
    if there := server.elsewhere():
        raise UserError(f"teacher: {teacher.model} is served already, at {there}")
    host, port = socket.gethostname(), free_port()
    command = launch.command(teacher, connection, port, host="0.0.0.0")
    root = f"http://{host}:{port}"
    known = {"url": f"{root}/v1", "health": root + launch.HEALTH[connection.server]}
    known["key"] = secrets.token_hex(16)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    process = watch.start(command, launch.environment(connection.server, known["key"]))
    try:
        deadline = time.monotonic() + connection.start_timeout
        while process.poll() is None and not answers(known["health"], patience=1.0):
            if time.monotonic() > deadline:
                raise UserError(f"teacher: not ready within {connection.start_timeout:g} s")
            time.sleep(0.2)
        if process.poll() is None:
            write_json(state, known | {"pid": os.getpid(), "host": host})
            print(f"{teacher.model} is served at {root}/v1, as {state} says", flush=True)
        raise UserError(f"teacher: {connection.server} ended with code {process.wait()}")
    finally:
        state.unlink(missing_ok=True)
        watch.end(process)
