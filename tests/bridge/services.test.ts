/** Python calls the host's services, and the host calls Python's functions. */
import { once } from "node:events";
import { expect, test } from "vitest";
import type { HostAnswer, HostService, HostSession } from "../../python-bridge/index.ts";
import { onCPython } from "../support/python/engine.ts";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
`;
const module = `
import threading
from puff._runtime.greenlets import GreenletExit, on_end
from puff._runtime.services import Answer, ServiceError, call, tell

def echo(*args, buffers=()):
    value, back = call("echo", "echo", *args, buffers=buffers)
    return Answer(value, back)
def failing():
    try:
        call("echo", "fail", "23505")
    except ServiceError as error:
        return [error.code, error.message, error.data]
def missing():
    call("no such service", "x")
def hold(how="return"):
    on_end(lambda: tell("echo", "note", "hook 1"))
    on_end(lambda: call("echo", "note", "hook 2"))
    call("echo", "hold")
    if how == "raise": raise ValueError("as asked")
    return how
def wait():
    try:
        call("echo", "never")
    except GreenletExit as error:
        call("echo", "note", f"cleaning up: {error}")
        raise
def hand(): return call("echo", "hand over")[0]
def leave_late():
    try:
        call("echo", "hand over")
    except GreenletExit:
        call("echo", "come")  # what it was waiting for
        raise
def leave():
    raise GreenletExit("by itself")
def ask_on():
    try:
        while True: call("echo", "echo")
    except GreenletExit:
        call("echo", "note", "cleaning up")
        raise
def swallow():
    while True:
        try: call("echo", "never")
        except BaseException: pass
def loop():
    while True: pass
def loop_on():
    while True:
        try: loop()
        except BaseException: pass
def interrupt_itself():
    raise KeyboardInterrupt
class Nested:
    @staticmethod
    async def function(n): return n + 1
class Forgotten:
    def __del__(self): tell("echo", "note", "forgotten")
def forget():
    Forgotten()
def tell_in_vain():
    tell("echo", "fail", "the secret argument")
    tell("nowhere", "look")
    call("echo", "echo")  # and so both have arrived
class Waiting:
    def __init__(self): self.me = self
    def __del__(self): call("echo", "note", "from a finalizer")
def litter():
    Waiting()
    for _ in range(30_000):
        cycle = []
        cycle.append(cycle)
