"""A small stand-in for the hub: it serves folders as data sets and models, on 127.0.0.1.

It speaks as much of the hub's protocol as `datasets` and `huggingface_hub` use to read: repository
information, trees, files with ranges, and the refusals of gated repositories.
"""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

MEMBER, STRANGER = "hf_of_one_who_agreed", "hf_of_one_who_did_not"  # tokens


class Hub:
    """Data sets and models by name and commit. `asked` has the paths of all requests.

    Args:
        repositories: "owner/name" -> commit -> folder; the last commit is what "main" means.
        gated: of the repositories that ask for an agreement how it is given ("auto", "manual").
    """

    def __init__(
        self, repositories: dict[str, dict[str, Path]], gated: dict[str, str] | None = None
    ) -> None:
        self.repositories = repositories
        self.gated = gated or {}
        self.asked: list[str] = []
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        repo = "{owner}/{name}"
        for kind in ("datasets", "models"):
            app.router.add_get(f"/api/{kind}/{repo}", self._info)
            app.router.add_get(f"/api/{kind}/{repo}/auth-check", self._check)
            app.router.add_get(f"/api/{kind}/{repo}/revision/{{revision}}", self._info)
            app.router.add_get(f"/api/{kind}/{repo}/tree/{{revision}}{{path:.*}}", self._tree)
        app.router.add_route("*", f"/datasets/{repo}/resolve/{{revision}}/{{path:.+}}", self._file)
        app.router.add_route("*", f"/{repo}/resolve/{{revision}}/{{path:.+}}", self._file)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        return app

    def _found(self, request: web.Request) -> tuple[str, Path]:
        self.asked.append(request.path)
        owner, name = request.match_info["owner"], request.match_info["name"]
        commits = self.repositories.get(f"{owner}/{name}")
        if commits is None:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RepoNotFound"})
        revision = request.match_info.get("revision", "main")
        commit = list(commits)[-1] if revision == "main" else revision
        if commit not in commits:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RevisionNotFound"})
        return commit, commits[commit]

    def _refused(self, request: web.Request) -> web.Response | None:
        """The refusal of a gated repository, as the hub words it; what it is is told to anybody."""
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name not in self.gated or token == MEMBER:
            return None
        kind = "dataset" if "/datasets/" in request.path else "model"
        words = f"Access to {kind} {name} is restricted"
        message = (
            f"{words} and you are not in the authorized list. Visit "
            f"https://huggingface.co/{'datasets/' if kind == 'dataset' else ''}{name} to ask for "
            "access."
            if token == STRANGER
            else f"{words}. You must have access to it and be authenticated to access it. "
            "Please log in."
        )
        headers = {"X-Error-Code": "GatedRepo", "X-Error-Message": message}
        status = 403 if token == STRANGER else 401
        return web.json_response({"error": message}, status=status, headers=headers)

    async def _check(self, request: web.Request) -> web.Response:
        self._found(request)
        return self._refused(request) or web.json_response({})

    async def _info(self, request: web.Request) -> web.Response:
        commit, folder = self._found(request)
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        return web.json_response(
            {"id": name, "sha": commit, "private": False, "gated": self.gated.get(name, False),
             "siblings": [{"rfilename": path} for path in _files(folder)]}
        )  # fmt: skip

    async def _tree(self, request: web.Request) -> web.Response:
        _, folder = self._found(request)
        below = request.match_info["path"].strip("/")
        every = [_entry(folder, path) for path in _files(folder)]
        parents = {str(parent) for path in _files(folder) for parent in Path(path).parents}
        every += [{"type": "directory", "path": path, "oid": "0" * 40} for path in parents - {"."}]
        inside = [entry for entry in every if not below or entry["path"].startswith(f"{below}/")]
        if request.query.get("recursive", "false").lower() != "true":
            depth = len(Path(below).parts) + 1
            inside = [entry for entry in inside if len(Path(entry["path"]).parts) == depth]
        if below and not inside:
            raise web.HTTPNotFound(headers={"X-Error-Code": "EntryNotFound"})
        return web.json_response(inside)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        commit, folder = self._found(request)
        path = request.match_info["path"]
        if refusal := self._refused(request):
            return refusal
        if path not in _files(folder):
            raise web.HTTPNotFound(headers={"X-Error-Code": "EntryNotFound"})
        response = web.FileResponse(folder / path)  # which knows ranges
        response.headers["X-Repo-Commit"] = commit
        response.headers["ETag"] = f'"{_entry(folder, path)["oid"]}"'
        return response

    async def _nothing(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        raise web.HTTPNotFound


def _files(folder: Path) -> list[str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in found]


def _entry(folder: Path, path: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    oid = hashlib.sha1(content).hexdigest()
    return {"type": "file", "path": path, "size": len(content), "oid": oid}


@contextmanager
def serving(
    repositories: dict[str, dict[str, Path]], gated: dict[str, str] | None = None
) -> Iterator[Hub]:
    """A hub that serves until the block ends."""
    hub = Hub(repositories, gated)
    loop = asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(hub.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
