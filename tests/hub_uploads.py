"""A stand-in for the Hub: what huggingface_hub calls to create a repository and commit to it."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import yaml

TOKEN = "hf_a_token_of_the_tests"


@dataclass
class Hub:
    """Repositories by kind and name, each with its files; and what was sent."""

    url: str = ""
    repositories: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)  # by SHA-256
    received: int = 0  # bytes of large files
    tokens: set[str | None] = field(default_factory=set)

    def repository(self, kind: str, name: str) -> dict[str, bytes]:
        """The files of a repository."""
        return self.repositories[kind, name]

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        kind, name = body.get("type", "model"), f"{body['organization']}/{body['name']}"
        self.repositories.setdefault((kind, name), {})
        prefix = "datasets/" if kind == "dataset" else ""
        return {"url": f"{self.url}/{prefix}{name}"}

    def preupload(self, files: dict[str, bytes], body: dict[str, Any]) -> dict[str, Any]:
        """Large files and binary ones go by LFS, as the Hub would have it."""
        answer = []
        for item in body["files"]:
            large = item["path"].endswith((".parquet", ".gguf", ".safetensors"))
            old = files.get(item["path"])
            blob = None if old is None else hashlib.sha1(b"blob %d\0%b" % (len(old), old))
            answer.append(
                {
                    "path": item["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": blob.hexdigest() if blob and not large else None,
                }
            )
        return {"files": answer}

    def batch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Where each large file is to be put; nowhere if it is there."""
        objects = []
        for item in body["objects"]:
            href = f"{self.url}/large/{item['oid']}"
            there = item["oid"] in self.large
            actions = {} if there else {"actions": {"upload": {"href": href}}}
            objects.append({**item, **actions})
        return {"transfer": "basic", "objects": objects}

    def commit(self, kind: str, name: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        files = self.repositories[kind, name]
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.commits.append(name)
        oid = "0" * 40
        return {"commitUrl": f"{self.url}/{name}/commit/{oid}", "commitOid": oid}


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _answer(self, value: object, status: int = 200, error: str | None = None) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            if error:
                self.send_header("X-Error-Code", error)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

        def do_PUT(self) -> None:
            data = self._body()
            hub.large[self.path.removeprefix("/large/")] = data
            hub.received += len(data)
            self._answer({})

        def do_GET(self) -> None:
            path = urlsplit(self.path).path.strip("/").split("/")
            if path[4:5] != ["tree"]:
                return self._answer({"id": "x", "sha": "0" * 40})
            files = hub.repositories.get((path[1].removesuffix("s"), f"{path[2]}/{path[3]}"))
            if files is None:
                return self._answer({"error": "Repository not found"}, 404, "RepoNotFound")
            told = [
                {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                for name, data in files.items()
            ]
            self._answer(told)

        def do_POST(self) -> None:
            body = self._body()
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            hub.tokens.add(token)
            path = self.path.strip("/").split("/")
            if token != TOKEN:
                self._answer({"error": "Invalid credentials in Authorization header"}, 401)
            elif self.path == "/api/repos/create":
                self._answer(hub.create(json.loads(body)))
            elif self.path == "/api/validate-yaml":
                text = json.loads(body)["content"]
                assert yaml.safe_load(text.split("---")[1])["license"]
                self._answer({"errors": [], "warnings": []})
            elif path[-1] == "batch":
                self._answer(hub.batch(json.loads(body)))
            else:
                kind, name = path[1].removesuffix("s"), f"{path[2]}/{path[3]}"
                if path[4] == "preupload":
                    self._answer(hub.preupload(hub.repositories[kind, name], json.loads(body)))
                else:
                    lines = [json.loads(line) for line in body.splitlines()]
                    self._answer(hub.commit(kind, name, lines))

    return Handler


@contextmanager
def serving() -> Iterator[Hub]:
    """A stand-in on a free port of this machine."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
