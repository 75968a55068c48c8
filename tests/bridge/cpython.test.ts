/** Native CPython in child processes: what only that engine meets. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cpython, greenletFolder } from "../support/python/engine.ts";
import { pythonPackages } from "../support/python/native-python.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const query = `
    @classmethod
    def pid(cls, ctx: Context, /) -> int:
        return os.getpid()
    @classmethod
    def evaluate(cls, ctx: Context, /, text: str) -> str:
        return str(eval(text))
`;
const { signal } = new AbortController();

function started(module = "", options: Parameters<typeof pythonOn>[1] = {}): Promise<TestPython> {
  return pythonOn(schemaFolder(query, module), {
    engine: cpython,
    environment: { PYTHONPATH: greenletFolder() },
    ...options,
  });
}

test("a resolver runs in a process of its own, on the machine's Python", async () => {
  const python = await started();
  expect(await python.call("pid")).not.toBe(process.pid);
  expect(await python.call("evaluate", { text: "sys.implementation.name, sys.platform" })).toMatch(
    /^\('cpython', '(linux|darwin)'\)$/,
  );
});

test("a process that the system kills is replaced, and plan calls are made again", async () => {
  const python = await started("import signal", {
    hostFunctions: new Map([["wait", () => new Promise<null>((resolve) => setTimeout(() => resolve(null), 300))]]),
  });
  const pid = Number(await python.call("pid"));
  const waiting = python.call("evaluate", { text: "host.call('wait')" });
  await expect.poll(() => python.usage.memory.size).toBe(1);
  process.kill(pid, "SIGKILL");
  expect(await waiting).toBe("None");
  expect(await python.call("pid")).not.toBe(pid);
  expect(python.logs.map(({ message }) => message)).toContain(
    "an interpreter ended and is replaced: its process was killed (SIGKILL), as the system does where memory runs out",
  );
});

test("what C prints goes to the log, line by line", async () => {
  const python = await started("import ctypes");
  await python.call("evaluate", { text: "ctypes.CDLL(None).puts(b'from C')" });
  await python.call("evaluate", { text: "os.write(1, b'to file 1\\n')" });
  await python.call("evaluate", { text: "os.write(2, b'to file 2\\n')" });
  await python.call("evaluate", { text: "print('printed')" });
  await expect
    .poll(() => python.logs.map(({ level, logger, message }) => `${level} ${logger} ${message}`).sort())
    .toEqual(["info stdout from C", "info stdout printed", "info stdout to file 1", "warning stderr to file 2"]);
});

test("a process that closes its files is replaced", async () => {
  const python = await started();
  const pid = await python.call("pid");
  const closing = python.callFunction("os:closerange", [3, 256], { deadline: null, signal });
  await expect(closing).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
  expect(await python.call("pid")).not.toBe(pid);
});

test("sockets, names, processes, select and file locks wait without keeping others waiting", async () => {
  const server = createServer((_request, response) => void setTimeout(() => response.end("served"), 200));
  const silent = createListener(() => {});
  for (const one of [server, silent]) {
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void one.close());
  }
  const port = (server.address() as AddressInfo).port;
  const other = (silent.address() as AddressInfo).port;
  const python = await started(
    `
import asyncio, fcntl, select, socket, subprocess, tempfile, threading, urllib.request
turns = 0
def spin():
    global turns
    while True:
        time.sleep(0.005)
        turns += 1
threading.Thread(target=spin, daemon=True).start()
def measure(function):
    before = turns
    result = function()
    return [result, turns - before > 10]
def fetch(port): return measure(lambda: urllib.request.urlopen(f"http://localhost:{port}").read().decode())
def process(): return measure(lambda: subprocess.run(["sh", "-c", "sleep 0.2; echo $0", "done"], capture_output=True, text=True).stdout)
def system(): return measure(lambda: os.system("sleep 0.2"))
def selects(port):
    with socket.create_connection(("127.0.0.1", port)) as one:
        return measure(lambda: select.select([one], [], [], 0.2))
def times_out(port):
    def read():
        with socket.create_connection(("127.0.0.1", port), timeout=0.2) as one:
            try: one.recv(1)
            except TimeoutError as error: return str(error)
    return measure(read)
def gather(port):
    async def one():
        reader, writer = await asyncio.open_connection("localhost", port)
        writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
        data = await reader.read()
        writer.close()
        return data.endswith(b"served")
    async def both(): return await asyncio.gather(one(), one())
    return measure(lambda: asyncio.run(both()))
def locks():
    with tempfile.NamedTemporaryFile() as file, open(file.name) as other:
        fcntl.flock(file, fcntl.LOCK_EX)
        threading.Timer(0.2, lambda: fcntl.flock(file, fcntl.LOCK_UN)).start()
        return measure(lambda: fcntl.flock(other, fcntl.LOCK_EX))
`,
    { environment: { PYTHONPATH: greenletFolder(), PATH: process.env["PATH"] ?? "" } },
  );
  const call = async (name: string, ...args: number[]) =>
    (await python.callFunction(`schema:${name}`, args, { deadline: 10_000, signal })).value;
  expect(await call("fetch", port)).toEqual(["served", true]);
  expect(await call("process")).toEqual(["done\n", true]);
  expect(await call("system")).toEqual([0, true]);
  expect(await call("selects", other)).toEqual([[[], [], []], true]);
  expect(await call("times_out", other)).toEqual(["timed out", true]);
  expect(await call("gather", port)).toEqual([[true, true], true]);
  expect(await call("locks")).toEqual([null, true]);
});

test("a process that multiprocessing forks leaves the gateway's channel alone", async () => {
  const python = await started(`
import multiprocessing
def child(pipe):
    print("from the child")
    time.sleep(0.01)
    pipe.send(sum(range(10)))
def go():
    context = multiprocessing.get_context("fork")
    mine, its = context.Pipe()
    process = context.Process(target=child, args=(its,))
    process.start()
    process.join()
    return [process.exitcode, mine.recv()]
`);
  const { value } = await python.callFunction("schema:go", [], { deadline: 10_000, signal });
  expect(value).toEqual([0, 45]);
  expect(await python.call("evaluate", { text: "1" })).toBe("1");
  await expect.poll(() => python.logs.map(({ message }) => message)).toContain("from the child");
});

test("interpreters are forked from one that has imported the application, and draw different numbers", async () => {
  const folder = schemaFolder("");
  const imports = join(folder, "imports");
  const python = await started(`with open(${JSON.stringify(imports)}, "a") as file: file.write("x")`, { workers: 2 });
  const seen = new Map<string, string>();
  // A call that waits leaves the next to the other interpreter.
  const look = () =>
    python.call("evaluate", { text: "(time.sleep(0.05), os.getpid(), os.getppid(), random.random())[1:]" });
  await expect
    .poll(async () => {
      for (const answer of await Promise.all([look(), look(), look(), look()])) {
        const [pid = "", parent = ""] = String(answer).split(", ");
        seen.set(pid, parent);
      }
      return seen.size;
    })
    .toBe(2);
  expect(new Set(seen.values()).size).toBe(1);
  const [first = "", second = ""] = await Promise.all([look(), look()]).then((all) => all.map(String));
  expect(first.split(", ")[2]).not.toBe(second.split(", ")[2]);
  process.kill(Number([...seen.keys()][0]?.slice(1)), "SIGKILL");
  const unseen = (answer: unknown) => !seen.has(String(answer).split(", ")[0] ?? "");
  await expect.poll(async () => (await Promise.all([look(), look(), look(), look()])).some(unseen)).toBe(true);
  expect(readFileSync(imports, "utf8")).toBe("x");
});

test.each([
  [
    "a thread that a module started still runs",
    "import threading\nthreading.Thread(target=time.sleep, args=(60,)).start()",
  ],
  ["a module keeps a file or a connection open", "import socket\nkept = socket.socketpair()"],
  [
    "a package started a thread of the system",
    "import ctypes\nlibc = ctypes.CDLL(None)\nhandle = ctypes.c_ulong()\nlibc.pthread_create(ctypes.byref(handle), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)",
  ],
])("where %s, each interpreter imports the application, and the log says so", async (problem, module) => {
  const python = await started(module, { workers: 2 });
  const pids = new Set<unknown>();
  await expect
    .poll(async () => {
      const look = () => python.call("evaluate", { text: "(time.sleep(0.05), os.getpid())[1]" });
      for (const pid of await Promise.all([look(), look(), look(), look()])) {
        pids.add(pid);
      }
      return pids.size;
    })
    .toBe(2);
  expect(python.logs.map(({ message }) => message)).toContain(
    `interpreters start slowly: each imports the application anew, since ${problem}`,
  );
});

test("packages with compiled code that Pyodide lacks work in resolvers", async () => {
  const packages = pythonPackages(
    "cpython-compiled",
    "PyJWT==2.10.*",
    "cryptography==46.*",
    "pillow==12.*",
    "lxml==6.*",
  );
  const python = await started(
    `
import io, jwt, lxml.etree
from cryptography.hazmat.primitives.asymmetric import rsa
from PIL import Image
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
def token(): return jwt.decode(jwt.encode({"sub": "ada"}, key, algorithm="RS256"), key.public_key(), algorithms=["RS256"])["sub"]
def picture():
    with io.BytesIO() as file:
        Image.new("RGB", (300, 200), "teal").resize((30, 20)).save(file, "PNG")
        return [*Image.open(file).size, Image.open(file).format]
def markup(): return lxml.etree.fromstring("<a><b>text</b></a>").xpath("string(//b)")
`,
    { environment: { PYTHONPATH: [greenletFolder(), packages].join(":") } },
  );
  const call = async (name: string) =>
    (await python.callFunction(`schema:${name}`, [], { deadline: 10_000, signal })).value;
  expect([await call("token"), await call("picture"), await call("markup")]).toEqual(["ada", [30, 20, "PNG"], "text"]);
});

/** A program that does as an unfit Python does. */
function fakePython(script: string): string {
  const folder = schemaFolder("");
  const file = join(folder, "python");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function environmentOf(version: string): string {
  const folder = schemaFolder("");
  mkdirSync(join(folder, ".venv/lib", version, "site-packages"), { recursive: true });
  writeFileSync(join(folder, ".venv/pyvenv.cfg"), "");
  return folder;
}

test.each([
  ["there is none", () => "/nowhere/python", [], "/nowhere/python: there is no such program"],
  ["it does not run", () => fakePython("exit 3"), [], "it does not run"],
  [
    "it is too old",
    () => fakePython(`echo '["/old", [3, 8, 1], "/", "3.0", "cpython"]'`),
    [],
    "is cpython 3.8.1, and --engine cpython needs CPython 3.11 or newer",
  ],
  [
    "it is another implementation",
    () => fakePython(`echo '["/pypy", [3, 11, 1], "/", "3.0", "pypy"]'`),
    [],
    "is pypy 3.11.1, and --engine cpython needs CPython 3.11 or newer",
  ],
  ["greenlet is missing", () => fakePython('exec python3 -I -S "$@"'), [], "has no package greenlet"],
  [
    "the environment is another version's",
    () => "python3",
    [environmentOf],
    "/.venv is a virtual environment of another version than python3, which is CPython 3.",
  ],
])("where %s, one sentence says so", async (_, program, project, message) => {
  const starting = started("", {
    engine: { kind: "cpython", python: program(), project: project.map((make) => make("python3.99")) },
  });
  await expect(starting).rejects.toMatchObject({
    code: "PUFF_CPYTHON_UNFIT",
    message: expect.stringContaining(message),
    remedy: expect.stringMatching(/--python|pip install greenlet/),
  });
});
