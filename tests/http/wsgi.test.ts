/** A WSGI application behind the real server: PEP 3333, streams, limits and failures. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as rawRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { sharedCache } from "../support/python/python.ts";
import { type Answer, ask } from "../support/servers/ask.ts";

const file = join(import.meta.dirname, "../support/python/wsgi_app.py");
const logs: { readonly [key: string]: unknown }[] = [];
/** What the application waits for, by the name it calls it. */
const gates = new Map<string, PromiseWithResolvers<null>>();

function start(options: Partial<Parameters<typeof startServer>[0]> = {}): Promise<RunningServer> {
  return startServer({
    schemas: [],
    wsgi: `${file}:make()`,
    static: [{ url: "/files/", folder: import.meta.dirname }],
    allowedHosts: ["example.com"],
    cacheFolder: sharedCache,
    environment: {},
    host: { functions: { wait: async (name) => (await gates.get(String(name))?.promise) ?? null } },
    limits: { pythonDeadline: 2_000 },
    port: 0,
    logger: pino({ level: "info" }, { write: (line: string) => logs.push(JSON.parse(line)) }),
    ...options,
    ...engineOptions(),
  });
}

let server: RunningServer;

beforeAll(async () => {
  server = await start();
});

afterAll(() => server.close());

beforeEach(async () => {
  gates.clear();
  await get("/told");
  logs.length = 0;
});

function get(url: string, headers: { readonly [name: string]: string } = {}): Promise<Answer> {
  return ask(server, { url, headers });
}

/** Makes the application wait where it calls for `name`, until the gate is resolved. */
function close(name: string): PromiseWithResolvers<null> {
  const gate = Promise.withResolvers<null>();
  gates.set(name, gate);
  return gate;
}

/** Sends a request and leaves its body and its answer to the test. */
async function open(
  url: string,
  { method = "GET", headers = {}, body = "", on = server }: OpenOptions = {},
): Promise<IncomingMessage> {
  const sent = rawRequest(new URL(url, on.url), { method, headers, agent: false });
  sent.end(body);
  const [response] = await once(sent, "response");
  return response;
}

