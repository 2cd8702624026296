"""A real HTTP server that does what the test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class ScriptedServer:
    url: str
    received: list[Received] = field(default_factory=list)


def answer(body: str, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        data = body.encode("utf-8")
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return send


def answer_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return answer(json.dumps(body), status, {"content-type": "application/json", **(headers or {})})


def refusal(status: int, code: str, retryable: bool, **more: Any) -> Answer:
    """An error as the daemon words it."""
    body = {"code": code, "message": f"{code} happened", "requestId": "req_1", "retryable": retryable}
    return answer_json({**body, **more.get("body", {})}, status, more.get("headers"))


def answer_events(*pieces: bytes, then_stay: bool = True) -> Answer:
    """Server-sent events, piece by piece; the stream stays open until the caller has gone, or ends."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream; charset=utf-8")
        handler.send_header("connection", "close")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
        if then_stay:
            handler.rfile.read(1)

    return send


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Takes the whole request and cuts the connection."""
    handler.close_connection = True
    handler.connection.close()


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Answers nothing until the caller has gone."""
    handler.rfile.read(1)


@contextmanager
def scripted_server(*answers: Answer) -> Iterator[ScriptedServer]:
    """Gives the answers in turn, and the last one for good."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("utf-8")
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.received.append(Received(self.command, self.path, headers, body))
            try:
                answers[min(len(script.received), len(answers)) - 1](self)
            except OSError:
                self.close_connection = True

        do_HEAD = do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            return

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = ScriptedServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
