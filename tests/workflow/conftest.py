"""One finished build of the test config, shared by the tests of the workflow."""

import shutil

import pytest

import kinit_files
from project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was built to the end. Tests leave it as they found it."""
    project = Project(tmp_path_factory.mktemp("finished"))
    result = project.snakemake()
    assert result.code == 0, result.output
    shutil.copytree(project.folder, project.folder.with_name("as_built"), symlinks=True)
    return project


@pytest.fixture(scope="session")
def as_built(finished: Project) -> Project:
    """The same before any test: since, files were put back, and other prompts were paid."""
    project = Project.__new__(Project)
    project.folder = finished.folder.with_name("as_built")
    return project


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that nothing was built in."""
    project = Project(tmp_path_factory.mktemp("untouched"))
    kinit_files.write(project.folder / kinit_files.PLACE)
    return project
