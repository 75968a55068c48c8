/** Interpreters start from images of their memory, and see the user's files as they are. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkRuntime, findSitePackages, startPython } from "../../python-bridge/index.ts";
import { imageWritten, ownCache } from "../support/python/images.ts";
import { pythonOn, schemaFolder, type TestPython, writeSchema } from "../support/python/python.ts";

/** `imported` tells one import of the module from another: an image keeps it. */
const module = `
import colorsys  # not among the modules of the base image
imported = time.time_ns()
greeting = os.environ.get("GREETING", "hello")
own = random.Random()
seeded = random.Random(7)
`;
const query = `
    @classmethod
    def imported_at(cls, ctx: Context, /) -> str:
        return str(imported)
    @classmethod
    def greet(cls, ctx: Context, /) -> str:
        return greeting
    @classmethod
    def variable(cls, ctx: Context, /, name: str) -> str | None:
        return os.environ.get(name)
    @classmethod
    def surroundings(cls, ctx: Context, /) -> list[str | None]:
        return [*(os.environ.get(name) for name in ("MADE", "OTHER", "TAKEN", "GONE")), sys.path[0], os.path.basename(os.getcwd())]
    @classmethod
    def draw(cls, ctx: Context, /) -> list[float]:
        import tempfile, uuid
        return [random.random(), own.random(), float(uuid.uuid4().int), hash(next(tempfile._get_candidate_names()))]
    @classmethod
    def draw_seeded(cls, ctx: Context, /) -> float:
        return seeded.random()
    @classmethod
    def where(cls, ctx: Context, /) -> str:
        return __file__
    @classmethod
    def write(cls, ctx: Context, /, path: str) -> str:
        try:
            open(path, "w")
        except OSError as error:
            return error.strerror
        return "written"
    @classmethod
    def zone(cls, ctx: Context, /) -> str:
        from datetime import datetime
        from zoneinfo import ZoneInfo
        return datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")).isoformat()
    @classmethod
    def reaches_node(cls, ctx: Context, /) -> bool:
        import js
        return hasattr(js, "process")
`;

async function started(folder: string, cacheFolder: string, environment = {}): Promise<TestPython> {
  const python = await pythonOn(folder, { cacheFolder, environment });
  await imageWritten(cacheFolder);
  return python;
}

