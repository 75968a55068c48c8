/** Statements whose client is gone, or takes their rows so slowly that others have to wait, or that the server forgot. */
import type { Statement } from "../../../planner/index.ts";
import { cancelRunning } from "../connect/cancel.ts";
import type { SlotQueue } from "./slot-queue.ts";
import type { Slot, Slots } from "./slots.ts";

/** Milliseconds in all that a list may keep a connection for a client that does not take its rows, while others wait. */
const heldLimit = 2_000;

/** Ends those there are. */
export function endAbandoned(slots: Slots, queue: SlotQueue): void {
  endHeld(slots, queue);
  const isOver = (statement: Statement | undefined): boolean => statement?.signal?.aborted === true;
  queue.fail(isOver, new Error("nobody waits for it"));
  for (const slot of slots.open) {
    const { running } = slot.client.connection;
    running?.endIfSilent();
    // With others that are wanted it was quick until now; and they might be hit.
    const areOver = slot.client.unanswered.every((query) => slot.own.has(query) || isOver(query.statement));
    if (isOver(running?.statement) && areOver && slot.client.gathered === 0 && !slot.cancelling) {
      void cancel(slot, queue);
    }
  }
}

/** While statements wait, ends the one whose client has taken its rows the most slowly: Postgres can't be told to wait. */
function endHeld(slots: Slots, queue: SlotQueue): void {
  if (queue.length === 0) {
    return;
  }
  const held = [...slots.open].map(({ client: { connection } }) => ({
    connection,
    time: connection.running?.heldTime ?? 0,
  }));
  const [slowest] = held.toSorted((one, other) => other.time - one.time);
  if (slowest !== undefined && slowest.time > heldLimit) {
    const message = "its client read the rows slowly, and other statements waited for the connection";
    slowest.connection.giveUp(queue.busyError(message));
  }
}

async function cancel(slot: Slot, queue: SlotQueue): Promise<void> {
  slot.cancelling = true;
  await cancelRunning(slot.client);
  slot.cancelling = false;
  queue.serve();
}
