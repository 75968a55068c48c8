/** Random and hostile frames of a WebSocket, and messages of graphql-transport-ws within them, of at most 10 kB. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { costOf, mostCost } from "../support/cost.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

const failures: string[] = [];
const server = await startReferenceServer(
  { bodyLimit: 1_000_000, queueLimit: 1_000_000 },
  { signals: false, logger: pino({ level: "warn" }, { write: (line: string) => void failures.push(line) }) },
);
afterAll(() => server.close());

/** Codes that RFC 6455 has for broken frames, and those of the protocol. */
const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 4400, 4401, 4403, 4408, 4409, 4413, 4429];

/** One frame, right or wrong. */
interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  readonly masked: boolean;
  /** Added to the length that the frame says. */
  readonly lie: number;
  readonly payload: Buffer;
}

function encode({ opcode, fin, reserved, masked, lie, payload }: Frame): Buffer {
  const length = Math.max(0, payload.length + lie);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 255])
        : Buffer.concat([
            Buffer.from([first, mask | 127, 0, 0, 0, 0]),
            Buffer.from(new Uint32Array([length]).buffer).reverse(),
          ]);
  const key = masked ? randomBytes(4) : Buffer.alloc(0);
  return Buffer.concat([head, key, masked ? payload.map((byte, index) => byte ^ (key[index % 4] ?? 0)) : payload]);
}

const message = fc
  .oneof(
    fc.record(
      {
        type: fc.constantFrom(
          "connection_init",
          "ping",
          "pong",
          "subscribe",
          "complete",
          "next",
          "error",
          "connection_ack",
          "x",
          1,
        ),
        id: fc.constantFrom("1", "2", "", "__proto__", "constructor", "toString", 1, "x".repeat(5_000)),
        payload: fc.oneof(
          fc.constant({ query: "{ hello }" }),
          fc.constant({ query: "subscription { ticks(count: 3) }" }),
          fc.constant({ query: "subscription { silence }" }),
          fc.constant({ query: "{ slow(milliseconds: 5) }" }),
          fc.constant({ query: "{", variables: [] }),
          fc.constant({ query: "query a { hello } query b { hello }", operationName: "b", extensions: {} }),
          fc.record({ query: fc.string(), variables: fc.jsonValue() }),
          fc.jsonValue({ maxDepth: 4 }),
        ),
      },
      { requiredKeys: ["type"] },
    ),
    fc.jsonValue({ maxDepth: 4 }),
  )
  .map((value) => Buffer.from(JSON.stringify(value)));

const payload = fc.oneof(
  { weight: 4, arbitrary: message },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("[", '{"a":', '"', " ", "\xff", "\\u0000")
      .map((piece) => Buffer.from(piece.repeat(9_000 / piece.length), "latin1")),
  },
);

const right = payload.map(
  (bytes): Frame => ({ opcode: 1, fin: true, reserved: 0, masked: true, lie: 0, payload: bytes }),
);
const wrong = fc.record({
  opcode: fc.integer({ min: 0, max: 15 }),
  fin: fc.boolean(),
  reserved: fc.constantFrom(0, 0, 0, 1, 4),
  masked: fc.constantFrom(true, true, true, false),
  lie: fc.constantFrom(0, 0, 0, -1, 5, 100_000, 4_000_000),
  payload,
});
/** A message in pieces, with a ping between them. */
const fragments = fc.tuple(payload, fc.integer({ min: 1, max: 50 })).map(([bytes, count]) => {
  const size = Math.ceil(bytes.length / count);
  const pieces = Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
  return pieces.flatMap((piece, index): Frame[] => [
    { opcode: index === 0 ? 1 : 0, fin: index === count - 1, reserved: 0, masked: true, lie: 0, payload: piece },
    { opcode: 9, fin: true, reserved: 0, masked: true, lie: 0, payload: Buffer.from("ping") },
  ]);
});
const init: Frame = {
  opcode: 1,
  fin: true,
  reserved: 0,
  masked: true,
  lie: 0,
  payload: Buffer.from('{"type":"connection_init"}'),
};

const conversation = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: right.map((frame) => [frame]) },
        { weight: 2, arbitrary: wrong.map((frame) => [frame]) },
        { weight: 1, arbitrary: fragments },
      ),
      { maxLength: 12 },
    ),
  )
  .map(([begins, frames]) =>
    Buffer.concat([...(begins ? [init] : []), ...frames.flat()].map(encode)).subarray(0, 10_000),
  );

/** Sends frames after a handshake, and gives the close code; null: it stayed open. */
async function converse(sent: Buffer): Promise<number | null> {
  const { port } = new URL(server.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => undefined); // its close tells
  const upgrade =
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws";
  socket.write(
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await once(socket, "data");
  const received: Buffer[] = [];
  socket.on("data", (data: Buffer) => received.push(data));
  socket.write(sent);
  await new Promise<void>((resolve) => {
    socket.setTimeout(15, resolve);
    socket.once("close", () => resolve());
  });
  socket.destroy();
  return closeCodeIn(Buffer.concat(received));
}

/** The server's frames are whole and have no mask. */
function closeCodeIn(bytes: Buffer): number | null {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const short = (bytes[at + 1] ?? 0) & 127;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const start = at + (short === 126 ? 4 : 2);
    if (((bytes[at] ?? 0) & 15) === 8) {
      return length >= 2 ? bytes.readUInt16BE(start) : 1005;
    }
    at = start + length;
  }
  return null;
}

test("whatever comes, a socket stays or closes with a code that says why, and the server goes on", async () => {
  const witness = await new TestSocket(`${server.url}/graphql`).connected();
  await fc.assert(
    fc.asyncProperty(conversation, async (sent) => {
      failures.length = 0;
      const { result: code, cost } = await costOf(() => converse(sent));
      expect(cost).toBeLessThan(mostCost);
      expect(code === null || codes.includes(code)).toBe(true);
      expect(failures).toEqual([]);
    }),
    { numRuns: 300 },
  );
  witness.subscribe("1", "{ hello }");
  await witness.until(({ messages }) => messages.some(({ type }) => type === "complete"));
  witness.socket.terminate();
});

test.each([
  ["empty frames", { opcode: 0, fin: false, payload: Buffer.alloc(0) }],
  ["frames of one byte", { opcode: 0, fin: false, payload: Buffer.from(" ") }],
  ["pings", { opcode: 9, fin: true, payload: Buffer.alloc(0) }],
  ["pongs", { opcode: 10, fin: true, payload: Buffer.alloc(0) }],
  ["messages of ping", { opcode: 1, fin: true, payload: Buffer.from('{"type":"ping"}') }],
  ["messages of complete", { opcode: 1, fin: true, payload: Buffer.from('{"type":"complete","id":"1"}') }],
])("10 kB of %s cost little", async (_, frame) => {
  const one = encode({ reserved: 0, masked: true, lie: 0, ...frame });
  const begin = frame.opcode === 0 ? encode({ ...init, fin: false, payload: Buffer.from("{") }) : encode(init);
  const sent = Buffer.concat([begin, ...Array.from({ length: 9_900 / one.length }, () => one)]);
  const { result: code, cost } = await costOf(() => converse(sent));
  expect(cost).toBeLessThan(mostCost);
  expect(code === null || codes.includes(code)).toBe(true);
});
