/** Many bodies that wait for their ends: what they take is bounded in all, and an address leaves room for others. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { BodyRoom } from "../../gateway/fairness/body-room.ts";
import { Body } from "../../gateway/http/messages/body.ts";
import { startReferenceServer } from "../support/servers/http.ts";

const size = 400_000;
const room = new BodyRoom(size, 25);
const server = await startReferenceServer({ bodyLimit: 200_000, bodyRoom: room });
afterAll(() => server.close());

/** Sends a body but for its last byte. */
async function send(localAddress: string, bytes = 50_000): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(server.url).port), localAddress });
  onTestFinished(() => void socket.destroy());
  socket.setEncoding("utf8").on("error", () => undefined);
  await once(socket, "connect");
  const query = `{"query":"{ hello }"${" ".repeat(bytes - 21)}}`;
  const head = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${bytes + 1}\r\n`;
  socket.write(`POST /graphql HTTP/1.1\r\n${head}\r\n${query}`);
  return socket;
}

async function answerOf(socket: Socket): Promise<string> {
  const [text] = await once(socket, "data");
  return String(text);
}

test("an address leaves a quarter of the room, and what waits is answered when it is whole", async () => {
  const waiting: Socket[] = [];
  for (let held = 50_000; held <= 250_000; held += 50_000) {
    waiting.push(await send("127.0.0.1"));
    await vi.waitFor(() => expect(room.free).toBe(size - held));
  }
  const refused = await answerOf(await send("127.0.0.1", 60_000));
  expect(refused).toMatch(/^HTTP\/1.1 503 /);
  expect(refused).toMatch(/retry-after: 1/i);
  expect(refused).toMatch(/connection: close/i);
  expect(refused).toContain("PUFF_BODIES_BUSY");
  const other = await send("127.0.0.2");
  for (const socket of [other, ...waiting]) {
    socket.write(" ");
    expect(await answerOf(socket)).toContain("Hello, world!");
  }
  expect(room.free).toBe(size);
});

test("what clients leave behind is given back", async () => {
  const sockets = await Promise.all(Array.from({ length: 3 }, () => send("127.0.0.1")));
  await vi.waitFor(() => expect(room.free).toBe(size - 150_000));
  for (const socket of sockets) {
    socket.destroy();
  }
  await vi.waitFor(() => expect(room.free).toBe(size));
  expect(await answerOf(await send("127.0.0.1", 250_000))).toContain("PUFF_BODY_TOO_LARGE");
  await vi.waitFor(() => expect(room.free).toBe(size));
});

test("a body gives back what it took, however it ends", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), bytes: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ kind: fc.constant("take" as const), bytes: fc.integer({ min: 1, max: 500 }) }),
  );
  const client = { connection: {}, address: "192.0.2.1" };
  const property = fc.asyncProperty(
    fc.array(step),
    fc.constantFrom("end", "destroy", "neither"),
    async (steps, end) => {
      const own = new BodyRoom(1_000, 25);
      const stream = new PassThrough().on("error", () => undefined);
      const body = new Body(stream, { room: own, client });
      body.begin();
      for (const { kind, bytes } of steps) {
        if (kind === "write") {
          stream.write(Buffer.alloc(bytes));
        } else {
          body.take(bytes);
        }
        await new Promise(setImmediate);
        expect(own.free).toBeGreaterThanOrEqual(0);
      }
      if (end !== "neither") {
        stream[end]();
      }
      await new Promise(setImmediate);
      body.drop();
      stream.write(Buffer.alloc(10), () => undefined);
      await new Promise(setImmediate);
      expect(own.free).toBe(1_000);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
