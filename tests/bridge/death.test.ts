/** Interpreters that die are replaced, and what they were doing is done again. */
import { expect, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
    @classmethod
    def wait(cls, ctx: Context, /, n: int) -> int:
        return host.call("wait", n)
    @classmethod
    def die(cls, ctx: Context, /, how: str) -> str:
        if host.call("may_live"):
            return "lived"
        if how == "abort":
            os.abort()
        elif how == "thread":
            threading.Thread(target=os.abort).start()
            time.sleep(60)
        elif how == "exit":
            os._exit(1)
        elif how == "bad address":
            import ctypes
            ctypes.string_at(0xFFFFFFF0, 4)
        else:
            sum(range(10**11))
        return "unreachable"
`;
const wait = (n: unknown): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(Number(n)), 50));

test.each(["abort", "exit", "bad address"])("%s under load fails no call", async (how) => {
  let deaths = 0;
  const mayLive = () => ++deaths > 2;
  const python = await pythonOn(schemaFolder(query), {
    workers: 2,
    hostFunctions: new Map([
      ["wait", wait as never],
      ["may_live", mayLive],
    ]),
  });
  const calls: Promise<unknown>[] = [python.call("die", { how })];
  for (let n = 0; n < 300; n++) {
    calls.push(python.call("wait", { n }), python.call("hello"));
    if (n % 10 === 0) {
      await wait(0);
    }
  }
  const [died, ...others] = await Promise.all(calls);
  expect(died).toBe("lived");
  expect(others.filter((value) => value === "hello")).toHaveLength(300);
  expect(others.filter((value) => typeof value === "number")).toEqual(Array.from({ length: 300 }, (_, n) => n));
});

test("a call that ends every interpreter is given up, and no other", async () => {
  const python = await pythonOn(schemaFolder(query), {
    hostFunctions: new Map<string, () => never>([["may_live", () => false as never]]),
  });
  const poison = python.call("die", { how: "abort" });
  const others = Promise.all(Array.from({ length: 50 }, () => python.call("hello")));
  await expect(poison).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
  expect(await others).toHaveLength(50);
});

test.each(["abort", "exit", "thread"])("calls that wait outlive any number of others that %s", async (how) => {
  const end = Promise.withResolvers<void>();
  const python = await pythonOn(schemaFolder(query, "import threading"), {
    hostFunctions: new Map<string, (n: never) => unknown>([
      ["wait", (n) => end.promise.then(() => n)],
      ["may_live", () => false],
    ]) as never,
  });
  const waiting = Promise.all(Array.from({ length: 50 }, (_, n) => python.call("wait", { n })));
  for (let count = 0; count < 4; count++) {
    await expect(python.call("die", { how })).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
    expect(await python.call("hello")).toBe("hello");
  }
  end.resolve();
  expect(await waiting).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test("a call that may have effects is not made again once begun", async () => {
  let deaths = 0;
  const python = await pythonOn(schemaFolder(query), {
    hostFunctions: new Map([
      ["wait", () => new Promise<never>(() => undefined)],
      ["may_live", (() => ++deaths > 1) as never],
    ]),
  });
  const begun = python.call("wait", { n: 1 }, { repeatable: false });
  const poison = python.call("die", { how: "abort" });
  await expect(begun).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
  expect(await poison).toBe("lived");
});
