/** Python's compiled modules are kept between starts, by what was compiled. */
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownCache } from "../support/python/images.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const query = `
    @classmethod
    def answer(cls, ctx: Context, /) -> str:
        return helper.answer()
    @classmethod
    def file(cls, ctx: Context, /) -> str:
        return helper.answer.__code__.co_filename
`;
/** Python warns of the text "\d" when it compiles it, and then alone. */
const helper = (answer: string) => `pattern = "\\d"\n\ndef answer() -> str:\n    return "${answer}"\n`;

function folderWith(answer: string): string {
  const folder = schemaFolder(query, "import helper");
  writeFileSync(join(folder, "helper.py"), helper(answer));
  return folder;
}

const warnings = ({ logs }: TestPython) => logs.filter(({ message }) => message.includes("SyntaxWarning")).length;

test("a module is compiled once, wherever it lies", async () => {
  const [one, other] = [folderWith("first"), folderWith("first")];
  const cacheFolder = ownCache(one);
  expect(warnings(await pythonOn(one, { cacheFolder }))).toBe(1);
  const python = await pythonOn(other, { cacheFolder });
  expect(warnings(python)).toBe(0);
  expect(await python.call("answer")).toBe("first");
  expect(await python.call("file")).toBe(join(other, "helper.py"));
});

test("a text of the same length and time is another module", async () => {
  const folder = folderWith("first");
  const cacheFolder = ownCache(folder);
  const path = join(folder, "helper.py");
  const { atime, mtime } = statSync(path);
  await pythonOn(folder, { cacheFolder });
  writeFileSync(path, helper("other"));
  utimesSync(path, atime, mtime);
  expect(await (await pythonOn(folder, { cacheFolder })).call("answer")).toBe("other");
});

test("a file that is cut short, empty or damaged is compiled anew", async () => {
  const one = folderWith("first");
  const cacheFolder = ownCache(one);
  await pythonOn(one, { cacheFolder });
  const kept = join(cacheFolder, "bytecode");
  for (const change of [
    (code: Buffer) => code.subarray(0, code.length / 2),
    () => Buffer.alloc(0),
    (code: Buffer) => code.fill(1, Math.max(code.length - 50, 0)),
  ]) {
    for (const name of readdirSync(kept)) {
      writeFileSync(join(kept, name), change(readFileSync(join(kept, name))));
    }
    const python = await pythonOn(folderWith("first"), { cacheFolder });
    expect(warnings(python)).toBe(1);
    expect(await python.call("answer")).toBe("first");
  }
});
