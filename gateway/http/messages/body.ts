/** A request's body, gathered from its pieces: many small ones cost more than their bytes, in time and in memory. */
import type { Readable } from "node:stream";
import { PuffError } from "../../../schema/index.ts";
import type { BodyRoom } from "../../fairness/body-room.ts";
import type { Client } from "../../fairness/client.ts";

/** Pieces that any body may come in, and bytes for which there may be one more. */
const mostPieces = 10_000;
const pieceBytes = 32;
/** Pieces after which what has come is copied into one. */
const compacted = 1_000;

export interface BodyOptions {
  /** Where its bytes wait. */
  readonly room: BodyRoom;
  readonly client: Client;
  /** Told of each piece that comes. Default: nobody is. */
  onPiece?(bytes: number): void;
}

export class Body {
  readonly #stream: Readable;
  readonly #options: BodyOptions;
  #dropped = false;
  #pieces: Buffer[] = [];
  /** Bytes of the pieces. */
  #held = 0;
  #count = 0;
  #total = 0;
  #begun = false;
  #ended = false;
  #error: PuffError | null = null;
  /** The reader that waits, and for how many bytes. */
  #wanted = 0;
  #wake: () => void = () => undefined;

  /**
   * @example const whole = await new Body(request, { room, client }).arrive(1e6) // false: it is larger
   */
  constructor(stream: Readable, options: BodyOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** Whether anything was asked of it. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Lets some of it come before anyone asks. */
  begin(): void {
    if (this.#begun) {
      return;
    }
    this.#begun = true;
    this.#stream
      .on("data", (piece: Buffer) => this.#add(piece))
      .once("end", () => {
        this.#ended = true;
        this.#wake();
      })
      .on("error", (error) => this.#fail(broken(error)))
      .once("close", () => this.#ended || this.#fail(broken()));
  }

  /**
   * Waits until this many bytes are there, or the end is: then true. What comes beyond them stays with the client.
   *
   * @throws PuffError `PUFF_BODY_TOO_LARGE` if it comes in too many pieces, `PUFF_BODIES_BUSY` where so much waits that
   *   there is no room for it, `PUFF_REQUEST_INVALID` where it has no end
   */
  async arrive(bytes: number): Promise<boolean> {
    while (this.#error === null && !this.#ended && this.#held < bytes) {
      await new Promise<void>((resolve) => {
        this.#wanted = bytes;
        this.#wake = resolve;
        this.begin();
        this.#stream.resume();
      });
    }
    if (this.#error !== null) {
      throw this.#error;
    }
    return this.#ended;
  }

  /** What has arrived, `size` bytes at most. */
  take(size: number): Buffer {
    const all = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces, this.#held);
    const taken = all.subarray(0, size);
    this.#release(taken.length);
    this.#pieces = this.#held === 0 ? [] : [all.subarray(size)];
    return taken;
  }

  /** Lets the rest of it come, and be nobody's. */
  leave(): void {
    if (this.#begun) {
      this.#stream.removeAllListeners("data").resume();
    }
  }

  /** What has arrived and was not taken is for nobody, as is what comes. */
  drop(): void {
    this.#dropped = true;
    this.#pieces = [];
    this.#release(this.#held);
  }

  #add(piece: Buffer): void {
    if (this.#dropped) {
      return;
    }
    const { room, client, onPiece } = this.#options;
    this.#count += 1;
    this.#total += piece.length;
    if (this.#count > mostPieces + this.#total / pieceBytes) {
      this.leave();
      this.#fail(
        new PuffError("PUFF_BODY_TOO_LARGE", `the body arrives in ${this.#count} pieces`, {
          remedy: `Send pieces of ${pieceBytes} bytes or more.`,
        }),
      );
      return;
    }
    if (!room.take(client, piece.length)) {
      this.leave();
      this.#fail(
        new PuffError("PUFF_BODIES_BUSY", "the bodies of other requests take all room that there is", {
          remedy: "Try again in a moment.",
        }),
      );
      return;
    }
    this.#pieces.push(piece);
    this.#held += piece.length;
    onPiece?.(piece.length);
    if (this.#pieces.length >= compacted) {
      this.#pieces = [Buffer.concat(this.#pieces, this.#held)];
    }
    if (this.#held >= this.#wanted) {
      if (this.#held >= ahead) {
        this.#stream.pause();
      }
      this.#wanted = 0;
      this.#wake();
    }
  }

  #fail(error: PuffError): void {
    this.#error ??= error;
    this.#pieces = [];
    this.#release(this.#held);
    this.#wake();
  }

  #release(bytes: number): void {
    this.#held -= bytes;
    this.#options.room.leave(this.#options.client, bytes);
  }
}

/** Bytes that come before anyone asks for them. */
const ahead = 65_536;

function broken(cause?: Error): PuffError {
  return new PuffError("PUFF_REQUEST_INVALID", "the client aborted the request", { cause });
}
