/**
 * The frames on the channel to a Python process: length, kind, count of parts, two numbers and a float, then the lengths of
 * the parts, then the parts. All are little-endian. `_puff_cpython/channel.py` is the other end.
 */
import type {
  InterpreterSettings,
  JobOutcome,
  LogRecord,
  Receipt,
  ServiceAnswer,
  ServiceCall,
  ToMain,
  ToWorker,
  WireJob,
} from "../protocol/messages.ts";

/** What is sent. */
const To = { job: 1, cancel: 2, answer: 3, ping: 4, settings: 5 } as const;
/** What comes. */
const From = { ready: 1, refused: 2, result: 3, call: 4, ended: 5, receipt: 6, log: 7 } as const;
/** How a job ended, as `_puff_cpython/door.py` has it. */
const How = { answered: 0, deadline: 1, computed: 2, raised: 3 } as const;

const headBytes = 23;
/** A frame of fewer bytes is sent as one piece. */
const smallBytes = 16_384;
const noBytes = Buffer.alloc(0);

/** The frames of a message, in pieces to be written one after the other. */
export function encode(message: ToWorker): Uint8Array[] {
  switch (message.kind) {
    case "jobs":
      return message.jobs.flatMap(encodeJob);
    case "cancel":
      return message.ids.flatMap((id) => frame(To.cancel, id, 0, 0, []));
    case "answers":
      return message.answers.flatMap(encodeAnswer);
    case "ping":
      return frame(To.ping, 0, 0, 0, []);
  }
}

/** @param sitePackages - folders with installed packages, besides those of the Python itself */
export function encodeSettings(settings: InterpreterSettings, sitePackages: readonly string[]): Uint8Array[] {
  return frame(To.settings, 0, 0, 0, [Buffer.from(JSON.stringify({ ...settings, sitePackages }))]);
}

function encodeJob(job: WireJob): Uint8Array[] {
  const flags = (job.kind === "call" ? 1 : 0) | (job.repeatable ? 2 : 0);
  const parts =
    job.kind === "batch" ? [Buffer.from(job.json)] : [Buffer.from(job.target), Buffer.from(job.args), ...job.buffers];
  return frame(To.job, job.id, flags, job.deadline ?? -1, parts);
}

function encodeAnswer({ call, json, buffers, wantsReceipt }: ServiceAnswer): Uint8Array[] {
  return frame(To.answer, call, wantsReceipt ? 1 : 0, 0, [Buffer.from(json), ...buffers]);
}

/** A frame, in pieces to be written one after the other. */
export function frame(kind: number, a: number, b: number, number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const bodyAt = headBytes + 4 * parts.length;
  const size = parts.reduce((sum, part) => sum + part.length, bodyAt);
  const isSmall = size < smallBytes;
  const head = Buffer.allocUnsafe(isSmall ? size : bodyAt);
  head.writeUInt32LE(size, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt16LE(parts.length, 5);
  head.writeInt32LE(a, 7);
  head.writeInt32LE(b, 11);
  head.writeDoubleLE(number, 15);
  let at = headBytes;
  for (const part of parts) {
    at = head.writeUInt32LE(part.length, at);
  }
  if (!isSmall) {
    return [head, ...parts];
  }
  for (const part of parts) {
    head.set(part, at);
    at += part.length;
  }
  return [head];
}

/** A frame that has arrived. */
export interface Frame {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly number: number;
  readonly parts: readonly Buffer[];
}

/** Puts together what arrives in chunks. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #have = 0;
  /** Bytes of the first frame; it is looked at when they are there. */
  #need = 4;

  /** The frames that are whole now. */
  take(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) {
      return [];
    }
    const data = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#have);
    const frames: Frame[] = [];
    let at = 0;
    this.#need = 4;
    while (data.length - at >= 4) {
      const size = data.readUInt32LE(at);
      if (data.length - at < size) {
        this.#need = size;
        break;
      }
      frames.push(readFrame(data.subarray(at, at + size)));
      at += size;
    }
    const rest = data.subarray(at);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#have = rest.length;
    return frames;
  }
}