`;

/** A service that says back what it is told, and notes what it sees. */
class Echo implements HostService {
  readonly notes: unknown[] = [];
  readonly coming = Promise.withResolvers<void>();
  open(): HostSession {
    this.notes.push("open");
    return {
      call: async (method, args, buffers, signal): Promise<HostAnswer> => {
        if (method === "fail") {
          throw Object.assign(new Error("it is a duplicate"), { code: args[0], data: { constraint: "pk" } });
        }
        if (method === "note") {
          this.notes.push(args[0]);
        }
        if (method === "hold") {
          signal.addEventListener("abort", () => this.notes.push("given back"));
        }
        if (method === "hand over") {
          this.notes.push("asked");
          await this.coming.promise;
          return { value: 1, unclaimed: () => this.notes.push("unclaimed") };
        }
        if (method === "come") {
          this.coming.resolve();
        }
        if (method === "never") {
          this.notes.push("asked");
          await once(signal, "abort");
        }
        return { value: [...args], buffers };
      },
      close: () => this.notes.push("close"),
    };
  }
}

async function started(options: Partial<Parameters<typeof pythonOn>[1]> = {}) {
  const echo = new Echo();
  const services = new Map([["echo", echo]]);
  const python = await pythonOn(schemaFolder(query, module), { services, ...options });
  const call = (
    target: string,
    { args = [] as never[], buffers = [] as Uint8Array[], deadline = null as number | null, signal = never } = {},
  ) => python.callFunction(`schema:${target}`, args, { buffers, deadline, signal });
  return { echo, python, call };
}
const never = new AbortController().signal;

test("values and bytes cross both ways", async () => {
  const { call, echo } = await started();
  const args = [null, "ü\u0000", 2 ** 40, { a: [1.5, true] }] as never[];
  const large = new Uint8Array(3_000_000).fill(7);
  const answer = await call("echo", { args, buffers: [Buffer.from("pooled"), large, new Uint8Array(0)] });
  expect(answer.value).toEqual(args);
  expect(answer.buffers.map(({ length }) => length)).toEqual([6, 3_000_000, 0]);
  expect(Buffer.from(answer.buffers[0] ?? []).toString()).toBe("pooled");
  expect(answer.buffers[1]?.every((byte) => byte === 7)).toBe(true);
  // Given away, not copied; to a process they are written.
  expect(large.length).toBe(onCPython ? 3_000_000 : 0);
  expect(await call("echo", { args })).toEqual({ value: args, buffers: [] });
  expect(echo.notes).toEqual(["open"]);
});

test("a coroutine function is called, and one inside a class", async () => {
  const { call } = await started();
  expect(await call("Nested.function", { args: [1 as never] })).toEqual({ value: 2, buffers: [] });
});

test("what a service throws has its code and data in Python", async () => {
  const { call } = await started();
  const { value } = await call("failing");
  expect(value).toEqual(["23505", "it is a duplicate", { constraint: "pk" }]);
});

test.each([
  ["missing", "ServiceError: this host has no service no such service"],
  ["no_function", "AttributeError: module 'schema' has no attribute 'no_function'"],
])("%s fails with Python's exception", async (target, message) => {
  const { call } = await started();
  await expect(call(target)).rejects.toMatchObject({
    code: "PUFF_CALL_FAILED",
    message: `function schema:${target} raised ${message}`,
  });
});

test.each(["return", "raise"])("what a greenlet holds goes back when it ends by %s", async (how) => {
  const { call, echo } = await started();
  await call("hold", { args: [how as never] }).catch(() => {});
  await expect.poll(() => echo.notes).toEqual(["open", "hook 2", "hook 1", "given back"]);
});

test("a call that nobody wants any more ends where it waits, and may clean up", async () => {
  const { call, python, echo } = await started();
  const caller = new AbortController();
  const waiting = call("wait", { signal: caller.signal });
  await expect.poll(() => echo.notes).toContain("asked");
  const reason = new Error("the client has gone");
  caller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect.poll(() => echo.notes.at(-1)).toMatch(/^cleaning up: nobody waits/);
  await expect(call("leave")).rejects.toMatchObject({ code: "PUFF_CALL_FAILED" });
  expect(python.logs).toEqual([]);
});

test("what is handed over while it cleans up is given back, and nothing else is", async () => {
  const { call, echo } = await started();
  const caller = new AbortController();
  const left = call("leave_late", { signal: caller.signal });
  await expect.poll(() => echo.notes).toContain("asked");
  caller.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(() => echo.notes).toEqual(["open", "asked", "unclaimed"]);
  expect((await call("hand")).value).toBe(1);
  await call("echo"); // and so its receipt has come
  expect(echo.notes).toEqual(["open", "asked", "unclaimed", "asked"]);
});

test("it may clean up whatever comes at the same moment", async () => {
  const { call, echo } = await started();
  const caller = new AbortController();
  const calls = Array.from({ length: 50 }, () => call("ask_on", { signal: caller.signal }));
  await call("echo");
  caller.abort();
  await Promise.allSettled(calls);
  await expect.poll(() => echo.notes).toEqual(["open", ...calls.map(() => "cleaning up")]);
});

test("a call has its own deadline while it waits, and other Python none of it", async () => {
  const { call, python } = await started({ deadline: 600 });
  const unbounded = call("wait");
  unbounded.catch(() => {});
  const message = "function schema:wait did not answer within 200 ms";
  await expect(call("wait", { deadline: 200 })).rejects.toMatchObject({ code: "PUFF_CALL_DEADLINE", message });
  await expect(call("swallow", { deadline: 200 })).rejects.toMatchObject({ code: "PUFF_CALL_DEADLINE" });
  expect(await python.call("hello")).toBe("hello");
});

test.each([
  ["loop", null],
  ["loop", 60_000],
  ["loop_on", 60_000],
])("a call that never pauses is ended whatever its deadline, and told why: %s, %s", async (name, deadline) => {
  const { call, python } = await started({ deadline: 600 });
  const hello = python.call("hello");
  const message = `function schema:${name} computed for longer than 600 ms without a pause`;
  await expect(call(name, { deadline })).rejects.toMatchObject({ code: "PUFF_CALL_DEADLINE", message });
  expect(await hello).toBe("hello");
});

test("a call that interrupts itself has failed, and was not too long", async () => {
  const { call } = await started();
  const error = await call("interrupt_itself").then(
    () => null,
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ code: "PUFF_CALL_FAILED" });
  expect(String(error?.cause)).toBe("Error: KeyboardInterrupt was raised in it");
});

test("an interpreter that ends closes its sessions, and its greenlets' signals", async () => {
  const { call, python, echo } = await started();
  await call("hold");
  const waiting = call("wait");
  await expect.poll(() => echo.notes).toContain("asked");
  await Promise.all([python.close(), expect(waiting).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" })]);
  expect(echo.notes.at(-1)).toBe("close");
});

test("a finalizer tells a service without waiting", async () => {
  const { call, echo } = await started();
  await call("forget");
  await expect.poll(() => echo.notes).toContain("forgotten");
});

test("what Python tells a service is logged where it fails, each once and without its arguments", async () => {
  const { call, python } = await started();
  await call("tell_in_vain");
  const said = () => python.logs.map(({ logger, level, message }) => `${logger} ${level}: ${message}`).sort();
  await expect
    .poll(said)
    .toEqual([
      "puff.services error: echo.fail failed, and Python does not wait for its answer: it is a duplicate",
      "puff.services error: nowhere.look failed, and Python does not wait for its answer: this host has no service nowhere",
    ]);
});

// CPython collects garbage where it arises, in a greenlet, which can wait.
test.skipIf(onCPython)("a finalizer that would wait between greenlets fails, and no other", async () => {
  const { call, python, echo } = await started();
  const waiting = call("wait", { deadline: 20_000 });
  waiting.catch(() => {});
  await call("litter");
  const hellos = await Promise.all(Array.from({ length: 100 }, () => python.call("hello")));
  expect(new Set(hellos)).toEqual(new Set(["hello"]));
  const said = () => python.logs.map(({ message }) => message).join("\n");
  await expect.poll(said).toContain("calling the service echo waits, which can't be done here: in a finalizer");
  expect(echo.notes).not.toContain("from a finalizer");
});

test("a module that calls a service while it is imported has no image", async () => {
  const folder = schemaFolder(query, `${module}\nseen = call("echo", "note", "imported")`);
  const echo = new Echo();
  const python = await pythonOn(folder, { services: new Map([["echo", echo]]) });
  expect(await python.call("hello")).toBe("hello");
  const message = "a module calls the service echo while it is imported";
  await expect.poll(() => python.logs.map((record) => record.message)).toContainEqual(expect.stringContaining(message));
});
