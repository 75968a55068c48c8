import { longestTimer } from "../../../python-bridge/index.ts";

/** Calls `action` at a time, in milliseconds since 1970; the function it gives calls that off. Null: never. */
export function callAt(time: number | null, action: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  if (time !== null) {
    arm(time);
  }
  return () => clearTimeout(timer);

  function arm(at: number): void {
    const rest = Math.max(0, at - Date.now());
    timer = rest > longestTimer ? setTimeout(() => arm(at), longestTimer) : setTimeout(action, rest);
  }
}
