/** WebSockets that Python functions serve, on a real server, with the client of `ws`. */
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { type GatewayOptions, type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { schemaFolder, sharedCache, writeSchema } from "../support/python/python.ts";

const query = "    @classmethod\n    def seen(cls, ctx: Context, /) -> list[str]: return seen";
const functions = `
import puff
from puff import pubsub, WebSocket, WebSocketClosed
from puff.graphql import PermissionDenied

seen: list[str] = []

@puff.websocket("/echo")
def echo(ws: WebSocket) -> None:
    for message in ws:
        ws.send(message)
    seen.append("echo ended")

@puff.websocket("/rooms/{room}/{who}")
def room(ws: WebSocket, room: str, who: str) -> None:
    ws.send(f"{who} in {room}, {ws.path} {ws.query} {ws.headers['X-Test']}")

@puff.websocket("/rooms/all/{who}")
async def everywhere(ws: WebSocket, who: str) -> None:
    ws.send(f"{who} everywhere")

@puff.websocket("/protocols")
def protocols(ws: WebSocket) -> None:
    try: ws.accept("other")
    except ValueError as error: refused = str(error)
    ws.accept(ws.subprotocols[-1])
    try: ws.accept()
    except RuntimeError as error: ws.send(f"{refused}; {error}")

@puff.websocket("/private")
def private(ws: WebSocket) -> None:
    if ws.headers.get("cookie") != "user=ada":
        raise PermissionDenied(401, "log in first")
    ws.send("hello")
    raise PermissionDenied(403, "no more")

@puff.websocket("/bug")
def bug(ws: WebSocket) -> None:
    if ws.query == "late":
        ws.accept()
    raise ZeroDivisionError("oops")

@puff.websocket("/never")
def never(ws: WebSocket) -> None: return

@puff.websocket("/stuck")
def stuck(ws: WebSocket) -> None:
    try: puff.sleep(3600)
    finally: seen.append("stuck ended")

@puff.websocket("/busy")
def busy(ws: WebSocket) -> None:
    ws.accept()
    while True: pass

@puff.websocket("/closing")
def closing(ws: WebSocket) -> None:
    for wrong in [lambda: ws.close(1005), lambda: ws.close(3000, "x" * 200)]:
        try: wrong()
        except ValueError as error: ws.send(str(error))
    try: ws.receive(timeout=0.01)
    except TimeoutError as error: ws.send(str(error))
    ws.close(4001, "enough")
    try:
        while True: ws.receive()
    except WebSocketClosed as closed: seen.append(f"closed {closed.code} {closed.reason}")
    try: ws.send("x")
    except WebSocketClosed as closed: seen.append(str(closed))

@puff.websocket("/patient")
def patient(ws: WebSocket) -> None: ws.send(ws.receive(timeout=365 * 86_400))

@puff.websocket("/late")
def late(ws: WebSocket) -> None:
    seen.append("late began")
    while not slow_may_go: puff.sleep(0.01)
    try: ws.receive()
    except WebSocketClosed as closed: seen.append(f"late: {closed.code}")

@puff.websocket("/flood")
def flood(ws: WebSocket) -> None:
    try:
        while True: ws.send(b"x" * 100_000)
    except WebSocketClosed as closed: seen.append(f"flood {closed.code}")

@puff.websocket("/slow")
def slow(ws: WebSocket) -> None:
    ws.accept()
    while not slow_may_go: puff.sleep(0.01)
    total = 0
    for message in ws:
        total += len(message)
        if message == b"end": break
    ws.send(str(total))

slow_may_go: list[bool] = []

@puff.websocket("/go")
def go(ws: WebSocket) -> None: slow_may_go.append(True)

@puff.websocket("/chat/{room}")
def chat(ws: WebSocket, room: str) -> None:
    conn = pubsub.connection()
    conn.subscribe(room)
    def forward() -> None:
        while message := conn.receive():
            ws.send(message.text)
    task = puff.spawn(forward)
    ws.send("joined")
    for message in ws:
        conn.publish(room, message)
    conn.unsubscribe(room)
    task.join()
    seen.append(f"{room} left")
`;

async function start(limits: NonNullable<GatewayOptions["limits"]> = {}) {
  const folder = schemaFolder(query, functions);
  const server = await startServer({
    schemas: [{ spec: join(folder, "schema.py") }],
    cacheFolder: sharedCache,
    environment: {},
    port: 0,
    limits,
    ...engineOptions(),
  });
  onTestFinished(() => server.close());
  return Object.assign(server, { folder });
}

const patient = { timeout: 30_000 };

class Client {
  readonly messages: (string | Buffer)[] = [];
  readonly socket: WebSocket;
  /** `code reason`, or the status where there was no upgrade. */
  readonly ended: Promise<string>;

  constructor(server: RunningServer, path: string, protocols: string[] = [], options: ClientOptions = {}) {
    this.socket = new WebSocket(server.url.replace("http", "ws") + path, protocols, options);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    this.socket.on("message", (data: Buffer, isBinary) => this.messages.push(isBinary ? data : String(data)));
    this.socket.on("close", (code, reason) => resolve(`${code} ${reason}`));
    this.socket.on("unexpected-response", (_request, response) => resolve(String(response.statusCode)));
    this.socket.on("error", () => undefined);
    onTestFinished(() => this.socket.terminate());
  }

  async opened(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }
}

async function seenBy(server: RunningServer): Promise<readonly string[]> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ seen }" }),
  });
  const { data } = (await response.json()) as { data: { seen: string[] } }; // as the schema has it
  return data.seen;
}

