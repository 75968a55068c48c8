/** How an interpreter is reached, which runs somewhere else. Above a lane nothing knows where. */
import type { Control, InterpreterSettings, ToMain, ToWorker } from "../protocol/messages.ts";

/** What one interpreter is reached by. It starts when its lane is opened. */
export interface Lane {
  /** Reads a field of the memory that the interpreter writes to, also while it runs Python and when it has ended. */
  look(field: ControlField): number;
  post(message: ToWorker): void;
  /** Raises KeyboardInterrupt in the Python that runs. */
  interrupt(): void;
  /** Ends the interpreter, whatever it does. Calls `ended` when everything that it had answered before is told. */
  end(ended: () => void): void;
}

export type ControlField = (typeof Control)[keyof typeof Control];

export interface LaneEvents {
  onMessage(message: ToMain): void;
  /** The interpreter has ended by itself. */
  onEnd(reason: string): void;
}

/** What opens lanes for the interpreters of one generation. */
export interface Engine {
  open(settings: InterpreterSettings, events: LaneEvents): Lane;
  /** Resolves when nothing is left of interpreters that have ended. */
  close(): Promise<void>;
}
