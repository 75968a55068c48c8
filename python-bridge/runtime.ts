import { PuffError } from "../schema/index.ts";

/**
 * The first Node whose WebAssembly can suspend (JSPI), without which Python can't wait, and whose stacks of it grow well:
 * with those of Node 24, deep recursion ends an interpreter.
 */
const oldestNode = 26;

/** Null if Python can run on this Node; else what to do about it. */
export function checkRuntime(): PuffError | null {
  const version = process.versions.node;
  const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: { readonly Suspending?: unknown } };
  if (Number.parseInt(version, 10) >= oldestNode && wasm?.Suspending !== undefined) {
    return null;
  }
  return new PuffError(
    "PUFF_NODE_TOO_OLD",
    `Node ${version} can't run Python: its WebAssembly does not suspend as Python needs`,
    {
      remedy: `Use Node ${oldestNode} or newer: https://nodejs.org`,
    },
  );
}