/** Tells the messages that arrive. */
export class Decoder {
  readonly #reader = new FrameReader();
  readonly #tell: (message: ToMain) => void;

  constructor(tell: (message: ToMain) => void) {
    this.#tell = tell;
  }

  take(chunk: Buffer): void {
    const told = new Told();
    for (const each of this.#reader.take(chunk)) {
      told.add(each);
    }
    for (const message of told.messages()) {
      this.#tell(message);
    }
  }
}

/** The frames that arrived together, by kind, in the order in which a worker thread tells them. */
class Told {
  readonly #logs: LogRecord[] = [];
  readonly #states: ToMain[] = [];
  readonly #calls: ServiceCall[] = [];
  readonly #receipts: Receipt[] = [];
  readonly #ended: number[] = [];
  readonly #results: JobOutcome[] = [];

  add({ kind, a, b, number, parts }: Frame): void {
    const text = (index: number) => (parts[index] ?? noBytes).toString();
    switch (kind) {
      case From.ready: {
        const { problem, ...loaded } = JSON.parse(text(0));
        this.#states.push({ kind: "ready", ...loaded }, { kind: "image", problem });
        break;
      }
      case From.refused:
        this.#states.push({ kind: "refused", error: JSON.parse(text(0)) });
        break;
      case From.result:
        this.#results.push(outcomeOf(a, b, number, parts));
        break;
      case From.call: {
        const call = { call: a, greenlet: b, service: text(0), method: text(1), args: text(2) };
        this.#calls.push({ ...call, buffers: copies(parts.slice(3)) });
        break;
      }
      case From.ended:
        this.#ended.push(a);
        break;
      case From.receipt:
        this.#receipts.push({ call: a, claimed: b === 1 });
        break;
      case From.log:
        this.#logs.push({ level: text(0), logger: text(1), message: text(2) });
        break;
    }
  }

  messages(): ToMain[] {
    return [
      ...some(this.#logs, (records) => ({ kind: "logs", records })),
      ...this.#states,
      ...some(this.#calls, (calls) => ({ kind: "serviceCalls", calls })),
      ...some(this.#receipts, (receipts) => ({ kind: "receipts", receipts })),
      ...some(this.#ended, (greenlets) => ({ kind: "ended", greenlets })),
      ...some(this.#results, (results) => ({ kind: "results", results })),
    ];
  }
}

function some<T>(found: readonly T[], message: (found: readonly T[]) => ToMain): ToMain[] {
  return found.length === 0 ? [] : [message(found)];
}

function readFrame(data: Buffer): Frame {
  const count = data.readUInt16LE(5);
  const parts: Buffer[] = [];
  let at = headBytes + 4 * count;
  for (let index = 0; index < count; index++) {
    const length = data.readUInt32LE(headBytes + 4 * index);
    parts.push(data.subarray(at, at + length));
    at += length;
  }
  const [kind = 0, a, b, number] = [data[4], data.readInt32LE(7), data.readInt32LE(11), data.readDoubleLE(15)];
  return { kind, a, b, number, parts };
}

function outcomeOf(id: number, how: number, number: number, parts: readonly Buffer[]): JobOutcome {
  const text = (parts[0] ?? noBytes).toString();
  switch (how) {
    case How.answered:
      return parts.length === 1 ? { id, json: text } : { id, json: text, buffers: copies(parts.slice(1)) };
    case How.deadline:
      return { id, failure: "deadline" };
    case How.computed:
      return { id, failure: "computed", limit: number };
    default:
      return { id, failure: "raised", message: text };
  }
}

/** Buffers of their own, as from a thread: they may be kept, and given away. */
function copies(parts: readonly Buffer[]): Uint8Array[] {
  return parts.map((part) => new Uint8Array(part));
}
