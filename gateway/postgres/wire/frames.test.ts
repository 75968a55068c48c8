import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameSplitter, type RowSink } from "./frames.ts";

/** A message: its type, its body, and for rows whether they go to the sink. */
interface Frame {
  readonly type: string;
  readonly body: Uint8Array;
}

const frames = fc.array(
  fc.record({
    type: fc.constantFrom("D", "D", "D", "T", "C", "Z", "N", "S", "E"),
    body: fc.uint8Array({ maxLength: 40 }),
  }),
  { maxLength: 30 },
);

test("frames come out whole and in order wherever the stream is cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat({ max: 60 })), (sent, cuts) => {
      expect(receive(cut(Buffer.concat(sent.map(encode)), cuts))).toEqual(expected(sent));
    }),
    { numRuns: 2_000 },
  );
});

test("a stream that comes byte by byte yields the same", () => {
  const sent: Frame[] = ["T", "D", "D", "C", "Z"].map((type, at) => ({ type, body: Buffer.alloc(at * 7, at) }));
  const stream = Buffer.concat(sent.map(encode));
  expect(receive([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected(sent));
});

test("rows that follow on one another go together, and one that is cut is joined from chunks that have changed since", () => {
  const whole = encode({ type: "D", body: Buffer.alloc(100, 1) });
  const runs: Buffer[] = [];
  const sink: RowSink = { add: (buffer, start, end) => runs.push(Buffer.from(buffer.subarray(start, end))) };
  const splitter = new FrameSplitter({ sink }, () => undefined);
  const readBuffer = Buffer.alloc(300);
  for (const chunk of [Buffer.concat([whole, whole, whole.subarray(0, 50)]), whole.subarray(50)]) {
    chunk.copy(readBuffer);
    splitter.push(readBuffer.subarray(0, chunk.length));
    readBuffer.fill(0xff);
  }
  expect(runs).toEqual([Buffer.concat([whole, whole]), whole]);
});

test("a row of many chunks is joined once", () => {
  const row = encode({ type: "D", body: Buffer.alloc(50_000_000, 7) });
  const received = receive(
    cut(
      row,
      Array.from({ length: 2_000 }, () => 65_536),
    ),
    true,
  );
  expect(received).toHaveLength(1);
});

test.each([0, 3, -1])("a length of %i is refused", (length) => {
  const header = Buffer.from([0x5a, 0, 0, 0, 0]);
  header.writeInt32BE(length, 1);
  const splitter = new FrameSplitter({ sink: null }, () => undefined);
  expect(() => splitter.push(header)).toThrow(RangeError);
});

/** A `T` opens the sink and a `C` closes it, as a statement's description and end do. */
function receive(chunks: readonly Buffer[], open = false): string[] {
  const received: string[] = [];
  const sink: RowSink = {
    add: (buffer, start, end) => {
      for (let at = start; at < end; ) {
        const next = at + 1 + buffer.readInt32BE(at + 1);
        received.push(`row ${buffer.toString("hex", at + 5, next)}`);
        at = next;
      }
    },
  };
  const target = { sink: open ? sink : null };
  const splitter = new FrameSplitter(target, (messages) => {
    for (let at = 0; at < messages.length; ) {
      const end = at + 1 + messages.readInt32BE(at + 1);
      const type = String.fromCharCode(messages[at] ?? 0);
      received.push(`${type} ${messages.toString("hex", at + 5, end)}`);
      target.sink = type === "T" ? sink : type === "C" ? null : target.sink;
      at = end;
    }
  });
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    splitter.push(bytes);
    bytes.fill(0xff); // the next chunk is read into the same memory
  }
  return received;
}

function expected(sent: readonly Frame[]): string[] {
  let open = false;
  return sent.map(({ type, body }) => {
    open = type === "T" || (type !== "C" && open);
    return `${type === "D" && open ? "row" : type} ${Buffer.from(body).toString("hex")}`;
  });
}

function encode({ type, body }: Frame): Buffer {
  const header = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** Pieces of the given lengths, over and over. */
function cut(stream: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const length = lengths.some((one) => one > 0) ? (lengths[i % lengths.length] ?? 0) : stream.length;
    pieces.push(stream.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