describe("an image", () => {
  test("saves the import, and two interpreters from it draw different numbers", async () => {
    const folder = schemaFolder(query, module);
    const cache = ownCache(folder);
    const first = await started(folder, cache);
    const second = await pythonOn(folder, { cacheFolder: cache });
    expect(await second.call("imported_at")).toBe(await first.call("imported_at"));
    expect(second.schemas).toEqual(first.schemas);
    expect(second.files).toEqual([join(folder, "schema.py")]);
    const [one, other] = [await first.call("draw"), await second.call("draw")] as [number[], number[]];
    for (const [index, value] of one.entries()) {
      expect(other[index]).not.toBe(value);
    }
    expect(await second.call("draw_seeded")).toBe(await first.call("draw_seeded"));
  });

  const damage = (folder: string, change: (bytes: Buffer) => Buffer): void => {
    const [name = ""] = readdirSync(join(folder, ".images")).filter((name) => name.startsWith("app-"));
    const path = join(folder, ".images", name);
    writeFileSync(path, change(readFileSync(path)));
  };
  const overwrite = (bytes: Buffer): Buffer => {
    bytes.writeUInt32LE(1, bytes.length - 1_000_000);
    return bytes;
  };
  test.each<{ change: string; act(folder: string): void; environment?: { readonly [name: string]: string } }>([
    { change: "the schema", act: (folder) => writeSchema(folder, query, `${module}\nmore = 1\n`) },
    { change: "a module that could shadow another", act: (folder) => writeFileSync(join(folder, "colorsys.py"), "") },
    { change: "a variable read on import", act: () => {}, environment: { GREETING: "moin" } },
    { change: "a damaged file", act: (folder) => damage(folder, overwrite) },
    { change: "a file cut short", act: (folder) => damage(folder, (bytes) => bytes.subarray(0, 5_000_000)) },
  ])("does not outlive $change", async ({ act, environment = {} }) => {
    const folder = schemaFolder(query, module);
    const cache = ownCache(folder);
    const first = await started(folder, cache);
    const before = await first.call("imported_at");
    act(folder);
    const second = await pythonOn(folder, { cacheFolder: cache, environment });
    expect(await second.call("imported_at")).not.toBe(before);
    expect(await second.call("greet")).toBe(environment["GREETING"] ?? "hello");
  });

  test("does not depend on other variables or files, and sees those variables anew", async () => {
    const folder = schemaFolder(query, module);
    const cache = ownCache(folder);
    const first = await started(folder, cache, { OTHER: "one" });
    writeFileSync(join(folder, "notes.txt"), "of no concern");
    const second = await pythonOn(folder, { cacheFolder: cache, environment: { OTHER: "two" } });
    expect(await second.call("imported_at")).toBe(await first.call("imported_at"));
    expect(await second.call("variable", { name: "OTHER" })).toBe("two");
  });

  test("has what the import made of the environment, the path and the folder", async () => {
    const changes = `
import sys
os.environ["MADE"] = "by the import"
os.environ["TAKEN"] = "over"
os.environ.pop("GONE")
sys.path.insert(0, "/apps")
os.chdir(os.path.dirname(__file__))
`;
    const folder = schemaFolder(query, `${module}${changes}`);
    const cache = ownCache(folder);
    const first = await started(folder, cache, { OTHER: "one", TAKEN: "one", GONE: "x" });
    const second = await pythonOn(folder, {
      cacheFolder: cache,
      environment: { OTHER: "two", TAKEN: "two", GONE: "x" },
    });
    expect(await second.call("imported_at")).toBe(await first.call("imported_at"));
    const expected = (other: string) => ["by the import", other, "over", null, "/apps", basename(folder)];
    expect(await first.call("surroundings")).toEqual(expected("one"));
    expect(await second.call("surroundings")).toEqual(expected("two"));
  });

  test("that can't be kept is told, and nothing else comes of it", async () => {
    const folder = schemaFolder(query, `${module}\nkept = open(__file__)\n`);
    const python = await pythonOn(folder, { workers: 2 });
    await expect
      .poll(() => python.logs.map(({ message }) => message).join("\n"))
      .toContain("a module keeps a file open");
    expect(await python.call("greet")).toBe("hello");
  });
});

test("Python sees the user's folders where they are, and can't write there or reach Node", async () => {
  const folder = schemaFolder(query, module);
  const python = await pythonOn(folder);
  expect(await python.call("where")).toBe(join(folder, "schema.py"));
  expect(await python.call("write", { path: join(folder, "new.txt") })).toBe("Read-only file system");
  expect(await python.call("write", { path: join(folder, "schema.py") })).toBe("Read-only file system");
  expect(await python.call("write", { path: "/tmp/own.txt" })).toBe("written");
  expect(await python.call("zone")).toBe("2026-07-01T00:00:00+02:00");
  expect(await python.call("reaches_node")).toBe(false);
});

