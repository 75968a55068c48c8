/** Milliseconds within which V8's compiler threads have ended what they were at. */
const compilation = 50;

/**
 * Waits before a `process.exit`. Node 26 can hang in it for ever: the main thread joins V8's compiler threads, and one
 * of these waits for a garbage collection that only the main thread could make (seen in a debugger, once in a hundred
 * ends of a busy process). While the main thread waits here instead, it collects, and the compilation ends.
 */
export function settleBeforeExit(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, compilation));
}
