/** The file system says in the interpreter what it says on CPython. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const script = join(import.meta.dirname, "../support/python/file_cases.py");
const query = `
    @classmethod
    def outcomes(cls, ctx: Context, /, folder: str, outside: str) -> str:
        import file_cases
        return file_cases.outcomes(folder, outside)
    @classmethod
    def run(cls, ctx: Context, /, code: str) -> str:
        names = {}
        try:
            exec(code, names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return str(names.get("seen"))
`;

/** A folder with a file and a named pipe, of which no interpreter knows. */
function outsideFolder(): string {
  const outside = realpathSync(mkdtempSync(join(tmpdir(), "puff-outside-")));
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, "kept"), "kept");
  execFileSync("python3", ["-c", "import os, sys; os.mkfifo(sys.argv[1])", join(outside, "pipe")]);
  return outside;
}

test("links, permissions, locks and named pipes are those of CPython, and what can't be made or opened says so", async () => {
  const folder = schemaFolder(query);
  cpSync(script, join(folder, "file_cases.py"));
  const [here, native] = [join(folder, "here"), join(folder, "native")];
  mkdirSync(here);
  mkdirSync(native);
  const python = await pythonOn(folder, { writable: [here] });
  const seen = await python.call("outcomes", { folder: here, outside: outsideFolder() }, { repeatable: false });
  const expected = execFileSync("python3", [script, native, outsideFolder()], { encoding: "utf8" });
  expect(JSON.parse(String(seen))).toEqual(JSON.parse(expected));

  const run = (code: string) => python.call("run", { code }, { repeatable: false });
  symlinkSync(outsideFolder(), join(here, "outside"));
  expect(await run(`import os; os.mkfifo("${here}/pipe")`)).toContain("named pipes can't be made");
  expect(await run(`import os; os.mknod("${here}/node")`)).toContain("device files and named pipes can't be made");
  expect(await run(`import os; os.link("${folder}/schema.py", "${here}/hard")`)).toContain("hard links can't be made");
  expect(await run(`open("${here}/outside/pipe")`)).toMatch(/^OSError: .*No such device/);
});

test("a link into a folder that is not mounted leads there, and lends it what the link's folder may", async () => {
  const folder = schemaFolder(query);
  const media = join(folder, "media");
  mkdirSync(media);
  const [first, second] = [outsideFolder(), outsideFolder()];
  symlinkSync(first, join(media, "shared"));
  symlinkSync(second, join(folder, "read"));
  const python = await pythonOn(folder, { writable: [media] });
  const run = (code: string) => python.call("run", { code }, { repeatable: false });
  expect(await run(`seen = open("${media}/shared/new", "w").write("text")`)).toBe("4");
  expect(existsSync(join(first, "new"))).toBe(true);
  expect(await run(`seen = open("${folder}/read/kept").read()`)).toBe("kept");
  expect(await run(`open("${folder}/read/new", "w")`)).toContain("Read-only file system");
});

test("an import through a link is made again once the link leads elsewhere", async () => {
  const folder = schemaFolder(query, "import release.version\n");
  const releases = [1, 2].map((number) => {
    const release = outsideFolder();
    writeFileSync(join(release, "version.py"), `NUMBER = ${number}\n`);
    return release;
  });
  for (const [index, release] of releases.entries()) {
    rmSync(join(folder, "release"), { force: true });
    symlinkSync(release, join(folder, "release"));
    const python = await pythonOn(folder);
    expect(await python.call("run", { code: "import release.version; seen = release.version.NUMBER" })).toBe(
      `${index + 1}`,
    );
    await python.close();
  }
});

test("every module that is loaded can be hashed", async () => {
  const python = await pythonOn(schemaFolder(query));
  const code = `
import js, pyodide_js, sys
seen = []
for name, module in sorted(sys.modules.items()):
    try:
        {module}
    except TypeError as error:
        seen.append([name, str(error)])
`;
  expect(await python.call("run", { code })).toBe("[]");
});
