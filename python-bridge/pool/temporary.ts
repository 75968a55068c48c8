/** Folders for Python's temporary files, which live no longer than the process. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();

/** Makes a folder. {@link removeTemporaryFolder} removes it, or else the process's exit. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "puff-gateway-"));
  if (folders.size === 0) {
    process.on("exit", removeAll);
  }
  folders.add(folder);
  return folder;
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
  if (folders.size === 0) {
    process.off("exit", removeAll);
  }
}

function removeAll(): void {
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // Python may be writing there still, and the other handlers of the exit have to run.
    }
  }
}
