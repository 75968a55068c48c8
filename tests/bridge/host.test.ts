/** Python calls the gateway's functions, and its logs arrive. */
import { expect, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const query = `
    @classmethod
    def double(cls, ctx: Context, /, n: int) -> int:
        return host.call("double", n)
    @classmethod
    def fail(cls, ctx: Context, /) -> str:
        try:
            host.call("fail")
        except Exception as error:
            return str(error)
        return "no error"
    @classmethod
    def unknown(cls, ctx: Context, /) -> str:
        return host.call("unknown")
    @classmethod
    def talk(cls, ctx: Context, /, lines: int) -> str:
        import logging
        logging.getLogger("shop").error("out of stock")
        for line in range(lines): print("line", line)
        return "done"
`;
const double = (n: unknown): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(Number(n) * 2), 200));
const fail = (): never => {
  throw new Error("it is broken");
};
const hostFunctions = new Map([
  ["double", double],
  ["fail", fail],
]);

test("a call waits for the host while others are served", async () => {
  let asked = 0;
  const all = Promise.withResolvers<void>();
  const double = async (n: unknown): Promise<number> => {
    asked += 1;
    if (asked === 100) {
      all.resolve();
    }
    await all.promise;
    return Number(n) * 2;
  };
  const python = await pythonOn(schemaFolder(query), { hostFunctions: new Map([["double", double]]) });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => python.call("double", { n })));
  expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => n * 2));
});

test("what a host function throws is raised in Python", async () => {
  const python = await pythonOn(schemaFolder(query), { hostFunctions });
  expect(await python.call("fail")).toContain("it is broken");
});

test("an unknown host function is told with those there are", async () => {
  const python = await pythonOn(schemaFolder(query), { hostFunctions });
  await expect(python.call("unknown")).rejects.toThrow(/PUFF_HOST_FUNCTION_UNKNOWN.*double, fail/);
});

test("print and logging arrive with their level, and not without bound", async () => {
  const python = await pythonOn(schemaFolder(query), { hostFunctions });
  await python.call("talk", { lines: 1 });
  await expect.poll(() => python.logs).toContainEqual({ level: "error", logger: "shop", message: "out of stock" });
  await expect.poll(() => python.logs).toContainEqual({ level: "info", logger: "stdout", message: "line 0" });
  await python.call("talk", { lines: 5000 });
  await expect.poll(() => python.logs.at(-1)?.message).toMatch(/more log records/);
  expect(python.logs.length).toBeLessThan(1500);
});

test("thousands of greenlets wait at once while Python makes garbage", async () => {
  const python = await pythonOn(schemaFolder(query), { hostFunctions, deadline: 60_000 });
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, n) => python.call("double", { n })));
    expect(answers.at(-1)).toBe(1998);
  }
  expect(python.logs.filter(({ message }) => message.includes("interpreter"))).toEqual([]);
});
