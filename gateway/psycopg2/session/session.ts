/** One Python connection: statements as text, one at a time, with COPY, notifications and cancelling. */
import { cancelRunning, type RawClient } from "../../postgres/index.ts";
import { ConnectFailure, checkNotEnded, connectionClosed } from "../connect/connect-failure.ts";
import type { News, Outcome, StatementResult } from "./outcome.ts";
import { AnswerReader, type Finished } from "./reader.ts";

/** Data of COPY TO that waits for Python: past it the socket is not read. */
const copyBufferLimit = 4 * 1024 * 1024;

export interface Answer {
  readonly value: Outcome | News | null;
  readonly buffers: readonly Uint8Array[];
}

/** Of what runs for nobody in particular, and to its end. */
export const never: AbortSignal = new AbortController().signal;

/** What came of a statement; null if the answer is not a statement's. */
export function resultOf({ value }: Answer): StatementResult | null {
  return value !== null && "result" in value ? value.result : null;
}

export class PythonSession {
  readonly client: RawClient;
  readonly #reader: AnswerReader;
  #waiting: ((finished: Finished) => void) | null = null;
  #copied: Buffer[] = [];
  #copiedBytes = 0;
  #lost: string | null = null;
  /** What came while nobody waited: the end of a COPY. */
  #unread: Finished | null = null;
  /** Statements come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** `client` is connected and nothing runs on it; until {@link detach} what Postgres says is this session's. */
  constructor(client: RawClient) {
    this.client = client;
    this.#reader = new AnswerReader({
      finished: (finished) => this.#finish(finished),
      copyData: (data) => this.#keepCopied(data),
      news: () => this.#tellWatchers(),
    });
    Object.assign(this.#reader.parameters, client.connection.parameters);
    client.connection.tap = this.#reader;
    client.connection.once("end", this.#end);
  }

  get parameters(): { readonly [name: string]: string } {
    return this.#reader.parameters;
  }

  get status(): News["status"] {
    return this.#reader.status;
  }

  /** Whether {@link poll} gives something. */
  get isReadable(): boolean {
    return this.lost || this.#reader.hasNews;
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Called when there is something to {@link poll}. */
  readonly watchers = new Set<() => void>();

  /** Whether a transaction of the planner's is open, in which Python's are savepoints. */
  get nests(): boolean {
    return this.#nests;
  }

  #nests = false;

  /** The planner begins a transaction, in which Python's are nested. */
  beginNesting(): void {
    this.#nests = true;
  }

  /** It has ended. */
  endNesting(): void {
    this.#nests = false;
  }

  /** Runs texts of statements, sent at once. Ends with the last result of the last, or where a COPY begins. */
  query(texts: readonly Uint8Array[], signal: AbortSignal): Promise<Answer> {
    return this.#inTurn(async () => {
      checkNotEnded(signal);
      if (!this.lost && (this.#reader.status === "A" || this.#unread !== null)) {
        await this.#endCopy();
      }
      this.#reader.begin(texts.length);
      for (const text of texts) {
        this.#send("Q", text, zero);
      }
      return await this.#outcome(signal);
    });
  }

  /** Sends data of a COPY FROM. Its errors come with the end. */
  copyData(chunks: readonly Uint8Array[]): Promise<Answer> {
    return this.#inTurn(async () => {
      const { stream } = this.client.connection;
      let drained = true;
      for (const chunk of chunks) {
        drained = this.#send("d", chunk);
      }
      if (!drained && !stream.destroyed) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            stream.off("drain", done).off("close", done);
            resolve();
          };
          stream.on("drain", done).on("close", done);
        });
      }
      return { value: null, buffers: [] };
    });
  }

  /** Ends a COPY FROM; with a reason, it fails. */
  copyEnd(failure: Uint8Array | null, signal: AbortSignal): Promise<Answer> {
    return this.#inTurn(() => {
      if (this.#reader.status === "A") {
        this.#send(failure === null ? "c" : "f", ...(failure === null ? [] : [failure, zero]));
      }
      return this.#outcome(signal);
    });
  }

  /**
   * Data of a COPY TO that has come, with the lengths of its pieces; waits for some. At its end no buffers, and the
   * outcome.
   */
  async copyRead(signal: AbortSignal): Promise<Answer> {
    return this.#inTurn(async () => {
      if (this.#copied.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        signal.addEventListener("abort", this.#wake, { once: true });
        if (this.#unread === null && this.#lost === null && !signal.aborted) {
          await promise;
        }
        signal.removeEventListener("abort", this.#wake);
        this.#wake = null;
        checkNotEnded(signal);
      }
      if (this.#copied.length === 0) {
        return await this.#outcome(signal);
      }
      const lengths = new Uint32Array(this.#copied.map(({ length }) => length));
      const data = new Uint8Array(Buffer.concat(this.#copied));
      this.#copied = [];
      this.#copiedBytes = 0;
      this.client.connection.stream.resume();
      return { value: { status: "A" }, buffers: [data, new Uint8Array(lengths.buffer)] };
    });
  }
  #wake: (() => void) | null = null;

  /** The caller that began a COPY has left it: the next statement ends it without its data, as with libpq. */
  async #endCopy(): Promise<void> {
    this.#discards = true;
    this.client.connection.stream.resume();
    if (this.#unread === null) {
      this.#send("f", Buffer.from("COPY terminated by new query"), zero); // Postgres heeds it where it wants data
      const cancelling = this.cancel();
      await this.#next();
      await cancelling;
    }
    this.#unread = null;
    this.#discards = false;
    this.#copied = [];
    this.#copiedBytes = 0;
  }
  #discards = false;

  /** Notices and notifications that have come. */
  poll(): News {
    return this.#reader.news();
  }

  /**
   * Lends the connection to pg, between two Python statements.
   *
   * @throws ConnectFailure if a COPY is under way.
   */
  lend<T>(work: (client: RawClient, session: PythonSession) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const { connection } = this.client;
      if (this.#reader.status === "A" || this.#lost !== null) {
        throw new ConnectFailure(this.#lost ?? "a COPY is under way on the connection\n");
      }
      const note = ({ status }: { readonly status: News["status"] }): void => {
        this.#reader.status = status;
      };
      connection.on("readyForQuery", note);
      connection.tap = null;
      try {
        return await work(this.client, this);
      } catch (error) {
        // What is left of the answer to a statement that failed is not for Python.
        await this.client.command("").catch(() => undefined);
        throw error;
      } finally {
        connection.tap = this.#reader;
        connection.off("readyForQuery", note);
      }
    });
  }

  /** Asks Postgres to stop what runs; what comes next waits until it has taken notice. */
  cancel(): Promise<void> {
    const cancelling = cancelRunning(this.client);
    this.#last = Promise.all([this.#last, cancelling]); // neither fails
    return cancelling;
  }

  /** Ends the connection at once: what runs on it is lost, and data that nobody takes do not keep it open. */
  giveUp(): void {
    this.client.connection.giveUp(new Error(connectionClosed));
  }

  /** Gives the connection back to pg: nothing runs on it, and its transaction has ended. */
  detach(): void {
    this.client.connection.tap = null;
    this.client.connection.off("end", this.#end);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #outcome(signal: AbortSignal): Promise<Answer> {
    let cancelling: Promise<void> | null = null;
    const cancel = (): void => {
      cancelling = this.cancel();
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const { outcome, buffers } = await this.#next();
      return { value: outcome, buffers };
    } finally {
      signal.removeEventListener("abort", cancel);
      await cancelling; // lest it hits what comes next, which may be another's
    }
  }

  #next(): Promise<Finished> {
    const unread = this.#unread;
    if (unread !== null) {
      this.#unread = null;
      return Promise.resolve(unread);
    }
    if (this.#lost !== null) {
      return Promise.resolve(this.#lostOutcome(this.#lost));
    }
    const { promise, resolve } = Promise.withResolvers<Finished>();
    this.#waiting = resolve;
    return promise;
  }

  #finish(finished: Finished): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) {
      this.#unread = finished;
      this.#wake?.();
    } else {
      waiting(finished);
    }
  }

  #keepCopied(data: Buffer): void {
    if (this.#discards) {
      return;
    }
    this.#copied.push(data);
    this.#copiedBytes += data.length;
    if (this.#copiedBytes > copyBufferLimit) {
      this.client.connection.stream.pause();
    }
    this.#wake?.();
  }

  readonly #end = (): void => {
    this.#lost ??= `${connectionClosed}\n`;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(this.#lostOutcome(this.#lost));
    this.#wake?.();
    this.#tellWatchers();
  };

  #tellWatchers(): void {
    for (const watcher of this.watchers) {
      watcher();
    }
  }

  #lostOutcome(message: string): Finished {
    return { outcome: { result: { kind: "lost", message }, ...this.#reader.news() }, buffers: [] };
  }

  #send(type: string, ...parts: readonly Uint8Array[]): boolean {
    const { stream } = this.client.connection;
    const header = Buffer.allocUnsafe(5);
    header[0] = type.charCodeAt(0);
    header.writeInt32BE(4 + parts.reduce((sum, part) => sum + part.length, 0), 1);
    if (!stream.writable) {
      return true;
    }
    return stream.write(Buffer.concat([header, ...parts]));
  }
}

const zero = Uint8Array.of(0);
