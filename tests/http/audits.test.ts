/** Conformance with GraphQL over HTTP: the audits of npm graphql-http, by their stable ids, over the whole gateway. */
import { join } from "node:path";
import { type Audit, serverAudits } from "graphql-http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";

// Listed, so that an audit can't vanish with a new version of the library without notice.
const ids = `
  0220 0221 0222 03D4 13EE 1B7A 22EB 28B9 2C94 2EA1 34A2 3E3A 423L 428F 4655 4760 4761 4762 4763 47DE 51FE 556A 572B
  58B0 58B1 58B2 58B3 5A70 5E5B 6A70 6C00 6C01 6C02 6C03 74FF 78D5 7B9B 80D8 8161 82A3 865D 86EE 8764 94B0 94B1 94B2
  9ABE 9C48 A5BF B6DC B7N8 B8B3 BCF8 BF61 D586 D6D5 FDE2 LKJ0 LKJ1 LKJ2 LKJ3`
  .trim()
  .split(/\s+/);

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({
    schemas: [{ spec: join(import.meta.dirname, "../../examples/quickstart/schema.py") }],
    cacheFolder: sharedCache,
    port: 0,
  });
});

afterAll(() => server?.close());

const audits: readonly Audit[] = serverAudits({ url: () => `${server.url}/graphql` });

test("the audits are those that are known", () => {
  expect(audits.map((audit) => audit.id).sort()).toEqual(ids);
  expect(ids).toHaveLength(61);
});

test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))("%s %s", async (_id, _name, audit) => {
  expect(await audit.fn()).toEqual({ id: audit.id, name: audit.name, status: "ok" });
});
