/** One request's calls into Python: which resolvers, with which arguments and parents, in how few messages. */
import type {
  ColumnValues,
  ParentColumns,
  PuffError,
  ResolveBatchResult,
  ResolveResult,
  ResolverCall,
  SqlPlan,
  WireValue,
} from "../schema/index.ts";
import type { FieldStep, VariableValues } from "./compile.ts";
import { readerOf } from "./correlate.ts";
import type { Layer } from "./layers.ts";
import type { Caller, PlannerEvent, Resolver } from "./planner.ts";
import { argumentsOf, selectionOf } from "./selections.ts";
import type { Traces } from "./traces.ts";
import { OID } from "./types.ts";
import { asError, Failed, fromWireError, noAnswer } from "./values.ts";

/** A resolver that waits for its parents' values; `columns` null: all of them, an object at a time (instance methods). */
export interface Deferred {
  readonly step: FieldStep;
  readonly members: readonly number[];
  readonly columns: readonly string[] | null;
}

/** `Schema.auth` refused the caller: the request ends with its status and headers. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, message: string, headers: { readonly [name: string]: string }) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.headers = headers;
  }
}

interface PythonCallsOptions {
  readonly resolver: Resolver;
  readonly schemaName: string;
  readonly hasAuth: boolean;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly observe: ((event: PlannerEvent) => void) | undefined;
  /** Plans of pure resolvers. */
  readonly traces: Traces;
  /** The share of kept plans that are compared with fresh ones, 0 to 1. */
  readonly verifyPlans: number;
  /** Told of a resolver that gave another plan for the same arguments. */
  reportLiar(error: PuffError): void;
}

/** Rounds in which a resolver may ask for further columns of its parents. */
const MOST_ROUNDS = 8;

export class PythonCalls {
  readonly #options: PythonCallsOptions;
  /** What `Schema.auth` returned, pickled. */
  #auth: string | null = null;
  #needsAuth: boolean;

  constructor(options: PythonCallsOptions) {
    this.#options = options;
    this.#needsAuth = options.hasAuth;
  }

  /**
   * Calls resolvers before any row exists: their parents are symbols.
   *
   * @throws Refused; PuffError where `Schema.auth` itself failed.
   */
  async callWithSymbols(
    steps: readonly FieldStep[],
    rootTypeName: string,
    variables: VariableValues,
    repeatable: boolean,
  ): Promise<Map<FieldStep, ResolveResult | Failed>> {
    const { traces } = this.#options;
    const results = new Map<FieldStep, ResolveResult | Failed>();
    const called: FieldStep[] = [];
    const calls: ResolverCall[] = [];
    for (const step of steps) {
      try {
        const args = argumentsOf(step, variables);
        const trace = repeatable && step.source.kind === "resolver" && step.source.pure && traces.trusts(step.name);
        const kept = trace ? traces.find(step.name, args) : null;
        const parents = step.name.startsWith(`${rootTypeName}.`) ? "root" : "symbols";
        if (kept !== null) {
          results.set(step, kept);
          this.#verify({ field: step.name, args, parents, selection: null }, kept);
          continue;
        }
        const selection = selectionOf(step, variables);
        calls.push({ field: step.name, args, parents, selection, ...(trace ? { trace } : {}) });
        called.push(step);
      } catch (error) {
        results.set(step, new Failed(asError(error)));
      }
    }
    const answers = await this.#call(calls, repeatable);
    for (const [index, step] of called.entries()) {
      const answer = answers[index] ?? new Failed(noAnswer(step));
      const isTraced = !(answer instanceof Failed) && answer.kind === "traced";
      results.set(step, isTraced ? traces.keep(step.name, calls[index]?.args ?? {}, answer) : answer);
    }
    return results;
  }

