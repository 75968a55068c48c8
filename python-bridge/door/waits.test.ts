import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { newGreenlet } from "./greenlet.ts";
import { Outbox } from "./outbox.ts";
import { Waits } from "./waits.ts";

test("a wait that is cancelled leaves nothing behind", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const greenlet = newGreenlet(1, null, 1);
  const { port1 } = new MessageChannel();
  const waits = new Waits({ running: () => greenlet, wake: (wakeUp) => void wakeUp() }, new Outbox(port1));
  const outcome = waits.park(1, 3_600_000);
  waits.cancel(greenlet, "nobody waits for it");
  expect(await outcome).toBe('{"cancelled":"nobody waits for it"}');
  expect(vi.getTimerCount()).toBe(0);
  port1.close();
});
