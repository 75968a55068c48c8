/**
 * Subscribers of one gateway, over WebSockets: its memory, the time from an event to the last of them, live queries
 * that all differ in their parameters, and what one that reads nothing does to the others. `npm run bench subscriptions`
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { openDatabase, type PostgresDatabase, startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { ask, freePort, ServingProcess } from "../scripts/process.ts";
import { writeReport } from "./report.ts";

const root = join(import.meta.dirname, "..");
const rounds = 10;
const schema = `
from dataclasses import dataclass
from puff import graphql
from puff.graphql import Context, Stream, sql

@dataclass
class Room:
    id: int
    value: int

@dataclass
class Query:
    @classmethod
    def ready(cls, ctx: Context, /) -> int:
        return 1

@dataclass
class Subscription:
    @classmethod
    def event(cls, ctx: Context, /) -> Stream[str]:
        return graphql.on_notify("event")

    @classmethod
    def other(cls, ctx: Context, /) -> Stream[str]:
        return graphql.on_notify("other")

    @classmethod
    def room(cls, ctx: Context, /, id: int) -> Stream[Room]:
        return graphql.live(sql("SELECT id, value FROM room WHERE id = $1", id), on_notify="room")

@dataclass
class Schema:
    query: Query
    subscription: Subscription
`;

await using stack = new AsyncDisposableStack();
const { url, database } = await startDatabase();
const { gatewayUrl, pid } = await startGateway();
const rows: (string | number)[][] = [];

const resting = await residentMemory();
const listeners = await subscribe(10_000, () => ["subscription { event }", {}]);
const held = await residentMemory();
await measure("one event to 10,000 subscribers", listeners, "NOTIFY event, 'x'", held - resting);
await leave(listeners);

for (const count of [5_000, 10_000]) {
  const live = await subscribe(count, (index) => [
    "subscription ($id: Int!) { room(id: $id) { id value } }",
    { id: index + 1 },
  ]);
  await allHave(live, 1); // the first answer
  const memory = await residentMemory();
  const change = "BEGIN; UPDATE room SET value = value + 1; NOTIFY room; COMMIT";
  await measure(`${count} live queries with different parameters`, live, change, memory - resting);
  await leave(live);
}

writeReport({
  name: "subscriptions",
  title: `Subscribers over WebSockets, one gateway process, ${rounds} events`,
  columns: [
    "what",
    "p50 ms",
    "p99 ms",
    "mean ms",
    "gateway's CPU ms an event",
    "statements an event",
    "entries into Python an event",
    "memory MB",
    "memory of the whole process MB",
  ],
  rows,
});

await compareStalled();

interface Client {
  readonly socket: WebSocket;
  received: number;
  /** When the last answer came. */
  at: number;
}

/** Sends events one at a time; the time of each is from just before it is sent to the arrival at each client. */
async function measure(name: string, clients: readonly Client[], event: string, memory: number): Promise<void> {
  const before = await transactions();
  const entriesBefore = await pythonEntries();
  const cpuBefore = await processorTime();
  const times = await send(clients, event, rounds);
  const cpu = ((await processorTime()) - cpuBefore) / rounds;
  const entries = ((await pythonEntries()) - entriesBefore) / rounds;
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  // Of these, one a round is the event itself.
  const statements = ((await transactions()) - before) / rounds - 1;
  rows.push([
    name,
    quantile(times, 0.5).toFixed(0),
    quantile(times, 0.99).toFixed(0),
    mean.toFixed(0),
    cpu.toFixed(0),
    statements.toFixed(1),
    entries,
    megabytes(memory),
    megabytes(memory + resting),
  ]);
}

/** Milliseconds to each client of each event. */
async function send(clients: readonly Client[], event: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    const wanted = (clients[0]?.received ?? 0) + 1;
    const started = performance.now();
    await database.run(event);
    await allHave(clients, wanted);
    times.push(...clients.map(({ at }) => at - started));
  }
  return times;
}

/** Two channels of equal subscribers in turns, of which one has a further subscriber that reads nothing. */
async function compareStalled(): Promise<void> {
  const alone = { clients: await subscribe(50, () => ["subscription { event }", {}]), times: [] as number[] };
  const beside = { clients: await subscribe(50, () => ["subscription { other }", {}]), times: [] as number[] };
  const turn = async ({ clients }: typeof alone) =>
    await send(clients, `NOTIFY ${clients === alone.clients ? "event" : "other"}, '${"x".repeat(7_000)}'`, 250);
  for (let warm = 0; warm < 2; warm++) {
    await turn(alone); // so that neither is the first
    await turn(beside);
  }
  const before = await residentMemory();
  let most = before;
  for (let round = 0; round < 3; round++) {
    const [stalled] = await subscribe(1, () => ["subscription { other }", {}]);
    stalled?.socket.pause();
    for (let turns = 0; turns < 4; turns++) {
      alone.times.push(...(await turn(alone)));
      beside.times.push(...(await turn(beside)));
      most = Math.max(most, await residentMemory());
    }
    const closed = stalled && once(stalled.socket, "close");
    stalled?.socket.resume();
    const [code] = (await closed) ?? [];
    // What waits for it has come to its limit, or a ping was not answered in time, whichever was first.
    assert.ok(code === 4413 || code === 1006, `closed with ${code}`);
  }
  await leave([...alone.clients, ...beside.clients]);
  const [alone99, beside99] = [quantile(alone.times, 0.99), quantile(beside.times, 0.99)];
  writeReport({
    name: "stalled-reader",
    title: "3,000 events of 7 kB to 50 subscribers, and beside them to one that reads nothing",
    columns: ["what", "p50 ms", "p99 ms", "p99, of that without", "memory of the whole process MB, at most"],
    rows: [
      ["without it", quantile(alone.times, 0.5).toFixed(2), alone99.toFixed(2), "1.00", megabytes(before)],
      [
        "beside it",
        quantile(beside.times, 0.5).toFixed(2),
        beside99.toFixed(2),
        (beside99 / alone99).toFixed(2),
        megabytes(most),
      ],
    ],
  });
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.floor((times.length - 1) * share)] ?? 0;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