interface OpenOptions {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Buffer;
  readonly on?: RunningServer;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

describe("environ", () => {
  test("has the request's parts as PEP 3333 wants them", async () => {
    const { address, port } = server.app.server.address() as AddressInfo; // it listens on TCP
    const environ = JSON.parse((await get("/env/caf%C3%A9%2Fx?a=b%20c&d", { host: "example.com", "X-A": "1" })).body);
    expect(environ).toMatchObject({
      REQUEST_METHOD: "GET",
      SCRIPT_NAME: "",
      PATH_INFO: "/env/caf\u00c3\u00a9/x",
      QUERY_STRING: "a=b%20c&d",
      REQUEST_URI: "/env/caf%C3%A9%2Fx?a=b%20c&d",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_NAME: address,
      SERVER_PORT: String(port),
      REMOTE_ADDR: "127.0.0.1",
      HTTP_HOST: "example.com",
      HTTP_X_A: "1",
      "wsgi.url_scheme": "http",
    });
    expect(environ).not.toHaveProperty("CONTENT_LENGTH");
  });

  test("puts headers that come twice together, and leaves out those that pass for another", async () => {
    const lines = [
      "Host: localhost",
      "Cookie: a=1",
      "cookie: b=2",
      "X-For: c",
      "X-For: d",
      "X_For: forged",
      "X-Byte: \u00e9",
      "X-Unchecked: 1",
    ];
    const answer = await raw(`GET /env HTTP/1.1\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
    expect(JSON.parse(answer.slice(answer.indexOf("{")))).toMatchObject({
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_FOR: "c,d",
      HTTP_X_BYTE: "\u00e9",
    });
  });

  test("finds what another has left in its thread", async () => {
    const before = Number((await get("/visits")).body);
    expect((await get("/visits")).body).toBe(`${before + 1}`);
  });

  test("knows the body's type and length", async () => {
    const answer = await ask(server, { url: "/env", method: "POST", headers: { "content-type": "a/b" }, body: "xyz" });
    const environ = JSON.parse(answer.body);
    expect(environ).toMatchObject({ CONTENT_TYPE: "a/b", CONTENT_LENGTH: "3" });
    expect(environ).not.toHaveProperty("HTTP_CONTENT_TYPE");
  });
});

/** The bytes that a server answers to these bytes, as latin-1, which is what HTTP/1 is made of. */
async function raw(bytes: string): Promise<string> {
  const { port } = server.app.server.address() as AddressInfo; // it listens on TCP
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write(bytes, "latin1");
  let answer = "";
  for await (const piece of socket) {
    answer += piece;
  }
  return answer;
}

describe("responses", () => {
  test.each([
    ["/index", 200, "index", "5"],
    ["/", 200, "index", "5"],
    ["/write", 200, "one two three", undefined],
    ["/repeated", 299, "", "0"],
    ["/nothing", 204, "", undefined],
    ["/replaced", 404, "replaced", "8"],
  ])("GET %s", async (url, status, body, length) => {
    const answer = await get(url, { "x-unchecked": "1" });
    expect([answer.status, answer.body, answer.headers["content-length"]]).toEqual([status, body, length]);
    const checked = await get(url);
    expect([checked.status, checked.body]).toEqual([status, body]);
  });

  test("keep repeated headers, their own reason, and bytes beyond ASCII", async () => {
    const response = await open("/repeated");
    expect(response.statusMessage).toBe("My Own");
    expect(response.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(response.headers["x-latin"]).toBe("\u00e9");
    response.resume();
  });

  test.each(["/index", "/write", "/streamed", "/endless", "/wrapped"])("HEAD %s has no body", async (url) => {
    const answer = await raw(`HEAD ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });

  test("a file is sent by the wrapper", async () => {
    expect((await get("/wrapped")).body).toBe(readFileSync(file, "utf8"));
  });

  test("each piece leaves before the next is made, and close() ends it", async () => {
    const gate = close("streamed");
    const response = await open("/streamed");
    const [first] = await once(response, "data");
    expect(String(first)).toBe("first ");
    gate.resolve(null);
    expect(await textOf(response)).toBe("second");
    expect(JSON.parse((await get("/told")).body)).toEqual(["closed after 3"]);
  });

  test("a client that does not read holds the application back, and leaving ends it", async () => {
    const response = await open("/endless");
    await once(response, "readable");
    response.destroy();
    // Of an endless body it made what the sockets on the way hold.
    expect(await pollTold(1)).toEqual([expect.stringMatching(/^closed after \d{1,3}$/)]);
  });

  test("what an application writes to wsgi.errors is logged", async () => {
    await get("/logged");
    expect(logs).toContainEqual(expect.objectContaining({ level: 50, msg: "something is odd" }));
  });
});

/** What the application has told, once it is so much. */
async function pollTold(length: number): Promise<string[]> {
  const said: string[] = [];
  await expect.poll(async () => said.push(...JSON.parse((await get("/told")).body))).toBeGreaterThanOrEqual(length);
  return said;
}

describe("requests' bodies", () => {
  test.each([0, 1, 65_536, 65_537, 1_000_000])("of %i bytes arrive", async (length) => {
    const body = Buffer.alloc(length, "abc");
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      expect(await textOf(await open("/echo", { method: "POST", body, headers }))).toBe(body.toString());
    }
  });

  test("are read by lines", async () => {
    const body = `one\n${"x".repeat(70_000)}\nlast`;
    expect(JSON.parse(await textOf(await open("/lines", { method: "POST", body })))).toEqual(body.split(/(?<=\n)/));
  });

  test("of 100 MB wait with the client until they are read", async () => {
    const gate = close("count");
    const sent = rawRequest(new URL("/count", server.url), { method: "POST", agent: false });
    const answered = once(sent, "response");
    const piece = Buffer.alloc(1_048_576);
    let written = 0;
    while (sent.write(piece) || (sent.socket?.bytesWritten ?? 0) < 1_048_576 || written < 10) {
      written++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    written++;
    gate.resolve(null);
    for (; written < 100; written++) {
      if (!sent.write(piece)) {
        await once(sent, "drain");
      }
    }
    sent.end();
    const [response] = await answered;
    expect(await textOf(response)).toBe(String(100 * 1_048_576));
  });

  test("that nobody reads leave the connection usable", async () => {
    const big = "x".repeat(300_000);
    const first = `POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${big.length}\r\n\r\n${big}`;
    const answer = await raw(`${first}GET /index HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 413 Too Much\r\n.*no.*HTTP\/1.1 200 OK\r\n.*index/s);
  });

  test.each([
    ["/unread", "413 Too Much", false],
    ["/echo", "200 OK", true],
  ])("announced by Expect are asked for when %s reads them", async (url, status, isAsked) => {
    const headers = { expect: "100-continue", "content-length": "100000" };
    const sent = rawRequest(new URL(url, server.url), { method: "POST", headers, agent: false });
    let asked = false;
    sent.on("continue", () => {
      asked = true;
      sent.end("x".repeat(100_000));
    });
    sent.flushHeaders();
    const [response] = await once(sent, "response");
    expect([`${response.statusCode} ${response.statusMessage}`, asked]).toEqual([status, isAsked]);
    await textOf(response);
    sent.destroy();
  });
});

describe("failures", () => {
  test("an exception is a 500 with its traceback, and in the log", async () => {
    const answer = await get("/broken");
    expect(answer.status).toBe(500);
    expect(answer.body).toMatch(/PUFF_WSGI_FAILED.*wsgi_app.py", line \d+, in broken.*the secret is 42/s);
    expect(logs).toContainEqual(
      expect.objectContaining({ code: "PUFF_WSGI_FAILED", url: "/broken", traceback: expect.stringContaining("42") }),
    );
  });

  test("after the first bytes it breaks the response off, and close() is called", async () => {
    const response = await open("/broken_late");
    await expect(textOf(response)).rejects.toThrow("aborted");
    expect(JSON.parse((await get("/told")).body)).toEqual(["ValueError", "closed after 1"]);
  });

  test.each([
    ["newline", "can't have the value"],
    ["name", "is not a name of a header"],
    ["unicode", "can't have the value"],
    ["bytes", "can't have the value"],
    ["tuple", "they must be a list of pairs"],
    ["hop", "concerns the connection"],
    ["status", "is not of the form '200 OK'"],
    ["status-newline", "is not of the form '200 OK'"],
    ["informational", "is not of the form '200 OK'"],
    ["length", "it must be one number"],
    ["short", "declared a Content-Length of 10, and gave 4 bytes"],
    ["long", "declared a Content-Length of 1, and gave 4 bytes"],
    ["no-start", "before it called start_response"],
    ["twice", "start_response was called before"],
    ["text", "yielded a str: bytes are wanted"],
  ])("breaking the rule of %s is a 500 that says so", async (rule, message) => {
    const answer = await get(`/wrong?${rule}`, { "x-unchecked": "1" });
    expect([answer.status, answer.body]).toEqual([500, expect.stringContaining(message)]);
    expect(answer.headers["set-cookie"]).toBe(undefined);
  });

  test("a head that can't be sent is a failure, logged, and nothing of its body goes out", async () => {
    const answer = await get("/trailer");
    expect([answer.status, answer.body]).toEqual([500, expect.stringContaining("PUFF_INTERNAL")]);
    const said = () => logs.map(({ msg }) => msg);
    await expect.poll(said).toContainEqual(expect.stringMatching(/^wsgi\.start failed, .*: Trailers are invalid/));
  });

  test("a client that leaves ends the greenlet where it waits", async () => {
    const gate = close("waiting");
    const sent = rawRequest(new URL("/waiting", server.url), { agent: false });
    sent.on("error", () => {});
    sent.end();
    await once(server.app.server, "request");
    sent.destroy();
    expect(await pollTold(1)).toEqual(["waiting: GreenletExit"]);
    gate.resolve(null);
  });

  test("a view that computes for ever is ended, and others go on", async () => {
    const gate = close("waiting");
    const waiting = get("/waiting");
    const computing = await get("/computing");
    expect([computing.status, computing.body]).toEqual([503, expect.stringContaining("PUFF_WSGI_DEADLINE")]);
    gate.resolve(null);
    expect((await waiting).body).toBe("waited");
  });
});

describe("beside the application", () => {
  test("are the gateway's own routes and static files", async () => {
    expect((await get("/readyz")).body).toBe('{"status":"ready"}');
    const answer = await get("/files/wsgi.test.ts", { range: "bytes=0-2" });
    expect([answer.status, answer.body]).toEqual([206, "/**"]);
    expect((await get("/files/..%2fpackage.json")).status).toBe(404);
  });

  test("methods that no other route has reach it", async () => {
    const response = await open("/env", { method: "PROPFIND" });
    expect(JSON.parse(await textOf(response))).toMatchObject({ REQUEST_METHOD: "PROPFIND" });
  });
});

describe("limits", () => {
  let limited: RunningServer;

  beforeAll(async () => {
    limited = await start({
      maskErrors: true,
      limits: { requestDeadline: 2_000, pythonDeadline: 1_000, wsgiRequests: 1, wsgiQueue: 1 },
    });
  });

  afterAll(() => limited.close());

  test("one request is served, one waits, a third is refused", async () => {
    const gate = close("waiting");
    const first = ask(limited, { url: "/waiting" });
    await once(limited.app.server, "request");
    const second = ask(limited, { url: "/index" });
    await once(limited.app.server, "request");
    const third = await ask(limited, { url: "/index" });
    expect(third).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(third.body).toContain("PUFF_WSGI_BUSY");
    gate.resolve(null);
    expect([(await first).body, (await second).body]).toEqual(["waited", "index"]);
  });

  test("a view that never returns is a 503 at the deadline", async () => {
    const gate = close("waiting");
    const answer = await ask(limited, { url: "/waiting" });
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining("PUFF_WSGI_DEADLINE")]);
    gate.resolve(null);
    expect((await ask(limited, { url: "/index" })).body).toBe("index");
  });

  test("a client that does not send its small body is answered at the deadline, and takes nobody's place", async () => {
    const { hostname, port } = new URL(limited.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    let received = "";
    socket.on("data", (data) => {
      received += data;
    });
    socket.write("POST /index HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n");
    await expect.poll(() => received, { timeout: 10_000 }).toContain("PUFF_REQUEST_SLOW");
    expect((await ask(limited, { url: "/index" })).body).toBe("index");
    socket.write("bodyGET /index HTTP/1.1\r\nhost: localhost\r\n\r\n"); // on the same connection
    await expect.poll(() => received).toMatch(/HTTP\/1.1 200 OK.*index/s);
  });

  test.each(["/waiting", "/computing"])("what %s took is told without a stack", async (url) => {
    const gate = close("waiting");
    const answer = await ask(limited, { url });
    gate.resolve(null);
    expect(answer.status).toBe(503);
    expect(answer.body).toMatch(/^Service Unavailable \[PUFF_WSGI_DEADLINE\]\n\nthe application [\w ]+\n$/);
  });

  test("a masked exception tells nothing", async () => {
    const answer = await ask(limited, { url: "/broken" });
    expect([answer.status, answer.body]).toEqual([500, "Internal Server Error [PUFF_WSGI_FAILED]"]);
  });
});

describe("an application that does not load is refused at start", () => {
  test.each([
    ["nowhere.py:app", "PUFF_WSGI_APPLICATION", "nowhere.py does not exist"],
    ["nowhere.module:app", "PUFF_WSGI_APPLICATION", "there is no module nowhere.module"],
    ["good.py:other", "PUFF_WSGI_APPLICATION", "there is no other in "],
    ["good.py:number", "PUFF_WSGI_APPLICATION", "number can't be called, being of type int, in "],
    ["good.py:fails()", "PUFF_WSGI_APPLICATION", "raised LookupError: no"],
    ["broken.py:app", "PUFF_WSGI_APPLICATION", "raised ZeroDivisionError"],
    ["syntax.py:app", "PUFF_SCHEMA_SYNTAX", "def"],
    ["compiled.py:app", "PUFF_COMPILED_PACKAGE", "package fast has compiled code"],
  ])("%s", async (spec, code, message) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-wsgi-")));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const modules = {
      "good.py": "def app(environ, start): ...\nnumber = 1\ndef fails(): raise LookupError('no')\n",
      "broken.py": "1 / 0\n",
      "syntax.py": "def\n",
      "compiled.py": "import fast\n",
      "fast.cpython-314-x86_64-linux-gnu.so": "",
    };
    for (const [name, text] of Object.entries(modules)) {
      writeFileSync(join(folder, name), text);
    }
    const wsgi = spec.includes(".py") ? join(folder, spec) : spec;
    const failure = await start({ wsgi }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
