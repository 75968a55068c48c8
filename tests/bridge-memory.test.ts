/** Memory that Python took is given back: WebAssembly itself never shrinks. */
import { expect, test } from "vitest";
import { pythonOn, schemaFolder } from "./support/python.ts";

const query = `
    @classmethod
    def take(cls, ctx: Context, /, mebibytes: int) -> int:
        taken.append(mebibytes)
        return len(bytearray(mebibytes << 20))
    @classmethod
    def taken(cls, ctx: Context, /) -> int:
        return len(taken)
    @classmethod
    def wait(cls, ctx: Context, /, n: int) -> int:
        return host.call("wait", n)
`;

test("an interpreter past 1 GB is replaced once it has nothing to do, and no call is lost", async () => {
  const end = Promise.withResolvers<void>();
  const python = await pythonOn(schemaFolder(query, "taken: list[int] = []"), {
    hostFunctions: new Map([["wait", ((n: unknown) => end.promise.then(() => n)) as never]]),
  });
  const waiting = python.call("wait", { n: 1 }, { repeatable: false });
  await python.call("take", { mebibytes: 300 });
  await python.call("take", { mebibytes: 1100 });
  expect(await python.call("taken")).toBe(2);
  end.resolve();
  expect(await waiting).toBe(1);
  await expect
    .poll(() => python.logs.map(({ message }) => message).join())
    .toMatch(/its memory had grown to 1\d{3} MB/);
  expect(await python.call("taken")).toBe(0);
});
