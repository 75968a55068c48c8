/** HTTP clients, servers and hashes give what they give on CPython; sockets and processes say that there are none. */
import { execFile } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const script = join(import.meta.dirname, "../support/python/network_cases.py");
const tls = join(import.meta.dirname, "../support/servers/tls");
const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
`;
const signal = new AbortController().signal;

const answer: RequestListener = (request, response) => {
  const { method, url } = request;
  if (url === "/redirect") {
    response.writeHead(302, { location: "/to", "set-cookie": ["a=1", "b=2"] }).end();
  } else if (url === "/stream") {
    for (let n = 0; n < 200; n++) {
      response.write("x".repeat(10_000));
    }
    response.end();
  } else if (url === "/cut") {
    response.writeHead(200, { "content-length": 100 }).write("half", () => response.destroy());
  } else if (url !== "/never") {
    let length = 0;
    request.on("data", (piece: Buffer) => {
      length += piece.length;
    });
    request.on("end", () => {
      const encoding = request.headers["transfer-encoding"] ?? null;
      response.writeHead(url === "/missing" ? 404 : 200, { "set-cookie": ["a=1", "b=2"] });
      response.end(JSON.stringify({ method, url, length, encoding }));
    });
  }
};

async function listening(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, () => resolve()));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port; // it listens on a port
}

async function run(python: TestPython, target: string, args: readonly string[] = []): Promise<unknown> {
  return (await python.callFunction(target, args, { deadline: 100_000, signal })).value;
}

test("HTTP clients, servers, asgiref and hashes do what they do on CPython", async () => {
  const packages = await installPackages(["asgiref==3.13.0", "httpx==0.28.1", "requests==2.34.2", "Werkzeug==3.*"]);
  const certificate = join(tls, "certificate.pem");
  const credentials = { cert: readFileSync(certificate), key: readFileSync(join(tls, "key.pem")) };
  const plain = `http://127.0.0.1:${await listening(createServer(answer))}`;
  const secure = `https://localhost:${await listening(createTlsServer(credentials, answer))}`;
  const folder = schemaFolder(query);
  cpSync(script, join(folder, "network_cases.py"));
  cpSync(certificate, join(folder, "certificate.pem"));
  const python = await pythonOn(folder, {
    pythonPath: [folder, packages],
    deadline: 60_000, // a busy machine takes long to import all of these
  });
  const here = await run(python, "network_cases:outcomes", [plain, secure, join(folder, "certificate.pem")]);
  const native = await promisify(execFile)("python3", [script, plain, secure, certificate], {
    env: { ...process.env, PYTHONPATH: packages },
  });
  expect(here).toEqual(JSON.parse(native.stdout));
});

test("HTTP clients trust the certificates that the environment names", async () => {
  const certificate = join(tls, "certificate.pem");
  const credentials = { cert: readFileSync(certificate), key: readFileSync(join(tls, "key.pem")) };
  const url = `https://localhost:${await listening(createTlsServer(credentials, answer))}/x`;
  const code = `
import httpx, requests
def go(url):
    return [httpx.get(url).status_code, requests.get(url).status_code]
`;
  const folder = schemaFolder(query, code);
  const python = await pythonOn(folder, {
    pythonPath: [folder, await installPackages(["httpx==0.28.1", "requests==2.34.2"])],
    environment: { SSL_CERT_FILE: certificate, REQUESTS_CA_BUNDLE: certificate },
  });
  expect(await run(python, "schema:go", [url])).toEqual([200, 200]);
});

test.each([
  ["socket.socket()", "sockets are not available in the gateway's Python: use an HTTP client"],
  ['socket.create_connection(("127.0.0.1", 1))', "sockets are not available in the gateway's Python: use an HTTP"],
  ['subprocess.run(["true"])', "processes can't be started from the gateway's Python"],
  ['os.system("true")', "processes can't be started from the gateway's Python"],
])("%s says what there is instead", async (code, message) => {
  const python = await pythonOn(schemaFolder(query, `import socket, subprocess\ndef go(): ${code}`));
  await expect(run(python, "schema:go")).rejects.toMatchObject({ message: expect.stringContaining(message) });
});

test("a server listens until its interpreter ends", async () => {
  const python = await pythonOn(
    schemaFolder(
      query,
      `
import http.server, socketserver, ssl, threading
def go():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever).start()
    return server.server_port
def with_tls():
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler) as server:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(server.socket, server_side=True)
def for_datagrams():
    socketserver.UDPServer(("127.0.0.1", 0), socketserver.DatagramRequestHandler)
`,
    ),
  );
  const url = `http://127.0.0.1:${await run(python, "schema:go")}/absent`;
  expect((await fetch(url)).status).toBe(404);
  await expect(run(python, "schema:with_tls")).rejects.toThrow("can't speak TLS: put a proxy in front of it");
  await expect(run(python, "schema:for_datagrams")).rejects.toThrow("can't receive datagrams");
  await python.close();
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
});

test("puff's own functions run things side by side", async () => {
  const python = await pythonOn(
    schemaFolder(
      query,
      `
import puff, contextvars, threading
seen, variable = [], contextvars.ContextVar("variable")
@puff.blocking
def slow(x):
    puff.sleep_ms(1)
    return [x, variable.get()]
def go():
    variable.set("kept")
    gates = [threading.Event() for _ in range(5)]
    def work(n):
        gates[n].wait()
        seen.append(n)
        puff.sleep(0.001)
        gates[n + 1].set()
        return n
    tasks = [puff.spawn(work, n) for n in (3, 1, 2)]
    failing = puff.spawn(lambda: 1 / 0)
    early = [task.finished for task in tasks]
    gates[1].set()
    results = [list(puff.join_iter(tasks)), puff.join_all(tasks), seen, early, slow("x")]
    try: failing.join()
    except ZeroDivisionError as error: results.append(error is failing.exception)
    return [*results, tasks[0].result, puff.read_file_bytes(__file__)[:6].decode()]
`,
    ),
  );
  const order = [1, 2, 3];
  const early = [false, false, false];
  expect(await run(python, "schema:go")).toEqual([order, [3, 1, 2], order, early, ["x", "kept"], true, 3, "import"]);
});

test("a connection that is accepted for a greenlet which was told to end is closed", async () => {
  const module = `
from puff._cooperative._servers import HostListener
from puff._cooperative._streams import HostStream
from puff._runtime.greenlets import GreenletExit
told = []
def accept():
    with HostListener() as listener:
        listener.bind(("127.0.0.1", 0))
        told.append("waits")
        try:
            listener.accept()
        except GreenletExit:
            client = HostStream()
            client.connect(listener.getsockname())
            told.append(repr(client.recv(1)))  # its end, where the other end is closed
            raise
def tell(): return told`;
  const python = await pythonOn(schemaFolder(query, module));
  const leaving = new AbortController();
  const accepting = python.callFunction("schema:accept", [], { deadline: 30_000, signal: leaving.signal });
  await expect.poll(() => run(python, "schema:tell")).toEqual(["waits"]);
  leaving.abort();
  await expect(accepting).rejects.toThrow();
  await expect.poll(() => run(python, "schema:tell")).toEqual(["waits", "b''"]);
});
