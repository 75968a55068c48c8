/** Whatever Postgres sends, cut anywhere, becomes the JSON that pg's own parser and JSON.stringify make of it. */
import { PassThrough } from "node:stream";
import fc from "fast-check";
import pg from "pg";
import { expect, test } from "vitest";
import { FrameSplitter } from "../../gateway/postgres/wire/frames.ts";
import { type Column, createPlanner, type Database, type Planner, RowSet } from "../../planner/index.ts";
import { buildExecutableSchema, type TypeDescription } from "../../schema/index.ts";
import { noEvents, noGenerators, sql } from "../support/planner/planner.ts";
import { dataRow, rowSetOf, textsOf } from "../support/planner/rows.ts";
import { samples } from "../support/planner/samples.ts";

const columns: readonly Column[] = Object.entries(samples).map(([name, { oid }]) => ({ name, oid }));
const row = fc.tuple(...Object.values(samples).map(({ texts }) => fc.option(texts, { freq: 8 })));

test("rows become what pg and JSON.stringify make of them", async () => {
  let receiveAgain = (): RowSet => rowSetOf(columns, []); // a request gives back the memory of the rows that it was given
  const planner = plannerOver({
    query: async () => receiveAgain(),
    transaction: () => Promise.reject(new Error("no mutation here")),
    async stream() {
      const [first = receiveAgain(), ...others] = textsOf(receiveAgain()).map((texts) => rowSetOf(columns, [texts]));
      return {
        first,
        rest:
          others.length === 0
            ? null
            : (async function* () {
                yield* others;
              })(),
      };
    },
  });
  const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), cuts, async (sent, lengths) => {
      const chunks = cut(
        Buffer.concat([...sent.flatMap((fields) => [frame("D", dataRow(fields)), notice]), complete]),
        lengths,
      );
      receiveAgain = () => receive(chunks);
      const expected = (await readWithPg(chunks)).map(expectedItem);
      const { data, errors = [] } = await answer(planner, false);
      expect(data).toEqual({ rows: expected.map(({ item }) => item) });
      expect(errors.map(({ path }) => path)).toEqual(
        expected.flatMap(({ failed }, index) => failed.map((name) => ["rows", index, name])),
      );
      expect(await answer(planner, true)).toEqual({ data, ...(errors.length > 0 ? { errors } : {}) });
    }),
    { numRuns: 500, ...(process.env["CI"] === undefined ? {} : { seed: 20_261_122 }) },
  );
});

/** What pg's parser gives for a row's fields, as the client reads it. */
function expectedItem(fields: readonly (string | null)[]): { readonly item: object; readonly failed: string[] } {
  const failed: string[] = [];
  const entries = Object.entries(samples).map(([name, { oid, json: convert }], index) => {
    const sent = fields[index] ?? null;
    if (sent === null) {
      return [name, null];
    }
    const value = convert(pg.types.getTypeParser(oid)(sent) as never, sent); // each takes its own type's values
    if (value === undefined) {
      failed.push(name);
    }
    return [name, value ?? null];
  });
  return { item: JSON.parse(JSON.stringify(Object.fromEntries(entries))), failed };
}

/** The fields of each row as pg's own connection reads them. */
async function readWithPg(chunks: readonly Buffer[]): Promise<(string | null)[][]> {
  const found: (string | null)[][] = [];
  const stream = new PassThrough();
  const connection = new pg.Connection();
  connection.on("dataRow", ({ fields }: { fields: (string | null)[] }) => found.push(fields));
  connection.attachListeners(stream);
  for (const chunk of chunks) {
    stream.emit("data", Buffer.from(chunk)); // pg moves bytes about within what it is given
  }
  return found;
}

function receive(chunks: readonly Buffer[]): RowSet {
  const rows = new RowSet(columns);
  const splitter = new FrameSplitter({ sink: rows }, () => undefined);
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    splitter.push(bytes);
    bytes.fill(0xff); // the next chunk is read into the same memory
  }
  return rows;
}

function cut(stream: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(stream.subarray(at, at + length));
    at += length;
  }
  return [...chunks, stream.subarray(at)].filter(({ length }) => length > 0);
}

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const notice = frame("S", Buffer.from("TimeZone\0UTC\0"));
const complete = frame("C", Buffer.from("SELECT 1\0"));

interface Answer {
  readonly data: unknown;
  readonly errors?: readonly { readonly path: readonly (string | number)[] }[];
}

async function answer(planner: Planner, stream: boolean): Promise<Answer> {
  const prepared = planner.prepare(`{ rows { ${columns.map(({ name }) => name).join(" ")} } }`, null);
  if (prepared.kind === "refused") {
    throw new Error(prepared.response.body.toString());
  }
  const { signal } = new AbortController();
  const caller = { headers: {}, authToken: null };
  const { body, rest } = await planner.execute(prepared.operation, {}, caller, { signal, stream });
  const parts = [body];
  for await (const part of rest ?? []) {
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString(), (_key, value) => (value === 0 ? 0 : value)); // -0 is 0 in JSON
}

function plannerOver(database: Database): Planner {
  const named = { description: null, place: null };
  const field = { description: null, deprecation: null, place: null, args: [] };
  const types: TypeDescription[] = [
    {
      ...named,
      kind: "object",
      name: "Query",
      interfaces: [],
      fields: [
        { ...field, name: "rows", type: "[Row!]!", source: { kind: "resolver", pure: false, plan: sql("SELECT") } },
      ],
    },
    {
      ...named,
      kind: "object",
      name: "Row",
      interfaces: [],
      fields: Object.entries(samples).map(([name, { type }]) => ({
        ...field,
        name,
        type,
        source: { kind: "column", column: name },
      })),
    },
    {
      ...named,
      kind: "enum",
      name: "Color",
      values: [
        { name: "RED", value: "r", description: null, deprecation: null },
        { name: "GREEN", value: "g", description: null, deprecation: null },
      ],
    },
  ];
  return createPlanner({
    schema: buildExecutableSchema("default", {
      version: 1,
      query: "Query",
      mutation: null,
      subscription: null,
      hasAuth: false,
      types,
    }),
    resolver: { resolve: () => Promise.reject(new Error("no Python here")), iterate: noGenerators },
    database,
    events: noEvents,
    layerFunctions: new Map(),
    limits: {
      tokens: 1000,
      depth: 6,
      aliases: 5,
      rootFields: 5,
      fields: 1000,
      listLength: 5,
      items: 1000,
      cachedDocuments: 10,
    },
    fuse: false,
    verifyPlans: 0,
    introspection: true,
    suggestions: true,
    maskErrors: false,
    report() {},
  });
}