  /** Compares a sample of the kept plans with what the resolver says now, without anyone waiting for it. */
  #verify(call: ResolverCall, kept: SqlPlan): void {
    const { verifyPlans, resolver, schemaName, signal, traces, reportLiar } = this.#options;
    if (verifyPlans === 0 || Math.random() >= verifyPlans) {
      return;
    }
    const batch = { schema: schemaName, authToken: null, headers: null, auth: null, calls: [call], repeatable: true };
    resolver.resolve(batch, signal).then(
      ({ results: [fresh] }) => {
        const liar = fresh === undefined ? null : traces.verify(call.field, kept, fresh);
        if (liar !== null) {
          reportLiar(liar);
        }
      },
      () => undefined, // Python is busy or the request is over: another sample will tell
    );
  }

  /** Calls the resolvers of one layer that wanted their parents' values; one message, unless one asks for more. */
  async callWithParents(
    layer: Layer,
    deferred: readonly Deferred[],
    variables: VariableValues,
  ): Promise<(ResolveResult | Failed)[]> {
    const results: (ResolveResult | Failed)[] = [];
    let waiting = deferred.map((item, index) => ({ ...item, index }));
    for (let round = 0; waiting.length > 0 && round < MOST_ROUNDS; round++) {
      const calls: ResolverCall[] = [];
      const called: typeof waiting = [];
      for (const item of waiting) {
        try {
          calls.push({
            field: item.step.name,
            args: argumentsOf(item.step, variables),
            parents: parentColumns(layer, item),
            selection: selectionOf(item.step, variables),
          });
          called.push(item);
        } catch (error) {
          results[item.index] = new Failed(asError(error));
        }
      }
      const answers = await this.#call(calls, true);
      waiting = [];
      for (const [at, item] of called.entries()) {
        const answer = answers[at] ?? new Failed(noAnswer(item.step));
        results[item.index] = answer;
        if (!(answer instanceof Failed) && answer.kind === "needs") {
          waiting.push({ ...item, columns: [...new Set([...(item.columns ?? []), ...answer.columns])] });
        }
      }
    }
    return results;
  }

  async #call(calls: readonly ResolverCall[], repeatable: boolean): Promise<(ResolveResult | Failed)[]> {
    if (calls.length === 0 && !this.#needsAuth) {
      return [];
    }
    const { resolver, schemaName, caller, signal, observe } = this.#options;
    const withAuth = this.#needsAuth;
    this.#needsAuth = false;
    const started = performance.now();
    let result: ResolveBatchResult;
    try {
      result = await resolver.resolve(
        {
          schema: schemaName,
          authToken: caller.authToken,
          headers: withAuth ? caller.headers : null,
          auth: this.#auth,
          calls,
          repeatable,
        },
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (withAuth) {
        throw error; // nobody knows who asks
      }
      return calls.map(() => new Failed(asError(error)));
    }
    observe?.({ kind: "python", fields: calls.map((call) => call.field), duration: performance.now() - started });
    if (result.denied !== null) {
      throw new Refused(result.denied.status, result.denied.message, result.denied.headers);
    }
    this.#auth = result.auth ?? this.#auth;
    return result.results.map((answer) =>
      answer.kind === "failure" ? new Failed(fromWireError(answer.error)) : answer,
    );
  }
}

function parentColumns(layer: Layer, { step, members, columns }: Deferred): ParentColumns {
  const names = columns ?? layer.columnNames;
  const chosen = columns === null ? members : distinctMembers(layer, members, columns, step);
  return {
    count: chosen.length,
    columns: Object.fromEntries(names.map((name) => [name, columnValues(layer, chosen, name, step)])),
  };
}

function columnValues(layer: Layer, members: readonly number[], name: string, step: FieldStep): ColumnValues {
  if (layer.kind === "rows") {
    const reader = readerOf(layer, name, step.name);
    return { oid: reader.oid, texts: members.map((member) => reader.text(member)) };
  }
  return {
    values: members.map((member) => {
      const object = layer.objects[member];
      const value = object?.attributes[name];
      return object?.wire === true ? ((value ?? null) as WireValue) : toWire(value); // the bridge's own JSON
    }),
  };
}

function distinctMembers(
  layer: Layer,
  members: readonly number[],
  columns: readonly string[],
  step: FieldStep,
): number[] {
  const readers = columns.map((name) => readerOf(layer, name, step.name));
  const seen = new Set<string>();
  return members.filter((member) => {
    const identity = JSON.stringify(readers.map((reader) => reader.text(member)));
    return !seen.has(identity) && seen.add(identity);
  });
}

/** What a TypeScript resolver gave, for Python. */
function toWire(value: unknown): WireValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { t: [OID.float8, String(value)] };
    case "bigint":
      return { t: [OID.int8, String(value)] };
    case "object":
      if (value instanceof Date) {
        return { t: [OID.timestamptz, value.toISOString()] };
      }
      if (Array.isArray(value)) {
        return value.map(toWire);
      }
      return value === null ? null : { j: JSON.parse(JSON.stringify(value, bigintsAsText)) };
    default:
      return null;
  }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
