/** A connection of the limit server: pg authenticates, and from then on the socket is read and written by hand. */
import { Socket } from "node:net";
import { Client } from "pg";

/** Takes the rows of one run, as the bodies of DataRow messages, and is told of the end. What it is given changes afterwards. */
export interface Receiver {
  row(buffer: Buffer, offset: number): void;
  end(): void;
}

/** A run that is to be sent. */
export interface Run {
  /** Its Bind and Execute. */
  readonly messages: Buffer;
  readonly receiver: Receiver;
}

/** All connections are read into it, in turns. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** Statements are prepared once and then pipelined: a run is one Bind and Execute, and those sent together share a Sync. */
export class LimitConnection {
  readonly #socket: Socket;
  readonly #queue: Receiver[] = [];
  /** What was received of an answer that is not whole. */
  #kept = Buffer.alloc(0);
  #keptLength = 0;
  /** Where its messages were looked at up to. */
  #looked = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Statements by name. */
  static async open(url: string, statements: ReadonlyMap<string, string>): Promise<LimitConnection> {
    let opened: LimitConnection | null = null;
    const callback = (length: number): boolean => {
      const bytes = readBuffer.subarray(0, length);
      if (opened === null) {
        socket.emit("data", Buffer.from(bytes)); // for pg
      } else {
        opened.#read(bytes);
      }
      return true;
    };
    const socket = new Socket({ onread: { buffer: readBuffer, callback } });
    const client = new Client({ connectionString: url, options: "-c jit=off", stream: () => socket });
    await client.connect();
    opened = new LimitConnection(socket);
    for (const [name, text] of statements) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const messages = message("P", `${name}\0${text}\0`, Buffer.alloc(2));
      opened.send([{ messages, receiver: { row: () => undefined, end: resolve } }]);
      await promise;
    }
    return opened;
  }

  /** Runs that have not ended. */
  get load(): number {
    return this.#queue.length;
  }

  /** Sends runs with one Sync. */
  send(runs: readonly Run[]): void {
    this.#queue.push(...runs.map(({ receiver }) => receiver));
    this.#socket.write(Buffer.concat([...runs.map(({ messages }) => messages), sync]));
  }

  /** Gives each answer to its receiver once it is whole: where one read has it, nothing is copied. */
  #read(received: Buffer): void {
    let chunk = received;
    let at = 0;
    const isKept = this.#keptLength > 0;
    if (isKept) {
      this.#keep(received, this.#keptLength);
      chunk = this.#kept.subarray(0, this.#keptLength);
      at = this.#looked;
    }
    let from = 0;
    while (at + 5 <= chunk.length) {
      const next = at + 1 + chunk.readInt32BE(at + 1);
      if (next > chunk.length) {
        break;
      }
      switch (chunk[at]) {
        case 0x31: // ParseComplete
        case 0x43: // CommandComplete
          this.#end(chunk, from, at);
          from = next;
          break;
        case 0x45: // ErrorResponse
          throw new Error(chunk.toString("latin1", at + 5, next));
        default:
      }
      at = next;
    }
    this.#looked = at - from;
    if (isKept) {
      this.#kept.copyWithin(0, from, this.#keptLength);
      this.#keptLength -= from;
    } else {
      this.#keep(chunk.subarray(from), 0);
    }
  }

  #end(chunk: Buffer, from: number, end: number): void {
    const receiver = this.#queue.shift();
    for (let at = from; at < end; at += 1 + chunk.readInt32BE(at + 1)) {
      if (chunk[at] === 0x44) {
        receiver?.row(chunk, at + 5);
      }
    }
    receiver?.end();
  }

  #keep(bytes: Buffer, at: number): void {
    if (at + bytes.length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (at + bytes.length));
      this.#kept.copy(larger, 0, 0, at);
      this.#kept = larger;
    }
    bytes.copy(this.#kept, at);
    this.#keptLength = at + bytes.length;
  }
}

/** Bind and Execute of a prepared statement; parameters and rows are text. */
export function runMessages(name: string, params: readonly string[]): Buffer {
  const values = params.flatMap((param) => [int32(Buffer.byteLength(param)), Buffer.from(param)]);
  return Buffer.concat([
    message("B", `\0${name}\0`, Buffer.concat([int16(0), int16(params.length), ...values, int16(0)])),
    message("E", "\0", int32(0)),
  ]);
}

function message(type: string, text: string, rest: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(text), rest]);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const sync = message("S", "");
