/** Python code is trusted, and still the ways from an interpreter's objects to the rest of Node are closed. */
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
`;
const module = `
def attempt(codes: list[str]) -> list[str]:
    return [attempt_one(code) for code in codes]

def attempt_one(code: str) -> str:
    names: dict[str, object] = {}
    try:
        exec(code, names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"reached {names.get('found')}"
`;
const constructors = [
  "import _puff_host; found = _puff_host.call.constructor",
  "import js; found = js.setTimeout.constructor",
  "from pyodide.ffi import to_js; found = to_js([1]).constructor.constructor",
  "from pyodide.ffi import create_proxy; found = create_proxy(print).constructor.constructor",
  "from pyodide.webloop import scheduleCallback; found = scheduleCallback.constructor",
];
const absent = [
  "import js; found = js.Object",
  "import js; found = js.globalThis",
  "import js; found = js.process",
  "from js import eval as found",
  "from pyodide.code import run_js; found = run_js('process')",
  "import pyodide_js; found = pyodide_js.FS",
  "import pyodide_js; found = pyodide_js._module",
  "import pyodide_js; found = pyodide_js._api.globals",
  "import importlib, sys; del sys.modules['pyodide_js']; importlib.import_module('pyodide_js'); found = 1",
  "import importlib, sys; del sys.modules['pyodide_js._api']; importlib.import_module('pyodide_js._api'); found = 1",
];

const needed = {
  "import js; found = hasattr(js, 'XMLHttpRequest')": "reached False", // as urllib3 asks
  "import asyncio; found = asyncio.run(asyncio.sleep(0.001, 5))": "reached 5",
  "import os; found = os.getuid() >= 0": "reached True",
  "import ctypes; found = ctypes.sizeof(ctypes.c_long)": "reached 4",
  "import pyodide.http; found = True": "reached True",
};

/** What becomes of each piece of code. */
async function attempt(python: TestPython, codes: readonly string[]): Promise<string[]> {
  const signal = new AbortController().signal;
  const { value } = await python.callFunction("schema:attempt", [codes], { deadline: 60_000, signal });
  return value as string[]; // as the module above gives them
}

test("no object's constructor makes functions from text, Node's own are not there, and what packages need is", async () => {
  const folder = schemaFolder(query, module);
  const calls = constructors.map((code) => `${code}("return process.pid")()`);
  // In an interpreter that is new, and in one from an image of its memory.
  for (const round of [1, 2]) {
    const python = await pythonOn(folder);
    for (const outcome of await attempt(python, calls)) {
      expect(outcome, `${round}`).toMatch(/^JsException: EvalError: JavaScript can't be made from text here/);
    }
    expect(await attempt(python, Object.keys(needed))).toEqual(Object.values(needed));
    for (const outcome of await attempt(python, absent)) {
      expect(outcome, `${round}`).toMatch(/^(AttributeError|ImportError|ModuleNotFoundError)/);
    }
  }
});

test("text that C code would run as JavaScript ends the interpreter alone, and runs nowhere", async () => {
  const python = await pythonOn(schemaFolder(query, module));
  const script = `require("fs"), process.exit(7)`;
  const code = `import ctypes; ctypes.pythonapi.emscripten_run_script(${JSON.stringify(script)}.encode())`;
  const run = attempt(python, [code]);
  await expect(run).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
  expect(await python.call("hello")).toBe("hello");
});

test("every kind of function, and eval, refuses text", async () => {
  const confine = join(import.meta.dirname, "../../python-bridge/door/confine.ts");
  const code = `
    const { parentPort } = require("node:worker_threads");
    const { refuseCodeFromText } = require(${JSON.stringify(confine)});
    refuseCodeFromText();
    const ways = {
      Function: () => Function("return 1"),
      "new Function": () => new Function("return 1"),
      eval: () => eval("1"),
      "eval from afar": () => (0, eval)("1"),
      "arrow function": () => (() => {}).constructor("return 1"),
      "async function": () => (async () => {}).constructor("return 1"),
      generator: () => (function* () {}).constructor("yield 1"),
      "async generator": () => (async function* () {}).constructor("yield 1"),
      class: () => (class {}).constructor("return 1"),
      "a kind's own parent": () => Object.getPrototypeOf((async () => {}).constructor).constructor("return 1"),
      constructed: () => Reflect.construct((() => {}).constructor, ["return 1"]),
    };
    const outcomes = Object.entries(ways).map(([name, way]) => {
      try {
        return [name, typeof way()];
      } catch (error) {
        return [name, error.name];
      }
    });
    parentPort.postMessage(outcomes);
  `;
  const worker = new Worker(code, { eval: true });
  const [outcomes] = await once(worker, "message");
  await worker.terminate();
  expect(outcomes).toHaveLength(11);
  for (const [name, outcome] of outcomes) {
    expect(outcome, name).toMatch(/^(EvalError|TypeError)$/);
  }
});
