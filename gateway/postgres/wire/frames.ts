/** Splits what Postgres sends into its messages. Pure: bytes in, rows and messages out; it knows no socket. */

/** Takes the rows of the statement that is running; `planner`'s RowSet is one. */
export interface RowSink {
  /** `count` rows, whose DataRow messages, one after another and each whole, are `buffer` from `start` to `end`, until it returns. */
  add(buffer: Buffer, start: number, end: number, count: number): void;
}

/** One that knows how many rows it was given, and of how many bytes the last part of them is. */
export interface CountingSink extends RowSink {
  readonly count: number;
  readonly size: number;
}

export interface RowTarget {
  /** Where rows go at this moment; null: they are messages like all others. */
  readonly sink: RowSink | null;
}

const dataRow = 0x44;
/** An ErrorResponse, which is handed over alone. */
export const errorResponse = 0x45;
/** A type byte and an Int32 length, which counts itself. */
const headerLength = 5;

/**
 * Finds the messages in a stream that may be cut anywhere. Rows go to the target's sink; all others go to `onMessages`,
 * one or several whole messages at a time, in their order, an error alone, and may change the sink. Rows that follow on one
 * another go together. A message that is whole within a chunk is not copied; one that straddles chunks is joined, alone.
 *
 * @example
 * const splitter = new FrameSplitter({ sink: rows }, (messages) => parser.parse(messages));
 * socket.on("data", (chunk) => splitter.push(chunk));
 */
export class FrameSplitter {
  readonly #target: RowTarget;
  readonly #onMessages: (messages: Buffer) => void;
  /** Beginning of a message whose end has not come yet. */
  #parts: Buffer[] = [];
  #partsLength = 0;
  /** Bytes that are needed before it is worth looking again: the header, then the whole message. */
  #needed = 0;

  constructor(target: RowTarget, onMessages: (messages: Buffer) => void) {
    this.#target = target;
    this.#onMessages = onMessages;
  }

  /**
   * Takes the next bytes. They may change afterwards, so a message that is kept must be copied.
   *
   * @throws RangeError if a message's length can't be: the stream is not Postgres's protocol.
   */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (this.#partsLength > 0) {
      const missing = this.#needed - this.#partsLength;
      if (rest.length < missing) {
        this.#keep(rest, this.#needed);
        return;
      }
      this.#parts.push(rest.subarray(0, missing)); // joined, and thus copied, at once
      this.#partsLength += missing;
      rest = rest.subarray(missing);
      const joined = Buffer.concat(this.#parts, this.#partsLength);
      const needed = messageLength(joined, 0);
      this.#parts = [];
      this.#partsLength = 0;
      if (needed > joined.length) {
        this.#keep(joined, needed);
      } else {
        this.#split(joined);
      }
    }
    this.#split(rest);
  }

  #split(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    let from = 0; // where the messages begin that have not been handed over
    while (at + headerLength <= end) {
      const length = messageLength(chunk, at);
      if (at + length > end) {
        break;
      }
      if (chunk[at] === dataRow) {
        // What came before decides where the rows go.
        if (from < at) {
          this.#onMessages(chunk.subarray(from, at));
          from = at;
        }
        const { sink } = this.#target;
        if (sink !== null) {
          let count = 1;
          from = at + length;
          for (let next = pastRow(chunk, from); next !== from; next = pastRow(chunk, from)) {
            from = next;
            count++;
          }
          sink.add(chunk, at, from, count);
          at = from;
          continue;
        }
      } else if (chunk[at] === errorResponse) {
        if (from < at) {
          this.#onMessages(chunk.subarray(from, at));
        }
        this.#onMessages(chunk.subarray(at, at + length));
        from = at + length;
      }
      at += length;
    }
    if (from < at) {
      this.#onMessages(chunk.subarray(from, at));
    }
    if (at < end) {
      const rest = chunk.subarray(at);
      this.#keep(rest, rest.length < headerLength ? headerLength : messageLength(rest, 0));
    }
  }

  #keep(part: Buffer, needed: number): void {
    this.#parts.push(Buffer.from(part));
    this.#partsLength += part.length;
    this.#needed = needed;
  }
}

/** Where the row at `at` ends; `at` itself where no row begins there, or it is not whole. */
function pastRow(chunk: Buffer, at: number): number {
  if (at + headerLength > chunk.length || chunk[at] !== dataRow) {
    return at;
  }
  const next = at + messageLength(chunk, at);
  return next > chunk.length ? at : next;
}

/** Of the message at `at`, its type byte included. */
function messageLength(buffer: Buffer, at: number): number {
  const length = buffer.readInt32BE(at + 1);
  if (length < 4) {
    throw new RangeError(`a message of ${length} bytes`);
  }
  return length + 1;
}

/** A field of an ErrorResponse by its letter; undefined if it has none. */
export function errorField(message: Buffer, letter: string): string | undefined {
  for (let at = headerLength; at < message.length && message[at] !== 0; ) {
    const end = message.indexOf(0, at);
    if (message[at] === letter.charCodeAt(0)) {
      return message.toString("utf8", at + 1, end);
    }
    at = end + 1;
  }
  return undefined;
}
