import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { patience, Watchdog } from "./watchdog.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const ping = vi.fn();
  const onSilent = vi.fn();
  return { ping, onSilent, watchdog: new Watchdog({ ping, onSilent }) };
}

const looks = (count: number) => vi.advanceTimersByTime(count * 1000);

test("a process that answers late is kept, however often", () => {
  const { ping, onSilent, watchdog } = watched();
  for (let count = 1; count <= 5; count++) {
    looks(patience);
    expect(ping).toHaveBeenCalledTimes(count);
    watchdog.heard();
  }
  expect(onSilent).not.toHaveBeenCalled();
  watchdog.stop();
});

test("a process that answers nothing is given up once", () => {
  const { ping, onSilent } = watched();
  looks(patience);
  expect(onSilent).not.toHaveBeenCalled();
  looks(100);
  expect(onSilent).toHaveBeenCalledTimes(1);
  expect(ping).toHaveBeenCalledTimes(1);
});

test("time in which nobody looks is not held against it", () => {
  const { onSilent, watchdog } = watched();
  looks(2);
  vi.setSystemTime(Date.now() + 3_600_000); // the machine was suspended
  looks(2);
  watchdog.heard();
  looks(patience);
  expect(onSilent).not.toHaveBeenCalled();
  watchdog.stop();
});
