"""Ways to ask a model: a checkpoint in transformers, a GGUF file in llama.cpp, an endpoint.

All of them are given the same messages and answer greedily, so that the forms of one model can be
compared.
"""

from pathlib import Path

from limbeck import device
from limbeck.config import Connection, TeacherSettings
from limbeck.errors import UserError
from limbeck.models import hub
from limbeck.models.protocol import Model

TEACHER = "teacher"  # the name of the model that is asked over HTTP


def open_model(
    name: str,
    batch: int,
    threads: int,
    teacher: TeacherSettings | None = None,
    connection: Connection | None = None,
    journal: Path | None = None,
    trust_remote_code: bool = False,
) -> Model:
    """The model in a checkpoint's folder or a GGUF file, of the hub, or an endpoint ("teacher").

    A model of the hub is ``owner/model``, a GGUF file there ``owner/repo/file.gguf``, each with
    ``@commit`` after it where a commit is meant. Only the libraries that this kind of model needs
    are imported. Code that lies in a folder runs only with ``trust_remote_code``.

    Raises:
        UserError: there is no such model, or an endpoint is not described in full.
    """
    if name == TEACHER:
        if teacher is None or connection is None or journal is None:
            raise UserError(
                "the model 'teacher' is asked over HTTP: --settings with 'teacher', "
                "--connection and --journal are wanted"
            )
        from limbeck.models.endpoint_model import EndpointModel

        return EndpointModel(teacher, connection, journal)
    device.claim()
    path = Path(name).expanduser()
    if not path.exists() and hub.NAME.fullmatch(name):
        path = hub.fetch(name)
    if path.is_dir():
        from limbeck.models.transformers_model import TransformersModel

        return TransformersModel(path, batch, threads, trust_remote_code)
    if path.is_file() and path.suffix == ".gguf":
        from limbeck.models.gguf_model import GgufModel

        return GgufModel(path, batch, threads)
    raise UserError(
        f"{name}: a checkpoint's folder, a .gguf file, a name of the hub (owner/model) or "
        f"{TEACHER!r} is wanted"
    )