test("a function serves its path: messages of both kinds, names in paths, subprotocols, closing", async () => {
  const server = await start();
  const echo = await new Client(server, "/echo/").opened();
  echo.socket.send("text ü");
  echo.socket.send(Buffer.from([0, 255]));
  echo.socket.send("");
  await expect.poll(() => echo.messages, patient).toEqual(["text ü", Buffer.from([0, 255]), ""]);
  echo.socket.close(1000);
  await expect.poll(() => seenBy(server), patient).toContain("echo ended");

  const room = new Client(server, "/rooms/caf%C3%A9/ada?x=1", [], { headers: { "x-test": "t" } });
  expect(await room.ended).toBe("1000 ");
  expect(room.messages).toEqual(["ada in café, /rooms/café/ada x=1 t"]);
  const everywhere = new Client(server, "/rooms/all/ada");
  expect(await everywhere.ended).toBe("1000 ");
  expect(everywhere.messages).toEqual(["ada everywhere"]);
  expect(await new Client(server, "/rooms/%/ada").ended).toBe("404");
  expect(await new Client(server, "/nothing").ended).toBe("404");

  const protocols = new Client(server, "/protocols", ["a", "b"]);
  await protocols.ended;
  expect(protocols.socket.protocol).toBe("b");
  expect(protocols.messages).toMatchInlineSnapshot(`
    [
      "the client does not offer the subprotocol 'other': ['a', 'b']; the WebSocket is already accepted: call accept() before receive() and send()",
    ]
  `);

  const waiting = await new Client(server, "/patient").opened();
  waiting.socket.send("came");
  await waiting.ended;
  expect(waiting.messages).toEqual(["came"]);

  const closing = new Client(server, "/closing");
  expect(await closing.ended).toBe("4001 enough");
  expect(closing.messages).toMatchInlineSnapshot(`
    [
      "a WebSocket can't be closed with 1005: use 1000, 1008, 1011 or 3000 to 4999",
      "the reason for closing a WebSocket may have at most 123 bytes",
      "no message arrived within 0.01 s",
    ]
  `);
  await expect.poll(() => seenBy(server), patient).toContain("closed 4001 enough");
  expect(await seenBy(server)).toContain("the WebSocket is closed: 4001 enough");
});

