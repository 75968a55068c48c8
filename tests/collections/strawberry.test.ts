/** The same documents, put to strawberry-django on native CPython and to the gateway, get the same answers. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import {
  type Ask,
  answersTo,
  collectionDocuments,
  mendedAnswers,
  type NativeSchema,
  prepareLibrary,
  projectFolder,
  startNativeSchema,
} from "../support/collections.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let database: TestDatabase;
let native: NativeSchema;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareLibrary(database.url);
  native = await startNativeSchema(database.url);
  server = await startServer({
    schemas: [{ spec: `${projectFolder}/puff_schema.py`, camelCase: true }],
    django: { settings: "project_settings", folder: projectFolder },
    databases: [{ name: "default", url: database.url }],
    pythonPath: [projectFolder, await installPackages(["Django==5.2.19"])],
    cacheFolder: `${sharedCache}-django`,
    environment: {},
    limits: { poolSize: 2 },
    port: 0,
    logger: pino({ level: "silent" }),
  });
});

afterAll(async () => {
  await server?.close();
  native?.close();
  await database.drop();
});

const askGateway: Ask = async (query, variables) =>
  JSON.parse((await ask(server, { body: { query, variables } })).body);

test.each(collectionDocuments())("$name", async (document) => {
  const [original, ours] = await Promise.all([answersTo(document, native.ask), answersTo(document, askGateway)]);
  const mended = mendedAnswers(document);
  if (mended !== null) {
    expect(original, "the original still answers otherwise").not.toEqual(mended);
  }
  expect(ours).toEqual(mended ?? original);
});
