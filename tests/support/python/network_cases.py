"""What HTTP clients and hashes give, on CPython's own and on the gateway's: each case by its name."""

import errno
import hashlib
import http.client
import http.server
import json
import socket
import socketserver
import ssl
import sys
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

CASES: dict[str, Callable[[str, str, str], object]] = {}
"""Called with the addresses of a server, of one with TLS, and the path of its certificate."""


def case(function: Callable[[str, str, str], object]) -> Callable[[str, str, str], object]:
    CASES[function.__name__] = function
    return function


def failure(function: Callable[[], object]) -> str:
    try:
        return f"no failure: {function()!r}"
    except Exception as error:
        if type(error).__module__ == "_hashlib":  # OpenSSL's own kind of ValueError
            return "ValueError"
        inner = getattr(error, "reason", None)
        return type(error).__name__ + (f" of {type(inner).__name__}" if isinstance(inner, Exception) else "")


@case
def urllib_requests(plain: str, _secure: str, _ca: str) -> object:
    with urllib.request.urlopen(f"{plain}/redirect") as response:
        cookies = response.headers.get_all("set-cookie")
        got = response.status, json.load(response), cookies, response.url == f"{plain}/to"
    with urllib.request.urlopen(f"{plain}/post", data=b"a=1") as response:
        posted = json.load(response)
    return got, posted


@case
def urllib_failures(plain: str, _secure: str, _ca: str) -> object:
    return [
        failure(lambda: urllib.request.urlopen(f"{plain}/missing")),
        failure(lambda: urllib.request.urlopen(f"{plain}/never", timeout=0.05)),
        urllib.request.urlopen(f"{plain}/x", timeout=10**7).status,
        failure(lambda: urllib.request.urlopen("http://127.0.0.1:1/")),
        failure(lambda: urllib.request.urlopen("http://nowhere.invalid/")),
        failure(lambda: urllib.request.urlopen(f"{plain}/cut").read()),
    ]


@case
def streams(plain: str, _secure: str, _ca: str) -> object:
    with urllib.request.urlopen(f"{plain}/stream") as response:
        first = len(response.read(10))
        return first, len(response.read()), response.headers["transfer-encoding"]


@case
def kept_connections(plain: str, _secure: str, _ca: str) -> object:
    connection = http.client.HTTPConnection(plain.removeprefix("http://"))
    seen = []
    for n in range(3):
        pieces = (b"z" * 10_000 for _ in range(5))
        connection.request("PUT", f"/put{n}", pieces, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        seen.append(json.load(connection.getresponse()))
    connection.request("HEAD", "/head")
    response = connection.getresponse()
    seen.append([response.status, response.read()])
    connection.close()
    return seen


@case
def tls(_plain: str, secure: str, ca: str) -> object:
    trusting = ssl.create_default_context(cafile=ca)
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    wrong_name = secure.replace("localhost", "127.0.0.1")
    nameless = ssl.create_default_context(cafile=ca)
    nameless.check_hostname = False
    return [
        failure(lambda: urllib.request.urlopen(f"{secure}/x")),
        json.load(urllib.request.urlopen(f"{secure}/x", context=trusting)),
        json.load(urllib.request.urlopen(f"{secure}/x", context=careless)),
        failure(lambda: urllib.request.urlopen(f"{wrong_name}/x", context=trusting)),
        json.load(urllib.request.urlopen(f"{wrong_name}/x", context=nameless)),
    ]


@case
def requests_sessions(plain: str, secure: str, ca: str) -> object:
    import requests

    with requests.Session() as session:
        got, posted = session.get(f"{plain}/redirect"), session.post(f"{plain}/x", json={"a": 1})
        streamed = session.get(f"{plain}/stream", stream=True)
        return [
            got.json(), len(got.history), posted.json(), session.cookies.get_dict(),
            sum(len(piece) for piece in streamed.iter_content(50_000)),
            failure(lambda: session.get(f"{plain}/never", timeout=0.05)),
            failure(lambda: session.get("http://127.0.0.1:1/")),
            failure(lambda: session.get(f"{secure}/x")), session.get(f"{secure}/x", verify=ca).json(),
        ]  # fmt: skip


@case
def httpx_clients(plain: str, secure: str, ca: str) -> object:
    import httpx

    trusting = ssl.create_default_context(cafile=ca)
    with httpx.Client(follow_redirects=True) as client, httpx.Client(verify=trusting) as safe:
        return [
            client.get(f"{plain}/redirect").json(),
            client.post(f"{plain}/x", content=(b"q" * 10 for _ in range(3))).json(),
            failure(lambda: client.get(f"{plain}/never", timeout=0.05)),
            failure(lambda: client.get("http://127.0.0.1:1/")),
            failure(lambda: client.get(f"{secure}/x")), safe.get(f"{secure}/x").json(),
        ]  # fmt: skip


@case
def asgiref_bridges(_plain: str, _secure: str, _ca: str) -> object:
    import asyncio

    from asgiref.sync import async_to_sync, sync_to_async

    def ident() -> int:
        return threading.get_ident()

    async def work() -> list[bool]:
        await asyncio.sleep(0.001)
        here = threading.get_ident()
        sensitive, other = await sync_to_async(ident)(), await sync_to_async(ident, thread_sensitive=False)()
        return [sensitive == caller, other not in (caller, here)]

    caller = threading.get_ident()
    return async_to_sync(work)(), async_to_sync(work)()


@case
def servers(_plain: str, _secure: str, _ca: str) -> object:
    both, hanging, goes_on = threading.Barrier(2), threading.Event(), threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/both":
                both.wait(10)
            elif self.path == "/hang":
                hanging.set()
                goes_on.wait(10)
            elif self.path == "/fail":
                raise ZeroDivisionError
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, _request: object, _client_address: object) -> None:
            seen.append(type(sys.exception()).__name__)

    def post(path: str, body: bytes = b"x") -> bytes:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", body, timeout=10) as response:
            return response.read()

    seen: list[object] = []
    server = Server(("localhost", 0), Handler)
    host, port = server.server_address[:2]
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    pair = [threading.Thread(target=lambda: seen.append(post("/both", b"at once"))) for _ in range(2)]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    large = b"l" * 1_000_000
    seen += [host, port == server.server_port, post("/large", large) == large, failure(lambda: post("/fail"))]
    try:
        Server(("127.0.0.1", port), Handler)
    except OSError as error:
        seen.append(errno.errorcode[error.errno or 0])
    half = http.client.HTTPConnection("127.0.0.1", port)
    half.request("POST", "/half", b"half closed")
    half.sock.shutdown(socket.SHUT_WR)
    seen.append(half.getresponse().read())
    late = threading.Thread(target=lambda: seen.append(post("/hang", b"answered after the end")))
    late.start()
    hanging.wait(10)
    server.shutdown()
    server.server_close()
    serving.join(10)
    goes_on.set()
    late.join(10)
    return [*seen, serving.is_alive(), failure(lambda: post("/after")), *servers_without_threads()]


