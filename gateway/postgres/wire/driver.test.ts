/**
 * The parts of pg that it does not promise to keep, and `driver.d.ts` and `connection.ts` stand on. pg is pinned to one
 * version; where an update changes one of them, this says which.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Client, Connection, type Submittable } from "pg";
import manifest from "pg/package.json" with { type: "json" };
import { afterEach, expect, test } from "vitest";
import project from "../../../package.json" with { type: "json" };

const changed = (what: string): string =>
  `pg ${manifest.version} has changed what the gateway stands on: ${what}. ` +
  "Adapt gateway/postgres/wire before you update it.";

/** A message from Postgres. */
function message(type: string, body: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

const int32 = (...numbers: number[]): Buffer => Buffer.from(Int32Array.from(numbers).buffer).swap32();
const greeting = Buffer.concat([
  message("R", int32(0)),
  message("S", "server_version\0" + "18.1\0"),
  message("K", int32(4711, 42)),
  message("Z", "I"),
]);
const answer = Buffer.concat([
  message("1"),
  message("t", Buffer.from([0, 1, 0, 0, 0, 23])),
  message("n"),
  message("2"),
  message("I"),
  message("C", "SELECT 0\0"),
  message("Z", "I"),
]);

let server: Server | null = null;
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) {
    socket.destroy();
  }
  server?.close();
});

/** A server that answers each chunk by what `answers` holds next. */
async function serve(...answers: readonly Buffer[]): Promise<number> {
  const left = [...answers];
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("data", () => socket.write(left.shift() ?? ""));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Notes which of its parts Client calls. */
class WatchedConnection extends Connection {
  readonly calls: string[] = [];

  override connect(port: number | string, host?: string): void {
    this.calls.push(`connect(${port}, ${host})`);
    super.connect(port, host);
  }

  override attachListeners(stream: Connection["stream"]): void {
    this.calls.push(stream === this.stream ? "attachListeners(stream)" : "attachListeners(another)");
    super.attachListeners(stream);
  }

  override end(): void {
    this.calls.push("end");
    super.end();
  }
}

class WatchedClient extends Client {
  override getStartupConf(): Record<string, string> {
    this.watched.calls.push("getStartupConf");
    return super.getStartupConf();
  }
  readonly watched: WatchedConnection;

  constructor(port: number, ssl: boolean) {
    const connection = new WatchedConnection();
    super({ host: "127.0.0.1", port, user: "ada", database: "blog", connection, ssl });
    this.watched = connection;
    connection.ssl = this.ssl;
    connection.sslNegotiation = this.sslNegotiation;
  }
}

test.each(["pg", "pyodide"] as const)("%s is pinned to one version", (name) => {
  expect(project.dependencies[name], "pin it exactly: the gateway stands on parts that it does not promise").toMatch(
    /^\d+(\.\d+)+$/,
  );
});

test("Client connects by what a subclass of Connection may replace", async () => {
  const client = new WatchedClient(await serve(greeting), false);
  const events: string[] = [];
  for (const event of ["parameterStatus", "readyForQuery"]) {
    client.watched.on(event, () => events.push(event));
  }
  await client.connect();
  expect(client.watched.calls, changed("how Client connects")).toEqual([
    `connect(${client.port}, 127.0.0.1)`,
    "attachListeners(stream)",
    "getStartupConf",
  ]);
  expect(events, changed("the events of a connection's start")).toEqual(["parameterStatus", "readyForQuery"]);
  expect([client.processID, client.secretKey], changed("what a statement is cancelled with")).toEqual([4711, 42]);
  expect(client.getTransactionStatus(), changed("the status of the transaction")).toBe("I");
  void client.end();
  expect(client.watched.calls.at(-1), changed("how Client ends a connection")).toBe("end");
});

test("Client gives a query of another kind the answers, and the rest are events of Connection", async () => {
  const client = new WatchedClient(await serve(greeting, answer), false);
  await client.connect();
  const { watched } = client;
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const own = Object.fromEntries(
    ["handleEmptyQuery", "handleCommandComplete", "handleReadyForQuery", "handleError"].map((name) => [
      name,
      note(name),
    ]),
  );
  for (const event of ["parameterDescription", "noData", "bindComplete"]) {
    watched.on(event, note(event));
  }
  const submit = (connection: Connection): void => {
    expect(connection, changed("which connection a query is given")).toBe(watched);
    calls.push("submit");
    connection.stream.cork();
    watched.parse({ name: "one", text: "SELECT $1", types: [23] });
    watched.describe({ type: "S", name: "one" });
    watched.bind({ statement: "one", values: ["1"] });
    watched.execute(null);
    watched.sync();
    connection.stream.uncork();
  };
  const drained = once(client, "drain");
  client.query({ ...own, submit } as Submittable); // it has the methods that Client calls
  await drained;
  expect(calls, changed("what becomes of the messages that answer a query")).toEqual([
    "submit",
    "parameterDescription",
    "noData",
    "bindComplete",
    "handleEmptyQuery",
    "handleCommandComplete",
    "handleReadyForQuery",
  ]);
  await client.end();
});

test("the server's first byte, and the end of its stream, can be seen before pg fails for them", async () => {
  for (const [bytes, ends] of [
    [Buffer.from("N"), false],
    [null, true],
  ] as const) {
    const client = new WatchedClient(await serve(bytes ?? greeting), !ends);
    const seen: string[] = [];
    const { watched } = client;
    watched.stream.once("data", () => seen.push("data"));
    watched.stream.once("close", () => seen.push("close"));
    watched.on("error", () => seen.push("error")).on("end", () => seen.push("end"));
    client.on("error", () => undefined);
    if (ends) {
      await client.connect();
      seen.length = 0;
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise<void>((resolve) => client.once("end", resolve));
      expect(seen, changed("when it tells the end of a connection")).toEqual(["close", "end"]);
    } else {
      await expect(client.connect()).rejects.toThrow();
      expect(seen.slice(0, 2), changed("when it tells that a server has no TLS")).toEqual(["data", "error"]);
    }
  }
});

test("Connection has what the gateway sends by", () => {
  for (const name of ["parse", "bind", "describe", "execute", "close", "sync", "sendCopyFail", "end"]) {
    expect(Connection.prototype, changed(`Connection.${name}`)).toHaveProperty(name);
  }
});
