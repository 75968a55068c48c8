/**
 * The worker thread: one interpreter and its many greenlets. Its Piscina task lasts as long as it does, and batches
 * travel on a channel of their own: a task of Piscina's is answered once and as a whole, while here each batch is
 * answered when it is ready.
 */
import { format } from "node:util";
import { LoadRefused } from "../interpreter/interpreter.ts";
import type { ServeTask } from "../protocol/thread.ts";
import { refuseCodeFromText } from "./confine.ts";
import { Door } from "./door.ts";
import { Outbox } from "./outbox.ts";

/** Serves until the thread is ended. Everything that goes wrong is told on the port. */
export function serve(task: ServeTask): Promise<never> {
  refuseCodeFromText();
  const outbox = new Outbox(task.port);
  // Pyodide writes there when it breaks; what a user can do about that is told otherwise.
  console.error = (...values) => outbox.log({ level: "debug", logger: "pyodide", message: format(...values) });
  const door = new Door(task, outbox);
  door.start().catch((error: unknown) => {
    if (error instanceof LoadRefused) {
      outbox.send({ kind: "refused", error: error.error });
    } else {
      outbox.send({ kind: "broken", reason: String(error instanceof Error ? (error.stack ?? error) : error) });
    }
  });
  return new Promise(() => {});
}