test("Python writes where it may, and its temporary files are the host's until it ends", async () => {
  const folder = schemaFolder(`
    @classmethod
    def work(cls, ctx: Context, /, folder: str) -> str:
        os.makedirs(f"{folder}/a/b")
        with open(f"{folder}/a/b/one.txt", "w") as file:
            file.write("one")
        os.rename(f"{folder}/a/b/one.txt", f"{folder}/a/two.txt")
        with open(f"{folder}/a/two.txt", "a") as file:
            file.write(", two")
        os.chmod(f"{folder}/a/two.txt", 0o600)
        os.symlink("two.txt", f"{folder}/a/link.txt")
        os.rmdir(f"{folder}/a/b")
        open(f"{folder}/a/gone.txt", "w").close()
        os.remove(f"{folder}/a/gone.txt")
        try:
            os.rename(f"{folder}/a/two.txt", f"{folder}/../two.txt")
        except OSError as error:
            print(error.strerror)
        import tempfile
        with tempfile.NamedTemporaryFile(delete=False) as file:
            return file.name
`);
  const own = join(folder, "own");
  mkdirSync(own);
  const python = await pythonOn(folder, { writable: [own] });
  const temporary = String(await python.call("work", { folder: own }, { repeatable: false }));
  expect(readdirSync(join(own, "a")).sort()).toEqual(["link.txt", "two.txt"]);
  expect(readFileSync(join(own, "a/link.txt"), "utf8")).toBe("one, two");
  expect(python.logs.map(({ message }) => message)).toEqual(["Read-only file system"]);
  expect(existsSync(temporary)).toBe(true);
  await python.close();
  expect(existsSync(dirname(temporary))).toBe(false);
});

describe("reload", () => {
  test("takes the files as they are, and what runs ends on the old ones", async () => {
    const folder = schemaFolder(`
    @classmethod
    def slow(cls, ctx: Context, /) -> str:
        host.call("wait")
        return "old"
`);
    const { promise, resolve } = Promise.withResolvers<null>();
    const hostFunctions = new Map([["wait", () => promise]]);
    const python = await pythonOn(folder, { hostFunctions, deadline: 60_000 });
    const running = python.call("slow");
    writeSchema(folder, `    @classmethod\n    def slow(cls, ctx: Context, /) -> str:\n        return "new"\n`);
    await python.reload();
    expect(await python.call("slow")).toBe("new");
    resolve(null);
    expect(await running).toBe("old");
  });

  test("that fails keeps what there was", async () => {
    const folder = schemaFolder(query, module);
    const python = await pythonOn(folder);
    writeFileSync(join(folder, "schema.py"), "class Schema:\n    def (");
    await expect(python.reload()).rejects.toMatchObject({ code: "PUFF_SCHEMA_SYNTAX" });
    expect(await python.call("greet")).toBe("hello");
    writeSchema(folder, query, module);
    await python.reload();
    expect(await python.call("greet")).toBe("hello");
  });
});

test("a mistake of the user's has its place, cause and remedy", async () => {
  const folder = schemaFolder("    pass\nimport nowhere_to_be_found\n");
  await expect(pythonOn(folder)).rejects.toMatchObject({
    code: "PUFF_SCHEMA_IMPORT",
    place: expect.stringContaining("schema.py"),
    message: expect.stringContaining("nowhere_to_be_found"),
    remedy: expect.any(String),
  });
});

test("calls that run when it closes are answered, later ones are refused", async () => {
  const folder = schemaFolder(query, module);
  const python = await pythonOn(folder);
  const running = python.call("greet");
  const closed = python.close();
  await expect(python.call("greet")).rejects.toMatchObject({ code: "PUFF_SHUTTING_DOWN" });
  await closed;
  expect(await running).toBe("hello");
});

test("packages are found in the virtual environment, and projects linked from there", () => {
  const folder = schemaFolder(query, module);
  expect(findSitePackages(folder, {})).toEqual([]);
  const packages = join(folder, ".venv/lib/python3.14/site-packages");
  mkdirSync(packages, { recursive: true });
  mkdirSync(join(folder, "linked"));
  writeFileSync(join(packages, "project.pth"), `import os\n${join(folder, "linked")}\n/not/there\n`);
  expect(findSitePackages(folder, {})).toEqual([packages, join(folder, "linked")]);
  expect(findSitePackages("/elsewhere", { VIRTUAL_ENV: join(folder, ".venv") })).toHaveLength(2);
  rmSync(join(folder, ".venv"), { recursive: true });
});

test("this Node can run Python", () => {
  expect(checkRuntime()).toBeNull();
  expect(startPython).toBeTypeOf("function");
});
