"""`puff._runtime.services` for native Python: calls go through pipes to `../native-python.ts`.

Only `call` and `ServiceError` are there, which is what the psycopg2 shim uses.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import struct
import threading
from typing import Any

_numbers = itertools.count(1)
_answers: dict[int, queue.SimpleQueue] = {}
_write_lock = threading.Lock()
_reader = os.fdopen(3, "rb")
_writer = os.fdopen(4, "wb")


class ServiceError(Exception):
    """What the host threw."""

    def __init__(self, code: str | None, message: str, data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def call(service: str, method: str, *args: Any, buffers: Any = ()) -> tuple[Any, list[bytes]]:
    """Calls the host and waits."""
    number = next(_numbers)
    _answers[number] = answer = queue.SimpleQueue()
    buffers = [bytes(one) for one in buffers]
    head = {
        "number": number,
        "service": service,
        "method": method,
        "args": args,
        "sizes": [len(one) for one in buffers],
    }
    text = json.dumps(head).encode()
    with _write_lock:
        _writer.write(struct.pack("!I", len(text)) + text + b"".join(buffers))
        _writer.flush()
    head, buffers = answer.get()
    del _answers[number]
    if "error" in head:
        error = head["error"]
        raise ServiceError(error.get("code"), error["message"], error.get("data"))
    return head["value"], buffers


def _read() -> None:
    while header := _reader.read(4):
        head = json.loads(_reader.read(*struct.unpack("!I", header)))
        buffers = [_reader.read(size) for size in head["sizes"]]
        if head["number"]:
            _answers[head["number"]].put((head, buffers))


threading.Thread(target=_read, daemon=True).start()


def tell(service: str, method: str, *args: Any) -> None:
    """Calls the host and does not wait."""
    text = json.dumps({"number": 0, "service": service, "method": method, "args": args, "sizes": []}).encode()
    with _write_lock:
        _writer.write(struct.pack("!I", len(text)) + text)
        _writer.flush()