def servers_without_threads() -> list[object]:
    class Server(socketserver.TCPServer):
        timeout = 0.01

        def handle_timeout(self) -> None:
            seen.append("nobody came")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(self.rfile.readline().upper())

    seen: list[object] = []
    with Server(("127.0.0.1", 0), Handler) as server:
        server.handle_request()
        client = http.client.HTTPConnection(*server.server_address)  # type: ignore[arg-type]
        client.connect()
        client.sock.sendall(b"line\n")
        server.handle_request()
        seen += [client.sock.recv(10), client.sock.recv(10), server.server_address[1] == client.sock.getpeername()[1]]
        client.close()
    return [*seen, failure(lambda: Server(("nowhere.invalid", 0), Handler))]


@case
def werkzeug_servers(_plain: str, _secure: str, _ca: str) -> object:
    from werkzeug import Request, Response
    from werkzeug.serving import make_server

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        body = Request(environ).get_data()
        return Response(body or (piece for piece in (b"in ", b"pieces")))(environ, start_response)

    server = make_server("localhost", 0, application, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    seen: list[object] = [server.server_address[0]]
    for data in (None, b"body"):
        with urllib.request.urlopen(f"http://localhost:{server.server_port}/", data, timeout=10) as response:
            seen.append(response.read())
    server.shutdown()
    server.server_close()
    serving.join(10)
    return [*seen, serving.is_alive()]


@case
def hashes(_plain: str, _secure: str, _ca: str) -> object:
    password, salt = b"pass\0word", bytearray(b"salt")
    names = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s")
    return [
        [hashlib.pbkdf2_hmac(name, password, salt, 10, 20).hex() for name in names],
        hashlib.pbkdf2_hmac("sha256", password, memoryview(salt), 1000).hex(),
        hashlib.scrypt(password, salt=salt, n=1024, r=8, p=2).hex(),
        failure(lambda: hashlib.pbkdf2_hmac("nope", password, salt, 1)),
        failure(lambda: hashlib.pbkdf2_hmac("sha1", password, salt, 0)),
        failure(lambda: hashlib.pbkdf2_hmac("sha1", "text", salt, 1)),  # type: ignore[arg-type]
        failure(lambda: hashlib.scrypt(password, salt=salt, n=1000, r=8, p=1)),
        failure(lambda: hashlib.scrypt(password, salt=salt, n=2**20, r=8, p=1)),
    ]


def outcomes(plain: str, secure: str, ca: str) -> dict[str, Any]:
    """Runs all cases."""
    found: dict[str, Any] = {}
    for name, function in CASES.items():
        try:
            found[name] = repr(function(plain, secure, ca))
        except Exception as error:
            found[name] = f"raised {error!r}"
    return found


if __name__ == "__main__":
    print(json.dumps(outcomes(*sys.argv[1:])))
