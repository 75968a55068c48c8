/** Planners over hand-written schemas and resolvers, for tests that need no Python. */
import {
  createPlanner,
  type Database,
  type Events,
  type Explanation,
  explain,
  type LayerFunction,
  type Planner,
  type PlannerEvent,
  type PlannerOptions,
} from "../../../planner/index.ts";
import {
  buildExecutableSchema,
  type Claims,
  type CollectionDescription,
  type CollectionInputs,
  type ExecutableSchema,
  type FieldDescription,
  type FieldSource,
  type PagePart,
  type ParametricPlan,
  type PuffError,
  type ResolveResult,
  type ResolverCall,
  type SqlPlan,
  type TypeDescription,
} from "../../../schema/index.ts";

/** `Type.field: type`, and where its values come from: a resolver's answer, or a column of the field's name. */
export interface PlannerSketch {
  readonly types: {
    readonly [typeName: string]: { readonly [field: string]: string };
  };
  /** By `Type.field`. */
  readonly resolvers?: { readonly [field: string]: (call: ResolverCall) => ResolveResult };
  readonly functions?: { readonly [field: string]: LayerFunction };
  /** By name: types that implement it. */
  readonly interfaces?: { readonly [name: string]: readonly string[] };
  readonly database: Database;
  readonly events?: Events;
  readonly maskErrors?: boolean;
  readonly fuse?: boolean;
  /** By `Type.field`: types of arguments. */
  readonly args?: { readonly [field: string]: { readonly [argument: string]: string } };
  /** Whether the resolvers are pure. */
  readonly pure?: boolean;
  /** By `Type.field`: plans that decorate the resolvers. */
  readonly plans?: { readonly [field: string]: ParametricPlan };
  readonly verifyPlans?: number;
  /** By `Type.field`: what clients may ask of its plan. */
  readonly collections?: { readonly [field: string]: CollectionDescription };
  readonly collectionInputs?: CollectionInputs;
  /** By `Type.field`: where values come from, in the place of a column or a resolver. */
  readonly sources?: { readonly [field: string]: FieldSource };
  /** By `Type.field`: parts of pages. */
  readonly parts?: { readonly [field: string]: PagePart };
  /** Input types, their fields' types. */
  readonly inputs?: { readonly [type: string]: { readonly [field: string]: string } };
  /** Those of them whose values have one field. */
  readonly oneOf?: readonly string[];
  readonly enums?: { readonly [type: string]: readonly string[] };
  /** What clients are told of constraints, and whether they are told what functions raise. */
  readonly constraints?: { readonly [name: string]: string };
  readonly raisedMessages?: boolean;
  readonly introspection?: boolean;
  /** In place of those of tests, which are small. */
  readonly limits?: Partial<PlannerOptions["limits"]>;
  readonly suggestions?: boolean;
  /** What `Schema.auth` gives as `pg_settings`. */
  readonly pgSettings?: (headers: { readonly [name: string]: string }) => { readonly [name: string]: string };
  readonly auth?: (headers: { readonly [name: string]: string }) => { status: number; message: string } | null;
  /** What it says of the caller, asked for with each request. */
  readonly claims?: () => Claims;
}

export interface SketchedPlanner {
  readonly planner: Planner;
  /** Queries that had a program: those that it answered, and the others. */
  readonly programs: { readonly served: number; readonly left: number };
  /** Opens a subscription: its answers, parsed; or the one answer that refuses it. */
  subscribe(
    query: string,
    variables?: { readonly [name: string]: unknown },
    headers?: { readonly [name: string]: string },
  ): Promise<Subscriber>;
  /** Runs an operation and returns its parsed answer with its status. */
  run(
    query: string,
    variables?: { readonly [name: string]: unknown },
    headers?: { readonly [name: string]: string },
  ): Promise<Answer>;
  /** Runs an operation and returns its answer's text. */
  raw(
    query: string,
    variables?: { readonly [name: string]: unknown },
    headers?: { readonly [name: string]: string },
  ): Promise<string>;
  explain(query: string, variables?: { readonly [name: string]: unknown }): Promise<Explanation>;
  /** What was reported to the operator. */
  readonly reported: PuffError[];
  /** Batches that went to Python. */
  readonly batches: string[][];
  /** Statements of the operation that ran last: their layers. */
  readonly statements: string[];
}

export interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly errors?: readonly {
    message: string;
    path?: readonly unknown[];
    extensions: { code: string; [key: string]: unknown };
  }[];
}

/** A client of a subscription. */
export interface Subscriber {
  /** Null if the subscription is open. */
  readonly refused: Answer | null;
  /** The next answer; null at the end. */
  next(): Promise<Omit<Answer, "status"> | null>;
  /** The same as it is sent: JSON.parse rounds numbers. */
  nextText(): Promise<string | null>;
  leave(): Promise<void>;
}

/** A SqlPlan with its defaults. */
export function sql(text: string, options: Partial<SqlPlan> = {}): SqlPlan {
  return {
    kind: "sql",
    text,
    params: [],
    parentKeys: [],
    childKeys: [],
    typeColumn: "__typename",
    typeNames: null,
    ...options,
  };
}

/** For schemas without subscriptions. */
export const noEvents: Events = { listen: () => Promise.reject(new Error("there are no events here")) };

/** For schemas whose subscriptions are plans. */
export function noGenerators(): never {
  throw new Error("there are no generators here");
}

/** The sketch's schema. */
export function sketchSchema(sketch: PlannerSketch): ExecutableSchema {
  return buildExecutableSchema("default", {
    version: 1,
    query: "Query",
    mutation: "Mutation" in sketch.types ? "Mutation" : null,
    subscription: "Subscription" in sketch.types ? "Subscription" : null,
    hasAuth: sketch.auth !== undefined || sketch.pgSettings !== undefined,
    constraints: sketch.constraints ?? {},
    raisedMessages: sketch.raisedMessages ?? false,
    ...(sketch.collectionInputs === undefined ? {} : { collections: sketch.collectionInputs }),
    types: [
      ...Object.entries(sketch.types).map(([name, fields]) => describeType(sketch, name, fields)),
      ...Object.entries(sketch.inputs ?? {}).map(([name, fields]) => describeInput(sketch, name, fields)),
      ...Object.entries(sketch.enums ?? {}).map(([name, values]) => describeEnum(name, values)),
    ],
  });
}

