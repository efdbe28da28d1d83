"""How a command ends when its user made a mistake."""

from pathlib import Path

import pytest

from limbeck import stage
from limbeck.errors import UserError


@pytest.mark.parametrize("missing", ["file", "folder"])
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path if missing == "file" else tmp_path / "nowhere"
    with pytest.raises(SystemExit) as caught:
        stage.run(lambda: print(path.read_text()))
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {path}: ")


def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise UserError("config: seed: a number is wanted")

    with pytest.raises(SystemExit) as caught:
        stage.run(main)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: config: seed: a number is wanted\n"


def test_a_full_disk_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        with open("/dev/full", "w") as file:
            file.write("a")

    with pytest.raises(SystemExit) as caught:
        stage.run(main)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: No space left on device\n"


def test_what_is_no_mistake_of_the_user_keeps_its_traceback() -> None:
    def main() -> None:
        raise OSError("the pool is closed")

    with pytest.raises(OSError, match="pool"):
        stage.run(main)
