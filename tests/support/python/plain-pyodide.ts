/** Pyodide alone, from an image of its memory, which takes a tenth of a start's time. The image is kept between runs. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadPyodide, type PyodideAPI, version } from "pyodide";

const folder = join(import.meta.dirname, "../../../.puff/test-images");
const path = join(folder, `plain-${version}.memory`);

/** Starts an interpreter without anything of this project in it. */
export async function startPlainPyodide(): Promise<PyodideAPI> {
  const memory = await readFile(path).catch(() => null);
  return memory === null ? await makeImage() : await restore(new Uint8Array(memory));
}

async function makeImage(): Promise<PyodideAPI> {
  const pyodide = await loadPyodide({ convertNullToNone: true, _makeSnapshot: true });
  await mkdir(folder, { recursive: true });
  // Several test files may make it at once, and none may read half of it.
  const partial = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(partial, pyodide.makeMemorySnapshot());
  await rename(partial, path);
  return pyodide;
}

async function restore(memory: Uint8Array): Promise<PyodideAPI> {
  const { instantiate } = WebAssembly;
  // The second word of Pyodide's header says where the memory begins; a new instance's is smaller, which Pyodide
  // does not see to.
  const bytes = memory.length - (new Uint32Array(memory.buffer, memory.byteOffset, 2)[1] ?? 0);
  WebAssembly.instantiate = async (source, imports) => {
    const made = await instantiate(source, imports);
    const grown = "instance" in made ? made.instance.exports["memory"] : undefined;
    grown?.grow(Math.max(0, Math.ceil((bytes - grown.buffer.byteLength) / page)));
    return made;
  };
  try {
    return await loadPyodide({ convertNullToNone: true, _loadSnapshot: memory });
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

const page = 65_536;

/** The little of it that is used here; only the types of browsers declare it. */
declare const WebAssembly: {
  instantiate(
    source: object,
    imports?: object,
  ): Promise<
    | object
    | {
        readonly instance: {
          readonly exports: {
            readonly [name: string]: { grow(pages: number): number; readonly buffer: ArrayBuffer } | undefined;
          };
        };
      }
  >;
};
