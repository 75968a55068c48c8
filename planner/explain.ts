/** What an operation took, as data: which field was planned and fetched how, and why. */
import type { Arguments, TypedText } from "../schema/index.ts";
import type { Caller } from "./contract/caller.ts";
import type { FieldStep, Selection } from "./contract/operation-plan.ts";
import type {
  ExecuteOptions,
  OperationResponse,
  Planner,
  PlannerEvent,
  PlanOrigin,
  PreparedOperation,
} from "./contract/planner.ts";
import type { PgSettings } from "./database/database.ts";

/** Times in milliseconds. */
export interface Explanation {
  readonly fields: readonly ExplainedField[];
  /** Calls into Python and SQL statements, in the order in which they ended. */
  readonly steps: readonly ExplainedStep[];
  readonly duration: number;
  /** Whether the next request for the operation is answered by a program: `why` not, else null. Absent: it is not a query. */
  readonly program?: { readonly why: string | null };
  /** What the statements ran under, such as who asks; null: nothing. */
  readonly settings: PgSettings | null;
  readonly response: OperationResponse;
}

export interface ExplainedField {
  /** Response key. */
  readonly key: string;
  /** `Post.comments`. */
  readonly name: string;
  /** `[Comment!]!`. */
  readonly type: string;
  /** The concrete type that it is asked of, where the parent's type is an interface or a union. */
  readonly onType: string | null;
  /** Where its value, or the plan of it, comes from. */
  readonly plan: { readonly kind: PlanKind; readonly why: string };
  /** How its rows were fetched; null if no statement was run for it. */
  readonly fetch: { readonly kind: "fused" | "layered" | "single"; readonly why: string } | null;
  /** Index of its statement in {@link Explanation.steps}. */
  readonly step: number | null;
  readonly rows: number | null;
  readonly fields: readonly ExplainedField[];
}

/** `page`: a part of a collection's page. */
export type PlanKind = "column" | "page" | "static" | "traced" | "dynamic" | "method" | "typescript" | "schema";

export type ExplainedStep =
  | { readonly kind: "python"; readonly fields: readonly string[]; readonly duration: number }
  | {
      readonly kind: "statement";
      /** Response paths of its layers, and the rows of each. */
      readonly layers: readonly { readonly path: string; readonly rows: number }[];
      readonly text: string;
      readonly params: readonly TypedText[];
      readonly rows: number;
      readonly bytes: number;
      readonly duration: number;
    };

/**
 * Runs an operation and tells what it took. A mutation's SQL is rolled back; what its resolvers do besides is not.
 *
 * @example
 * const { fields } = await explain(planner, operation, {}, caller, signal);
 * fields[0].plan; // { kind: "traced", why: "kept since an earlier call, for limit=20" }
 */
export async function explain(
  planner: Planner,
  operation: PreparedOperation,
  variables: { readonly [name: string]: unknown },
  caller: Caller,
  signal: AbortSignal,
  inside?: ExecuteOptions["inside"],
): Promise<Explanation> {
  const events: PlannerEvent[] = [];
  const begin = performance.now();
  const observe = (event: PlannerEvent) => void events.push(event);
  const response = await planner.execute(operation, variables, caller, {
    ...{ signal, observe, rollBack: true },
    ...(inside === undefined ? {} : { inside }),
  });
  const duration = performance.now() - begin;
  return { ...new Account(events).write(operation.type === "mutation"), duration, response };
}

/** Puts events together by the fields that they are about. */
class Account {
  readonly #selection: Selection | null = null;
  readonly #origins = new Map<FieldStep, PlanOrigin>();
  readonly #asked = new Map<FieldStep, string>();
  /** Where it is said who may see which rows of a field. */
  readonly #limits = new Map<FieldStep, string>();
  readonly #unfused = new Map<FieldStep, string>();
  readonly #statements = new Map<FieldStep, { readonly index: number; readonly rows: number }>();
  /** The fields of each statement, by its index among the steps. */
  readonly #together = new Map<number, readonly FieldStep[]>();
  readonly #steps: ExplainedStep[] = [];
  readonly #settings: PgSettings | null = null;
  readonly #program: Explanation["program"];

  constructor(events: readonly PlannerEvent[]) {
    for (const event of events) {
      switch (event.kind) {
        case "operation":
          this.#selection = event.selection;
          break;
        case "caller":
          this.#settings = event.settings;
          break;
        case "program":
          this.#program = { why: event.why };
          break;
        case "python":
          this.#steps.push(event);
          break;
        case "planned":
          this.#origins.set(event.step, event.origin);
          break;
        case "asked":
          this.#asked.set(event.step, event.asked);
          break;
        case "limited":
          this.#limits.set(event.step, Object.values(event.visible).join(", "));
          break;
        case "unfused":
          // The first tells why it is not part of its parents' statement. Later ones are about a statement of its own.
          this.#unfused.set(event.step, this.#unfused.get(event.step) ?? event.why);
          break;
        case "statement":
          this.#addStatement(event);
      }
    }
  }