test("a client is refused before it is accepted, and closed with a code after", async () => {
  const server = await start({ requestDeadline: 2_000, pythonDeadline: 2_000 });
  const headers = { cookie: "user=ada" };
  expect(await new Client(server, "/private").ended).toBe("401");
  expect(await new Client(server, "/private", [], { headers }).ended).toBe("1008 no more");
  expect(await new Client(server, "/echo", [], { origin: "http://elsewhere.example" }).ended).toBe("403");
  expect(await new Client(server, "/never").ended).toBe("403");
  expect(await new Client(server, "/bug").ended).toBe("500");
  expect(await new Client(server, "/bug?late").ended).toBe("1011 PUFF_WEBSOCKET_FAILED");
  expect(await new Client(server, "/stuck").ended).toBe("504");
  await expect.poll(() => seenBy(server), patient).toContain("stuck ended");
  expect(await new Client(server, "/busy").ended).toBe("1011 PUFF_CALL_DEADLINE");
  const large = await new Client(server, "/echo").opened();
  large.socket.send("x".repeat(2_000_000));
  expect(await large.ended).toBe("1009 ");
});

test("a client that is gone before it is accepted is told of when it would be", async () => {
  const server = await start();
  const { hostname, port } = new URL(server.url);
  const leaving = connect(Number(port), hostname);
  leaving.write(
    "GET /late HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await expect.poll(() => seenBy(server), patient).toContain("late began");
  leaving.resetAndDestroy();
  await new Client(server, "/go").ended;
  await expect.poll(() => seenBy(server)).toContain("late: 1006");
});

test("a client that does not read is closed with a code, one whose function does not read waits", async () => {
  const server = await start({ requestDeadline: 5_000, subscriberQueue: 200_000 });
  const flood = await new Client(server, "/flood").opened();
  flood.socket.pause();
  await expect.poll(() => seenBy(server), patient).toContain("flood 4413");
  flood.socket.resume();
  expect(await flood.ended).toBe("4413 PUFF_SUBSCRIBER_SLOW");

  const slow = await new Client(server, "/slow").opened();
  for (let sent = 0; sent < 300; sent++) {
    slow.socket.send(Buffer.alloc(100_000));
  }
  slow.socket.send(Buffer.from("end"));
  await new Client(server, "/go").ended;
  await expect.poll(() => slow.messages, patient).toEqual(["30000003"]);
  expect(await slow.ended).toBe("1000 ");
});

test("a function with a greenlet beside it serves many clients; those of a reloaded one connect again", async () => {
  const server = await start();
  const clients = await Promise.all(Array.from({ length: 50 }, () => new Client(server, "/chat/tea").opened()));
  await expect.poll(() => clients.every(({ messages }) => messages.length === 1), patient).toBe(true);
  clients[0]?.socket.send("hello");
  await expect.poll(() => clients.every(({ messages }) => messages[1] === "hello"), patient).toBe(true);
  clients[1]?.socket.terminate();
  await expect.poll(() => seenBy(server), patient).toEqual(["tea left"]);
  writeSchema(server.folder, query, `import puff\nseen = []\n@puff.websocket("/new")\ndef new(ws): ws.send("new")`);
  await server.app.puff.reload();
  expect(await clients[0]?.ended).toBe("1012 The schema was reloaded");
  expect(await new Client(server, "/chat/tea").ended).toBe("404");
  const fresh = new Client(server, "/new");
  expect(await fresh.ended).toBe("1000 ");
  expect(fresh.messages).toEqual(["new"]);
});

test.each([
  ["without a slash", 'puff.websocket("chat")(f)', "{name} for a whole part of it: 'chat' is none"],
  ["with a name in a part", 'puff.websocket("/a{b}")(f)', "{name} for a whole part of it: '/a{b}' is none"],
  ["with a name twice", 'puff.websocket("/{a}/{a}")(f)', "the path '/{a}/{a}' has the same name twice"],
  ["of two", 'puff.websocket("/x")(f); puff.websocket("/x")(f)', "the path '/x' is served by f already"],
])("a path %s is refused at start", async (_, code, message) => {
  const spec = join(schemaFolder(query, `import puff\nseen = []\ndef f(ws): ...\n${code}`), "schema.py");
  const options = { schemas: [{ spec }], cacheFolder: sharedCache, environment: {}, port: 0 };
  const failure = await startServer(options).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "PUFF_SCHEMA_IMPORT", message: expect.stringContaining(message) });
});
