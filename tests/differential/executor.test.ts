/** The planner against graphql-js's own executor: random schemas, data and operations must get the same response. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import fc from "fast-check";
import { executeSync, parse, printSchema, validate } from "graphql";
import { describe, expect, it } from "vitest";
import {
  createPlanner,
  type Database,
  type Planner,
  type PlannerEvent,
  type PlannerOptions,
} from "../../planner/index.ts";
import { buildExecutableSchema } from "../../schema/index.ts";
import { noEvents } from "../support/planner/planner.ts";
import { rowSetOf, textsOf } from "../support/planner/rows.ts";
import { ownDatabase } from "../support/servers/postgres.ts";
import { someCursor } from "./collections.ts";
import { drawOperation, type RandomOperation } from "./operation.ts";
import { layerFunctions, planResolver, referenceResolvers } from "./resolvers.ts";
import { describeWorld, drawWorld, type World } from "./world.ts";

/** More with `DIFFERENTIAL_RUNS=100000 npx vitest run tests/differential`. */
const worlds = Number(process.env["DIFFERENTIAL_RUNS"] ?? 250);
const operationsEach = 8;
/** Milliseconds; much more than they take. */
const timeout = Math.max(600_000, worlds * 1_000);
/** A failure tells its seed; with `DIFFERENTIAL_SEED=…` that is run again, and shrunk. */
const { DIFFERENTIAL_SEED: wantedSeed, CI: ci } = process.env;
const seed = wantedSeed === undefined ? (ci === undefined ? null : 20_261_122) : Number(wantedSeed);

const database = await ownDatabase();

describe("the executor", () => {
  it("answers as graphql-js does, and byte for byte the same with statements fused", { timeout }, async () => {
    let compared = 0;
    let inParts = 0;
    const programs = { answered: 0, left: 0 };
    /** Of each operation that one statement answers: why no program did; null: one did. */
    const fusable: (string | null)[] = [];
    let pages = 0;
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const world = drawWorld(draw);
        const { layered, fused, streamed, reference } = open(
          world,
          (served) => programs[served ? "answered" : "left"]++,
        );
        for (let index = 0; index < operationsEach; index++) {
          const { text, variables } = drawOperation(draw, world);
          if (validate(reference, parse(text)).length > 0) {
            continue; // two fragments may want one response key for fields that differ
          }
          const body = await run(layered, text, variables);
          const expected = executeSync({ schema: reference, document: parse(text), variableValues: variables });
          expect(comparable(JSON.parse(body)), text).toEqual(comparable(expected));
          expect(await run(fused, text, variables), text).toBe(body);
          expect(await run(fused, text, variables), `${text}, as it was fused before`).toBe(body);
          const before = programs.answered;
          expect(await run(fused, text, variables), `${text}, by its program`).toBe(body);
          const isByProgram = programs.answered > before;
          const seen: PlannerEvent[] = [];
          expect(await run(fused, text, variables, (event) => seen.push(event)), `${text}, observed`).toBe(body);
          if (isFusable(seen, world) && !body.includes('"errors"')) {
            fusable.push(isByProgram ? null : whyNone(seen));
          }
          const parts = await stream(streamed, text, variables);
          if (parts !== null) {
            expect(parts.join(""), text).toBe(body);
            inParts++;
          }
          compared++;
          pages += [...text.matchAll(/totalCount|pageInfo|pagination: |first: |last: /g)].length;
        }
      }),
      {
        numRuns: worlds,
        ...(seed === null ? {} : { seed }),
        // To shrink means to run thousands of worlds, which takes longer than anybody waits unasked.
        endOnFailure: wantedSeed === undefined,
        // Vitest's own timeout would tell no seed, and leave this running.
        interruptAfterTimeLimit: timeout * 0.9,
        markInterruptAsFailure: true,
      },
    );
    expect(compared).toBeGreaterThan(worlds * 2);
    expect(programs.answered).toBeGreaterThan(worlds / 10);
    expect(fusable.length).toBeGreaterThan(worlds / 10);
    const unserved = fusable.filter((why) => why !== null);
    expect(unserved.length / fusable.length, unserved.join("\n")).toBeLessThan(0.4);
    expect(programs.left).toBeGreaterThan(0);
    expect(pages).toBeGreaterThan(worlds);
    expect(inParts).toBeGreaterThan(worlds / 40); // about a tenth, as chance has it
  });
});

const caller = { headers: {}, authToken: null };
const { signal } = new AbortController();

