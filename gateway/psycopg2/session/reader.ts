/** Reads what Postgres answers to a simple query. Pure: messages in, outcomes out; it knows no socket. */
import type { Tap } from "../../postgres/index.ts";
import { Latest } from "./latest.ts";
import type { ColumnTuple, Fields, News, Outcome, StatementResult } from "./outcome.ts";
import { RowCells } from "./row-cells.ts";

/** What is finished of a statement: the outcome, and its buffers. */
export interface Finished {
  readonly outcome: Outcome;
  readonly buffers: readonly Uint8Array[];
}

export interface ReaderEvents {
  /** The statement has ended, or waits for COPY data, or has some to be read. */
  finished(finished: Finished): void;
  /** Data of COPY TO. */
  copyData(data: Buffer): void;
  /** There is some. */
  news(): void;
}

const headerLength = 5;
const empty: StatementResult = { kind: "empty" };

/** Its `add` and `push` get all messages, in their order. */
export class AnswerReader implements Tap {
  /** Parameters of the session as Postgres last reported them. */
  readonly parameters: { [name: string]: string } = {};
  readonly #events: ReaderEvents;
  status: News["status"] = "I";
  #result: StatementResult = empty;
  #rows = new RowCells();
  /** Texts before the one that is wanted. */
  #ahead = 0;
  /** Of the statement whose rows come now; null: none is described. */
  #columns: readonly ColumnTuple[] | null = null;
  readonly #notices = new Latest<Fields>();
  readonly #notifies = new Latest<readonly [number, string, string]>();
  #changed: { [name: string]: string } | null = null;

  constructor(events: ReaderEvents) {
    this.#events = events;
  }

  add(buffer: Buffer, start: number, end: number): void {
    this.#rows.add(buffer, start, end);
  }

  push(messages: Buffer): void {
    let at = 0;
    while (at + headerLength <= messages.length) {
      const end = at + 1 + messages.readInt32BE(at + 1);
      this.#read(
        String.fromCharCode(messages[at] as number),
        new MessageBody(messages, at + headerLength, end, this.#utf8),
      );
      at = end;
    }
    if (this.hasNews) {
      this.#events.news();
    }
  }

  /** How many texts were sent at once. The last one's outcome is wanted. */
  begin(texts: number): void {
    this.status = "A";
    this.#ahead = texts - 1;
    this.#reset();
  }

  get hasNews(): boolean {
    return !this.#notices.isEmpty || !this.#notifies.isEmpty || this.#changed !== null;
  }

  /** What is new since it was last asked for. */
  news(): News {
    const news = {
      status: this.status,
      ...(this.#notices.isEmpty ? {} : { notices: this.#notices.take() }),
      ...(this.#notifies.isEmpty ? {} : { notifies: this.#notifies.take() }),
      ...(this.#changed === null ? {} : { parameters: this.#changed }),
    };
    this.#changed = null;
    return news;
  }

  #reset(): void {
    this.#result = empty;
    this.#rows = new RowCells();
    this.#columns = null;
  }

  /** Of other encodings the bytes are handed on as they are, one character each. */
  get #utf8(): boolean {
    return (this.parameters["client_encoding"] ?? "UTF8") === "UTF8";
  }

  #read(type: string, body: MessageBody): void {
    switch (type) {
      case "T":
        this.#reset();
        this.#columns = readColumns(body);
        break;
      case "C":
        this.#complete(body.text());
        break;
      case "I":
        this.#result = empty;
        break;
      case "E":
        this.#result = { kind: "error", fields: readFields(body) };
        break;
      case "N":
        this.#notices.add(readFields(body), body.size);
        break;
      case "A":
        this.#notifies.add([body.int32(), body.text(), body.text()], body.size);
        break;
      case "S":
        this.#setParameter(body.text(), body.text());
        break;
      case "G":
        this.#pause("copyIn");
        break;
      case "H":
        this.#pause("copyOut");
        break;
      case "W":
        this.#pause("copyBoth");
        break;
      case "d":
        this.#events.copyData(Buffer.from(body.rest()));
        break;
      case "Z":
        this.#endText(body.text() as News["status"]); // one of the three by the protocol
        break;
      default: // CopyDone, what it ends is told by CommandComplete
    }
  }

  #complete(tag: string): void {
    // As with libpq, a text of several statements has the result of the last.
    if (this.#result.kind === "error") {
      return;
    }
    if (this.#columns !== null) {
      this.#result = this.#rows.overflowed
        ? tooLarge
        : { kind: "rows", tag, columns: this.#columns, count: this.#rows.count };
      this.#columns = null;
    } else {
      this.#result = { kind: "command", tag };
    }
  }

  #endText(status: News["status"]): void {
    if (this.#ahead > 0) {
      this.#ahead--;
      this.#reset();
    } else {
      this.status = status;
      this.#finish();
    }
  }

  #setParameter(name: string, value: string): void {
    this.parameters[name] = value;
    this.#changed ??= {};
    this.#changed[name] = value;
  }

  #pause(kind: "copyIn" | "copyOut" | "copyBoth"): void {
    this.#result = { kind };
    this.#finish();
  }

  #finish(): void {
    const result = this.#result;
    const buffers = result.kind === "rows" ? this.#rows.buffers() : [];
    this.#reset();
    this.#events.finished({ outcome: { result, ...this.news() }, buffers });
  }
}

const tooLarge: StatementResult = {
  kind: "error",
  fields: {
    S: "ERROR",
    C: "54000",
    M: "the result takes more than 512 MB",
    H: "Ask for fewer rows, or read them in parts through a named cursor.",
  },
};

function readColumns(body: MessageBody): ColumnTuple[] {
  return Array.from({ length: body.int16() }, () => {
    const name = body.text();
    const table = body.int32() >>> 0;
    const number = body.int16();
    const oid = body.int32() >>> 0;
    const size = body.int16();
    const modifier = body.int32();
    body.int16(); // the format, always text here
    return [name, oid, size, modifier, table, number] as const;
  });
}

function readFields(body: MessageBody): Fields {
  const fields: { [letter: string]: string } = {};
  for (let letter = body.byte(); letter !== 0; letter = body.byte()) {
    fields[String.fromCharCode(letter)] = body.text();
  }
  return fields;
}

class MessageBody {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #utf8: boolean;
  /** In bytes. */
  readonly size: number;
  #at: number;

  constructor(buffer: Buffer, at: number, end: number, utf8: boolean) {
    this.size = end - at;
    this.#buffer = buffer;
    this.#at = at;
    this.#end = end;
    this.#utf8 = utf8;
  }

  byte(): number {
    return this.#at < this.#end ? this.#buffer.readUInt8(this.#at++) : 0;
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** Up to the next NUL, or the message's end. */
  text(): string {
    const nul = this.#buffer.indexOf(0, this.#at);
    const end = nul === -1 || nul >= this.#end ? this.#end : nul;
    const text = this.#buffer.toString(this.#utf8 ? "utf8" : "latin1", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  rest(): Buffer {
    return this.#buffer.subarray(this.#at, this.#end);
  }
}