export function sketchPlanner(sketch: PlannerSketch, signal = new AbortController().signal): SketchedPlanner {
  const reported: PuffError[] = [];
  const batches: string[][] = [];
  const statements: string[] = [];
  const programs = { served: 0, left: 0 };
  const resolvers = sketch.resolvers ?? {};
  const options: PlannerOptions = {
    schema: sketchSchema(sketch),
    resolver: {
      iterate: noGenerators,
      async resolve(batch) {
        batches.push(batch.calls.map((call) => call.field));
        const denied = batch.headers === null ? null : (sketch.auth?.(batch.headers) ?? null);
        return {
          results: batch.calls.map((call) => resolvers[call.field]?.(call) ?? { kind: "needs", columns: [] }),
          auth: null,
          ...(batch.headers === null || sketch.pgSettings === undefined
            ? {}
            : { pgSettings: sketch.pgSettings(batch.headers) }),
          ...(batch.headers === null || sketch.claims === undefined ? {} : { claims: sketch.claims() }),
          denied: denied === null ? null : { ...denied, headers: { "www-authenticate": "Bearer" } },
        };
      },
    },
    database: sketch.database,
    events: sketch.events ?? noEvents,
    layerFunctions: new Map(Object.entries(sketch.functions ?? {})),
    limits: {
      tokens: 1000,
      depth: 6,
      aliases: 5,
      rootFields: 5,
      fields: 1000,
      listLength: 5,
      items: 10_000,
      cachedDocuments: 10,
      ...sketch.limits,
    },
    fuse: sketch.fuse ?? true,
    verifyPlans: sketch.verifyPlans ?? 0,
    introspection: sketch.introspection ?? true,
    suggestions: sketch.suggestions ?? true,
    maskErrors: sketch.maskErrors ?? false,
    ranProgram: (served) => void programs[served ? "served" : "left"]++,
    report: (error) => reported.push(error),
  };
  const planner = createPlanner(options);
  const observe = (event: PlannerEvent) => {
    if (event.kind === "statement") {
      statements.push(event.layer);
    }
  };
  return {
    planner,
    programs,
    reported,
    batches,
    statements,
    async raw(query, variables = {}, headers = {}) {
      const prepared = planner.prepare(query, null);
      const response =
        prepared.kind === "refused"
          ? prepared.response
          : await planner.execute(prepared.operation, variables, { headers, authToken: null }, { signal });
      return response.body.toString();
    },
    explain(query, variables = {}) {
      const prepared = planner.prepare(query, null);
      if (prepared.kind === "refused") {
        throw new Error(prepared.response.body.toString());
      }
      return explain(planner, prepared.operation, variables, { headers: {}, authToken: null }, signal);
    },
    async subscribe(query, variables = {}, headers = {}) {
      const prepared = planner.prepare(query, null);
      const left = new AbortController();
      const subscribed =
        prepared.kind === "refused"
          ? prepared
          : await planner.subscribe(
              prepared.operation,
              variables,
              { headers, authToken: null },
              { signal: AbortSignal.any([signal, left.signal]), queueBytes: 1000 },
            );
      if (subscribed.kind === "refused") {
        const { status, body } = subscribed.response;
        const refused = { status, ...(JSON.parse(body.toString()) as object) };
        return { refused, next: async () => null, nextText: async () => null, leave: async () => undefined };
      }
      const { answers } = subscribed;
      const nextText = async () => {
        const { done, value } = await answers.next();
        return done === true ? null : value.toString();
      };
      return {
        refused: null,
        nextText,
        async next() {
          const text = await nextText();
          return text === null ? null : (JSON.parse(text) as Answer);
        },
        async leave() {
          left.abort();
          await answers.return?.();
        },
      };
    },
    async run(query, variables = {}, headers = {}) {
      statements.length = 0;
      const prepared = planner.prepare(query, null);
      const response =
        prepared.kind === "refused"
          ? prepared.response
          : await planner.execute(prepared.operation, variables, { headers, authToken: null }, { signal, observe });
      return { status: response.status, ...(JSON.parse(response.body.toString()) as object) };
    },
  };
}

function describeType(
  sketch: PlannerSketch,
  name: string,
  fields: { readonly [field: string]: string },
): TypeDescription {
  const isInterface = sketch.interfaces !== undefined && name in sketch.interfaces;
  return {
    kind: isInterface ? "interface" : "object",
    name,
    description: null,
    place: null,
    interfaces: Object.entries(sketch.interfaces ?? {}).flatMap(([key, members]) =>
      members.includes(name) ? [key] : [],
    ),
    fields: Object.entries(fields).map(([field, type]): FieldDescription => {
      const isResolver = sketch.resolvers !== undefined && `${name}.${field}` in sketch.resolvers;
      const part = sketch.parts?.[`${name}.${field}`];
      const collection = sketch.collections?.[`${name}.${field}`];
      const source: FieldSource =
        sketch.sources?.[`${name}.${field}`] ??
        (part !== undefined
          ? { kind: "page", part }
          : isResolver
            ? { kind: "resolver", pure: sketch.pure ?? false, plan: sketch.plans?.[`${name}.${field}`] ?? null }
            : { kind: "column", column: field });
      const args = Object.entries(sketch.args?.[`${name}.${field}`] ?? {}).map(([argument, argumentType]) => ({
        name: argument,
        type: argumentType,
        description: null,
        deprecation: null,
      }));
      const described = { name: field, type, source, args, description: null, deprecation: null, place: null };
      return collection === undefined ? described : { ...described, collection };
    }),
  };
}

function describeInput(
  { oneOf = [] }: PlannerSketch,
  name: string,
  fields: { readonly [field: string]: string },
): TypeDescription {
  return {
    ...{ kind: "input", name, description: null, place: null, oneOf: oneOf.includes(name) },
    fields: Object.entries(fields).map(([field, type]) => ({
      name: field,
      type,
      description: null,
      deprecation: null,
    })),
  };
}

function describeEnum(name: string, values: readonly string[]): TypeDescription {
  return {
    ...{ kind: "enum", name, description: null, place: null },
    values: values.map((value) => ({ name: value, value, description: null, deprecation: null })),
  };
}