async function run(
  planner: Planner,
  text: string,
  variables: RandomOperation["variables"],
  observe?: (event: PlannerEvent) => void,
): Promise<string> {
  const prepared = planner.prepare(text, null);
  if (prepared.kind === "refused") {
    throw new Error(`${prepared.response.body}: ${text}`);
  }
  const { body } = await planner.execute(prepared.operation, variables, caller, {
    signal,
    ...(observe === undefined ? {} : { observe }),
  });
  return body.toString();
}

/** Whether one statement answered all that was asked, and nothing but columns and statements were. */
function isFusable(events: readonly PlannerEvent[], world: World): boolean {
  const selections = events.flatMap((event) => (event.kind === "operation" ? [event.selection] : []));
  return (
    events.filter(({ kind }) => kind === "statement").length === 1 &&
    selections.every((selection) => isOfStatements(selection, world))
  );
}

type Selection = Extract<PlannerEvent, { readonly kind: "operation" }>["selection"];

function isOfStatements(selection: Selection, world: World): boolean {
  return [...selection.byType.values()].every(({ typeName, steps }) =>
    steps.every(({ source, definition, selection: below }) => {
      const { relations = world.root } = world.types.find(({ name }) => name === typeName) ?? {};
      const isStatement =
        source.kind === "resolver"
          ? relations.find(({ name }) => name === definition.name)?.mode === "symbols"
          : source.kind === "column" ||
            source.kind === "typename" ||
            (source.kind === "page" && source.part !== "pageInfo" && source.part !== "cursor");
      return isStatement && (below === null || isOfStatements(below, world));
    }),
  );
}

function whyNone(events: readonly PlannerEvent[]): string {
  return events.flatMap((event) => (event.kind === "program" ? [event.why ?? "its rows"] : [])).join();
}

/** The parts of an answer whose rows come one by one; null if it broke off, since a part that was sent can't be null. */
async function stream(
  planner: Planner,
  text: string,
  variables: RandomOperation["variables"],
): Promise<readonly string[] | null> {
  const prepared = planner.prepare(text, null);
  if (prepared.kind === "refused") {
    return null;
  }
  const options = { signal, stream: true };
  const { body, rest } = await planner.execute(prepared.operation, variables, caller, options);
  const parts = [body.toString()];
  try {
    for await (const part of rest ?? []) {
      parts.push(part.toString());
    }
    return rest === null ? null : parts;
  } catch (error) {
    expect(error).toMatchObject({ code: "PUFF_ANSWER_BROKEN" });
    return null;
  }
}

/** Gives each row as a part of its own. */
const rowByRow: Database = {
  query: (statement) => database.query(statement),
  transaction: (work) => database.transaction(work),
  async stream(statement) {
    const rows = await database.query(statement);
    const [first = rows, ...others] = textsOf(rows).map((row) => rowSetOf(rows.columns, [row]));
    const parts = async function* () {
      yield* others;
    };
    return { first, rest: others.length === 0 ? null : parts() };
  },
};

function open(world: World, ranProgram: (served: boolean) => void) {
  const schema = buildExecutableSchema("default", describeWorld(world));
  const options: PlannerOptions = {
    schema,
    resolver: planResolver(world),
    database,
    events: noEvents,
    layerFunctions: layerFunctions(world),
    limits: {
      tokens: 100_000,
      depth: 100,
      aliases: 10_000,
      rootFields: 1000,
      fields: 100_000,
      listLength: 1000,
      items: 100_000,
      cachedDocuments: 10,
    },
    fuse: false,
    verifyPlans: 0,
    introspection: true,
    suggestions: true,
    maskErrors: false,
    report() {},
  };
  const layered = createPlanner(options);
  const fused = createPlanner({ ...options, fuse: true, ranProgram });
  const streamed = createPlanner({ ...options, database: rowByRow });
  const scalars = { BigInt: schema.schema.getType("BigInt"), JSON: schema.schema.getType("JSON") };
  const used = Object.fromEntries(Object.entries(scalars).filter(([, scalar]) => scalar !== undefined));
  const reference = makeExecutableSchema({
    typeDefs: printSchema(schema.schema),
    resolvers: { ...referenceResolvers(world), ...used } as Parameters<
      typeof makeExecutableSchema
    >[0]["resolvers"] & {}, // scalars are typed per schema
  });
  return { layered, fused, streamed, reference };
}

/** Which text a cursor has is ours to say. */
function sameCursors(key: string, value: unknown): unknown {
  return /cursor$/i.test(key) && typeof value === "string" ? someCursor : value;
}

/** Extensions are ours alone; -0 and 0 are one number in JSON. */
function comparable(result: { data?: unknown; errors?: readonly { toJSON?(): object }[] }): unknown {
  const errors = result.errors?.map((error) => ({ ...(error.toJSON?.() ?? error), extensions: undefined }));
  return JSON.parse(JSON.stringify({ data: result.data, errors }, sameCursors));
}