async function subscribe(
  count: number,
  operation: (index: number) => [query: string, variables: object],
): Promise<Client[]> {
  const clients: Client[] = [];
  for (let from = 0; from < count; from += 200) {
    const opened = Array.from({ length: Math.min(200, count - from) }, async (_, index) => {
      const [query, variables] = operation(from + index);
      clients.push(await open(query, variables));
    });
    await Promise.all(opened);
  }
  await sleep(2_000); // until the last of them listens
  return clients;
}

async function open(query: string, variables: object): Promise<Client> {
  const socket = new WebSocket(`${gatewayUrl.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    perMessageDeflate: false,
  });
  const client: Client = { socket, received: 0, at: 0 };
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  await once(socket, "message");
  socket.on("message", (data: Buffer) => {
    assert.ok(data.includes('"type":"next"') && !data.includes('"errors"'), data.toString());
    client.received++;
    client.at = performance.now();
  });
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables } }));
  return client;
}

async function allHave(clients: readonly Client[], count: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (clients.some(({ received }) => received < count)) {
    assert.ok(performance.now() < deadline, "an answer did not come within a minute");
    await sleep(5);
  }
}

async function leave(clients: readonly Client[]): Promise<void> {
  for (const { socket } of clients) {
    socket.terminate();
  }
  await sleep(2_000);
}

/** Transactions that the database has committed: each statement of a live query is one. */
async function transactions(): Promise<number> {
  await sleep(11_000); // a session that is idle tells Postgres within 10 s
  const answer = await database.query({
    text: "SELECT xact_commit::int FROM pg_stat_database WHERE datname = current_database()",
    params: [],
  });
  answer.seek(0);
  return Number(answer.text(0));
}

async function pythonEntries(): Promise<number> {
  const figures = await (await fetch(`${gatewayUrl}/metrics`)).text();
  const counted = [...figures.matchAll(/^puff_python_batches_total\{.*\} (\d+)$/gm)];
  assert.ok(counted.length > 0, "the entries into Python were not counted");
  return counted.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Milliseconds that the gateway has used of the processors. */
async function processorTime(): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
  return (user + system) * 10; // ticks of a hundredth of a second
}

async function residentMemory(): Promise<number> {
  await sleep(1_000);
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function startDatabase(): Promise<{ url: string; database: PostgresDatabase }> {
  const folder = join(root, ".puff/bench-postgres");
  const server = await startEmbeddedPostgres({ folder, onLog: () => undefined });
  stack.defer(() => server.stop());
  const opened = await openDatabase({
    url: server.url,
    ...{ poolSize: 2, queueLimit: 10, acquireTimeout: 10_000, statementTimeout: 60_000, maxRows: 10 },
    connectDeadline: 10_000,
  });
  stack.defer(() => opened.close());
  await opened.run(
    "DROP TABLE IF EXISTS room; CREATE TABLE room AS SELECT id, 0 AS value FROM generate_series(1, 10000) AS id",
  );
  await opened.run("ALTER TABLE room ADD PRIMARY KEY (id)");
  await opened.run("ANALYZE room");
  return { url: server.url, database: opened };
}

async function startGateway(): Promise<{ gatewayUrl: string; pid: number }> {
  const folder = await mkdtemp(join(tmpdir(), "puff-bench-"));
  stack.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "schema.py"), schema);
  const port = await freePort();
  const flags = [
    "--schema",
    join(folder, "schema.py"),
    "--database-url",
    url,
    "--port",
    String(port),
    "--log-level",
    "warn",
    "--metrics",
  ];
  const serving = new ServingProcess(process.execPath, [join(root, "bin/puff-gateway.js"), ...flags], {
    stdio: "inherit",
  });
  stack.defer(() => serving.stop());
  const served = `http://127.0.0.1:${port}`;
  await serving.until(async () => (await ask(`${served}/graphql`, "{ ready }")).includes("1"), 60_000);
  return { gatewayUrl: served, pid: serving.pid };
}
