/** What something costs this thread, however busy the machine is. */

/**
 * Milliseconds of the event loop that nothing of 10 kB may take. They are four times what is promised, since this thread
 * plays the client as well, and compiles what it runs for the first time.
 */
export const mostCost = 200;

/** Does something and tells how many milliseconds of processor it took; what took too long is measured again, twice. */
export async function costOf<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cost: number }> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; ; count++) {
    const before = process.threadCpuUsage();
    const result = await work();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
    if (least < mostCost || count === 2) {
      return { result, cost: least };
    }
  }
}
