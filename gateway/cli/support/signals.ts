/** What a signal to stop does while no server handles it. */
import { constants } from "node:os";
import { stopSignals } from "../../server/stop.ts";

/**
 * Makes the signals that stop a server end the process at once, with the status that a shell gives (130, 143), but
 * through its exit handlers, which end an embedded Postgres and remove temporary files: without them these would stay.
 *
 * @returns gives the signals back, to a server that stops gracefully
 * @example const release = exitOnSignals();
 */
export function exitOnSignals(): () => void {
  const exit = (name: (typeof stopSignals)[number]) => process.exit(128 + constants.signals[name]);
  for (const name of stopSignals) {
    process.on(name, exit);
  }
  return () => {
    for (const name of stopSignals) {
      process.off(name, exit);
    }
  };
}
