import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Psycopg2Service } from "../../gateway/psycopg2/index.ts";
import { pythonPackages, runOnShim, runPython } from "../support/python/native-python.ts";
import { createTestDatabase } from "../support/servers/postgres.ts";

const script = join(import.meta.dirname, "../support/python/psycopg2_cases.py");
const { url, drop } = await createTestDatabase();
afterAll(drop);

test("the shim shows what psycopg2 shows", async () => {
  const expected = JSON.parse(runPython(script, [url], [pythonPackages("psycopg2", "psycopg2-binary==2.9.*")]));
  const service = new Psycopg2Service({
    pools: [],
    environment: process.env,
    onLeftOpen: () => undefined,
    onBeside: () => undefined,
  });
  const shown = JSON.parse(await runOnShim(service, script, [url]));
  await service.close();
  expect(shown).toEqual(expected);
  expect(Object.keys(shown).length).toBeGreaterThan(400);
});
