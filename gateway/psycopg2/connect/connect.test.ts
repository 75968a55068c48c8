import { expect, test } from "vitest";
import { connectTo } from "./connect.ts";

test.each([
  ["", ["5432", "5432"]],
  [",", ["5432", "5432"]],
  ["1,", ["1", "5432"]],
  [",2", ["5432", "2"]],
  ["3", ["3", "3"]],
])("two hosts and the port %j are tried at %j", async (port, tried) => {
  const failed = connectTo({ host: "/nosuch,/nosuch", port, user: "u", dbname: "d" }, {}).catch(String);
  expect([...String(await failed).matchAll(/\.s\.PGSQL\.(\d*)/g)].map(([, number]) => number)).toEqual(tried);
});
