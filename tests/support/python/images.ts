/** Images of interpreters' memory in a folder of a test's own. */
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { sharedCache } from "./python.ts";

/** The image is written after the start; a start later than that may use it. */
export async function imageWritten(folder: string): Promise<void> {
  await expect.poll(() => readdirSync(folder).filter((name) => /^app.*image$/.test(name)).length).toBe(1);
}

/** A cache folder with nothing but the base image, so that starts are quick and images can be counted. */
export function ownCache(folder: string): string {
  const cache = join(folder, ".images");
  mkdirSync(cache);
  mkdirSync(sharedCache, { recursive: true });
  for (const name of readdirSync(sharedCache)) {
    if (name.startsWith("base-") && name.endsWith(".image")) {
      copyFileSync(join(sharedCache, name), join(cache, name));
    }
  }
  return cache;
}