  write(isMutation: boolean): Pick<Explanation, "fields" | "steps" | "settings" | "program"> {
    const fields = this.#selection === null ? [] : this.#fieldsOf(this.#selection, null, isMutation);
    const program = this.#program === undefined ? {} : { program: this.#program };
    return { fields, steps: this.#steps, settings: this.#settings, ...program };
  }

  #addStatement({ layers, layer: _, ...statement }: Extract<PlannerEvent, { kind: "statement" }>): void {
    const index = this.#steps.length;
    const paths = layers.map(({ step, rows }) => ({ path: step.layer, rows }));
    this.#steps.push({ ...statement, layers: paths });
    const steps = layers.map(({ step }) => step);
    this.#together.set(index, steps);
    for (const { step, rows } of layers) {
      this.#statements.set(step, { index, rows });
    }
  }

  #fieldsOf(selection: Selection, parent: FieldStep | null, isMutation: boolean): ExplainedField[] {
    const ofOneType = selection.only !== null;
    return [...selection.byType].flatMap(([typeName, { steps }]) =>
      steps.map((step) => this.#field(step, ofOneType ? null : typeName, parent, isMutation)),
    );
  }

  #field(step: FieldStep, onType: string | null, parent: FieldStep | null, isMutation: boolean): ExplainedField {
    const statement = this.#statements.get(step);
    return {
      key: step.key,
      name: step.name,
      type: String(step.definition.type),
      onType,
      plan: this.#planAsked(step),
      fetch: statement === undefined ? null : this.#fetch(step, statement.index, parent, isMutation),
      step: statement?.index ?? null,
      rows: statement?.rows ?? null,
      fields: step.selection === null ? [] : this.#fieldsOf(step.selection, step.sameRow ? parent : step, isMutation),
    };
  }

  #planAsked(step: FieldStep): ExplainedField["plan"] {
    const { kind, why } = this.#plan(step);
    const limit = this.#limits.get(step);
    const parts = [why, limit === undefined ? "" : `limited as ${limit} says`, this.#asked.get(step) ?? ""];
    return { kind, why: parts.filter((part) => part !== "").join("; ") };
  }

  #plan(step: FieldStep): ExplainedField["plan"] {
    const { source } = step;
    switch (source.kind) {
      case "column":
        return { kind: "column", why: "" };
      case "typename":
      case "introspection":
        return { kind: "schema", why: "the schema answers it" };
      case "function":
        return { kind: "typescript", why: "a TypeScript resolver answers it" };
      case "nodes":
        return { kind: "static", why: "its ids say which rows" };
      case "page":
        return { kind: "page", why: "" };
      case "method":
        return { kind: "method", why: "Python calls it on each object" };
      case "resolver": {
        if (source.plan !== null) {
          return { kind: "static", why: "the schema holds the plan: Python is never called" };
        }
        const origin = this.#origins.get(step);
        return origin === undefined
          ? { kind: "dynamic", why: "it was not called" }
          : explainOrigin(origin, source.pure);
      }
    }
  }

  #fetch(
    step: FieldStep,
    index: number,
    parent: FieldStep | null,
    isMutation: boolean,
  ): NonNullable<ExplainedField["fetch"]> {
    const together = this.#together.get(index) ?? [];
    const others = together.filter((other) => other !== step).map(({ layer }) => layer);
    const why = this.#unfused.get(step);
    if (parent !== null && together[0] === step) {
      return { kind: "layered", why: this.#whyLayered(step, parent, why) };
    }
    if (others.length > 0) {
      return { kind: "fused", why: `one statement with ${others.join(", ")}` };
    }
    if (isMutation) {
      return { kind: "single", why: "a mutation's own statement runs by itself" };
    }
    return why === undefined ? { kind: "single", why: "no other statement to fuse it with" } : { kind: "layered", why };
  }

  #whyLayered(step: FieldStep, parent: FieldStep, why: string | undefined): string {
    const origin = this.#origins.get(step);
    if (origin?.kind === "called" && origin.needs.length > 0) {
      return `the resolver looked at its parents' values: ${origin.needs.join(", ")}`;
    }
    if (why !== undefined) {
      return why;
    }
    return this.#statements.has(parent)
      ? "its parents' statement runs first"
      : "its parents are objects, not rows of a statement";
  }
}

function explainOrigin(origin: PlanOrigin, pure: boolean): ExplainedField["plan"] {
  if (origin.kind !== "called") {
    const values = describeArguments(origin.looked);
    const since = origin.kind === "kept" ? "kept since an earlier call" : "called once with symbols, and kept";
    return { kind: "traced", why: values === "" ? since : `${since}, for ${values}` };
  }
  return { kind: "dynamic", why: whyCalled(origin, pure) };
}

function whyCalled({ answer }: Extract<PlanOrigin, { kind: "called" }>, pure: boolean): string {
  if (answer === "failure") {
    return "it failed";
  }
  if (!pure) {
    return "not @graphql.pure";
  }
  switch (answer) {
    case "needs":
      return "@graphql.pure, but it looked at its parents' values";
    case "value":
      return "@graphql.pure, but it returned a value and no SQL";
    default:
      return "@graphql.pure, but it gave different plans for the same arguments";
  }
}

/** `limit=20, order="new"`. */
function describeArguments(args: Arguments): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ");
}
