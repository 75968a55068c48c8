/** A request's body, gathered from its pieces: many small ones cost more than their bytes, in time and in memory. */
import type { Readable } from "node:stream";
import { PuffError } from "../../../schema/index.ts";

/** Pieces that any body may come in, and bytes for which there may be one more. */
const mostPieces = 10_000;
const pieceBytes = 32;
/** Pieces after which what has come is copied into one. */
const compacted = 1_000;

export class Body {
  readonly #stream: Readable;
  readonly #onPiece: (bytes: number) => void;
  #pieces: Buffer[] = [];
  /** Bytes of the pieces. */
  #held = 0;
  #count = 0;
  #total = 0;
  #begun = false;
  #ended = false;
  #error: PuffError | null = null;
  /** Who waits, and for how many bytes. */
  #wanted = 0;
  #wake: () => void = () => undefined;

  /**
   * @param onPiece - told of each piece that comes
   * @example const whole = await new Body(request).arrive(1e6) // false: it is larger
   */
  constructor(stream: Readable, onPiece: (bytes: number) => void = () => undefined) {
    this.#stream = stream;
    this.#onPiece = onPiece;
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
   * Waits until so many bytes are there, or the end is: then true. What comes beyond them stays with the client.
   *
   * @throws PuffError `PUFF_BODY_TOO_LARGE` where it comes in too many pieces, `PUFF_REQUEST_INVALID` where it has no end
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
    this.#held = all.length - taken.length;
    this.#pieces = this.#held === 0 ? [] : [all.subarray(size)];
    return taken;
  }

  /** Lets the rest of it come, and be nobody's. */
  leave(): void {
    if (this.#begun) {
      this.#stream.removeAllListeners("data").resume();
    }
  }

  #add(piece: Buffer): void {
    this.#count += 1;
    this.#total += piece.length;
    if (this.#count > mostPieces + this.#total / pieceBytes) {
      this.leave();
      this.#fail(
        new PuffError("PUFF_BODY_TOO_LARGE", `the body comes in ${this.#count} pieces`, {
          remedy: `Send pieces of ${pieceBytes} bytes or more.`,
        }),
      );
      return;
    }
    this.#pieces.push(piece);
    this.#held += piece.length;
    this.#onPiece(piece.length);
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
    this.#held = 0;
    this.#wake();
  }
}

/** Bytes that come before anyone asks for them. */
const ahead = 65_536;

function broken(cause?: Error): PuffError {
  return new PuffError("PUFF_REQUEST_INVALID", "the client broke the request off", { cause });
}
