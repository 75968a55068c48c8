/** A connection of the limit server: pg authenticates, and from then on the socket is read and written by hand. */
import type { Socket } from "node:net";
import { Client } from "pg";

/** Takes the rows of one run, as the bodies of DataRow messages, and is told of the end. */
export interface Receiver {
  row(buffer: Buffer, offset: number): void;
  end(): void;
}

/** Statements are prepared once and then pipelined: a run is one Bind, Execute and Sync. */
export class LimitConnection {
  readonly #socket: Socket;
  readonly #queue: Receiver[] = [];
  #rest: Buffer | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.removeAllListeners("data");
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  /** Statements by name. */
  static async open(url: string, statements: ReadonlyMap<string, string>): Promise<LimitConnection> {
    const client = new Client({ connectionString: url, options: "-c jit=off" });
    await client.connect();
    // @types/pg leaves out the connection, which is public in pg.
    const { connection } = client as Client & { connection: { stream: Socket } };
    const opened = new LimitConnection(connection.stream);
    for (const [name, text] of statements) {
      const { promise, resolve } = Promise.withResolvers<void>();
      opened.run(Buffer.concat([message("P", `${name}\0${text}\0`, Buffer.alloc(2)), message("S", "")]), {
        row: () => undefined,
        end: resolve,
      });
      await promise;
    }
    return opened;
  }

  /** Runs that have not ended. */
  get load(): number {
    return this.#queue.length;
  }

  run(messages: Buffer, receiver: Receiver): void {
    this.#queue.push(receiver);
    this.#socket.write(messages);
  }

  #read(received: Buffer): void {
    const chunk = this.#rest === null ? received : Buffer.concat([this.#rest, received]);
    this.#rest = null;
    let at = 0;
    while (at + 5 <= chunk.length) {
      const next = at + 1 + chunk.readInt32BE(at + 1);
      if (next > chunk.length) {
        break;
      }
      switch (chunk[at]) {
        case 0x44: // DataRow
          this.#queue[0]?.row(chunk, at + 5);
          break;
        case 0x5a: // ReadyForQuery
          this.#queue.shift()?.end();
          break;
        case 0x45: // ErrorResponse
          throw new Error(chunk.toString("latin1", at + 5, next));
        default:
      }
      at = next;
    }
    if (at < chunk.length) {
      this.#rest = chunk.subarray(at);
    }
  }
}

/** Bind, Execute and Sync of a prepared statement; parameters and rows are text. */
export function runMessages(name: string, params: readonly string[]): Buffer {
  const values = params.flatMap((param) => [int32(Buffer.byteLength(param)), Buffer.from(param)]);
  return Buffer.concat([
    message("B", `\0${name}\0`, Buffer.concat([int16(0), int16(params.length), ...values, int16(0)])),
    message("E", "\0", int32(0)),
    message("S", ""),
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
