import { PuffError } from "../schema/index.ts";

/** Answered when nobody waits for the answer any more: no failure of the gateway's, which would be logged. */
export const clientGone = new PuffError("PUFF_REQUEST_INVALID", "the client left before the response");

/** What `work` comes to, unless the signal is aborted before. */
export function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const settle = () => signal.removeEventListener("abort", abort);
    work.then(
      (result) => {
        settle();
        resolve(result);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}
