/** From the plan of a collection's field to those of what is asked of it. */
import {
  type CollectionDescription,
  type CollectionInputs,
  PuffError,
  type ResolveResult,
  type SqlPlan,
} from "../../schema/index.ts";
import type { FieldStep, ObjectPlan, VariableValues } from "../contract/operation-plan.ts";
import { columnsAskedOf, partOf } from "../contract/page-parts.ts";
import type { Observe } from "../contract/planner.ts";
import type { Plans } from "../layers/plans.ts";
import { asError, Failed } from "../layers/values.ts";
import { argumentsOf, hasConstantArguments } from "../operation/field-arguments.ts";
import { typesAskedOf, type VisibleSteps, visiblePlan } from "../resolve/visible-steps.ts";
import { cutSql } from "../sql/sql-text.ts";
import { Base } from "./base.ts";
import { Composer } from "./compose.ts";
import type { Seen } from "./sql-writer.ts";

type Results = Map<FieldStep, ResolveResult | Failed>;

/** What fields with constant arguments were expanded to, and from which plan. */
const constant = new WeakMap<FieldStep, { readonly plan: SqlPlan; readonly parts: Results }>();

/** Of one request. */
export interface Expanding {
  readonly collections: CollectionInputs;
  readonly visible: VisibleSteps;
  readonly variables: VariableValues;
  readonly observe: Observe | undefined;
}

/**
 * Puts the statements of collections among the plans: in the place of a list's plan, beside a page's. `known`: plans that
 * say what the caller sees.
 */
export async function expandCollections(plans: Plans, expanding: Expanding, known: Plans = plans): Promise<Plans> {
  let expanded: Results | null = null;
  for (const [step, plan] of plans) {
    const { collection } = step;
    if (collection !== null && !(plan instanceof Failed) && plan.kind !== "needs") {
      expanded ??= new Map(plans);
      for (const [part, its] of await partsOf(step, collection, plan, expanding, known)) {
        expanded.set(part, its);
      }
    }
  }
  return expanded ?? plans;
}

async function partsOf(
  step: FieldStep,
  collection: CollectionDescription,
  plan: ResolveResult,
  expanding: Expanding,
  plans: Plans,
): Promise<Results> {
  const { collections: inputs, variables, observe } = expanding;
  if (plan.kind !== "sql") {
    return new Map([[step, new Failed(notAPlan(step, plan))]]);
  }
  const known = constant.get(step);
  if (known?.plan === plan && observe === undefined) {
    return known.parts;
  }
  let parts: Results;
  let seen: Seen;
  try {
    const args = argumentsOf(step, variables);
    seen = await seenBy(step, expanding, plans);
    const composer = new Composer(await Base.of(plan), { collection, inputs, args, seen, field: step.name });
    parts = compose(step, collection, composer, variables, observe);
  } catch (error) {
    return new Map([[step, new Failed(asError(error))]]);
  }
  const askers = [step, ...parts.keys()].filter((part) => part === step || partOf(part) === "groups");
  if (askers.every(hasConstantArguments) && seen.size === 0) {
    constant.set(step, { plan, parts });
  }
  return parts;
}

/** What limits the rows that a collection's filters and orders lead to. */
async function seenBy(step: FieldStep, { collections, visible }: Expanding, plans: Plans): Promise<Seen> {
  const seen = new Map<string, NonNullable<ReturnType<Seen["get"]>>>();
  for (const typeName of visible.size === 0 ? [] : typesAskedOf(step, collections)) {
    const { text, params } = visiblePlan(plans, visible, typeName);
    seen.set(typeName, { text: await cutSql(text), params });
  }
  return seen;
}

function compose(
  step: FieldStep,
  collection: CollectionDescription,
  composer: Composer,
  variables: VariableValues,
  observe: Observe | undefined,
): Results {
  if (collection.form === "list") {
    observe?.({ kind: "asked", step, asked: composer.describe("rows") });
    return new Map([[step, composer.rows({ cursors: false, next: false })]]);
  }
  const page = step.selection?.only;
  if (page === null || page === undefined) {
    return new Map();
  }
  const parts = pageParts(page, composer, collection.form === "connection", variables);
  for (const [part, its] of observe === undefined ? [] : parts) {
    if (its instanceof Failed ? partOf(part) !== "groups" : its.kind === "sql") {
      const what = partOf(part) === "groups" ? argumentsOf(part, variables) : "page" in its ? "rows" : "all";
      observe?.({ kind: "asked", step: part, asked: composer.describe(what) });
    }
  }
  return parts;
}

function pageParts(
  { steps }: ObjectPlan,
  composer: Composer,
  isConnection: boolean,
  variables: VariableValues,
): Results {
  const parts: Results = new Map();
  const infos = isConnection ? steps.filter((step) => partOf(step) === "pageInfo") : [];
  const asked = new Set(infos.flatMap(({ selection }) => [...columnsAskedOf(selection)]));
  const wantsCursors = asked.has("startCursor") || asked.has("endCursor");
  const wantsNext = asked.has("hasNextPage") || asked.has("hasPreviousPage");
  const lists = steps.filter((step) => partOf(step) === "items" || partOf(step) === "edges");
  const shown = lists.length === 0 ? infos : lists;
  if (shown.length === 0) {
    composer.rows({ cursors: false, next: false }); // refuses what can't be asked, whether it is shown or not
  }
  for (const step of shown) {
    // The first list tells the page's own facts, too.
    const tells = step === lists[0] || lists.length === 0;
    const hasCursors = [...(step.selection?.byType.values() ?? [])].some((plan) =>
      plan.steps.some((inner) => partOf(inner) === "cursor"),
    );
    parts.set(step, composer.rows({ cursors: hasCursors || (tells && wantsCursors), next: tells && wantsNext }));
  }
  for (const step of steps) {
    if (partOf(step) === "totalCount") {
      parts.set(step, composer.count());
    } else if (partOf(step) === "aggregates") {
      parts.set(step, composer.aggregates([...columnsAskedOf(step.selection)]));
    } else if (partOf(step) === "groups") {
      parts.set(step, groupsOf(step, composer, variables));
    } else if (partOf(step) === "pageInfo" && !isConnection) {
      const { offset, limit } = composer.window;
      parts.set(step, { kind: "value", value: { o: { offset, limit }, type: null }, parentKeys: [], childKeys: [] });
    }
  }
  return parts;
}

/** It has arguments of its own, and fails alone. */
function groupsOf(step: FieldStep, composer: Composer, variables: VariableValues): SqlPlan | Failed {
  try {
    return composer.groups(argumentsOf(step, variables), [...columnsAskedOf(step.selection)]);
  } catch (error) {
    return new Failed(asError(error));
  }
}

function notAPlan({ name }: FieldStep, { kind }: ResolveResult): PuffError {
  const came = kind === "value" || kind === "each" ? "a value" : `a ${kind}`;
  return new PuffError("PUFF_PLAN_INVALID", `${name} is a collection, and its resolver returned ${came}`, {
    remedy: "Return a QuerySet, a select() or sql(…): only Postgres can filter, order and count.",
  });
}
