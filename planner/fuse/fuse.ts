/**
 * Fusing: the statements of a layer with all those below whose parents are its rows become one statement, an outer
 * union of their columns. Each layer whose rows others need is a common table expression, and each has one arm of the
 * union, tagged with its number. Columns keep their types: those of one type share a place in the arms, so nothing is
 * cast, and rows are written as if they had come from a statement of their own.
 *
 * Ideas: the outer union plans of Shanmugasundaram et al., "Efficiently Publishing Relational Data as XML Documents",
 * VLDB 2000.
 */

import { LRUCache } from "lru-cache";
import type { SqlPlan } from "../../schema/index.ts";
import { RowSet } from "../bytes/rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { fieldsOfRow, hasStatement, partOf } from "../contract/page-parts.ts";
import type { Observe } from "../contract/planner.ts";
import type { Session, Statement } from "../database/database.ts";
import type { Descriptions } from "../database/descriptions.ts";
import { isAnswer, reasonOf, stateOf } from "../database/statement-errors.ts";
import { attempt } from "../database/transaction.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import { hasResolvers } from "../resolve/selections.ts";
import { symbolsOf } from "../sql/symbols.ts";
import type { BoundStatement, Node } from "./bound-statement.ts";
import { type FusedShape, writeFused } from "./fused-statement.ts";
import { type LastFused, recall, remember } from "./last-fused.ts";
import { choose, parameterOids } from "./narrow.ts";

/** What came of fusing: each step's own rows, and the statement that fetched them. */
export interface Fused {
  readonly rows: ReadonlyMap<FieldStep, RowSet>;
  readonly statement: Statement;
  readonly steps: readonly FieldStep[];
}

/** What a statement was last, and as it is now. */
export interface Recalled {
  readonly last: LastFused;
  readonly statement: Statement;
}

/** A fused statement; null: Postgres refused it. */
type KnownShape = { readonly shape: FusedShape | null; readonly why: string };

/** Answers of Postgres that another request with the same plans would get as well, whatever is created or granted. */
const LASTING_STATES = /^(42(?!P01|703|501)|0A)/;

/**
 * Layers of one statement. Planning takes Postgres time and memory that grow faster than these: a second for 500 layers,
 * and half a minute for some thousand.
 */
const MOST_LAYERS = 100;

/** Shapes kept for one step: they differ where its resolver returns different SQL. */
const MOST_SHAPES = 16;

/** Fuses the statements of one schema, and remembers the shapes of what it fused. */
export class Fuser {
  readonly #descriptions: Descriptions;
  readonly #shapes = new WeakMap<FieldStep, LRUCache<string, KnownShape>>();
  /** By the first root's step. */
  readonly #last = new WeakMap<FieldStep, LastFused>();

  constructor(descriptions: Descriptions) {
    this.#descriptions = descriptions;
  }

  /**
   * Fetches the rows of statements and of all that can be fused below them, in one statement. Null if there is
   * nothing to fuse, or where it fails in a way that only running them one by one can tell exactly. `observe` is told
   * why a field's statement does not become part of it.
   *
   * @throws PuffError if the database can't be had.
   */
  async fetch(
    session: Session,
    roots: readonly BoundStatement[],
    plans: Plans,
    observe?: Observe,
  ): Promise<Fused | null> {
    const first = roots[0]?.step;
    if (first === undefined || (roots.length === 1 && !hasResolvers(first))) {
      return null; // before anything is described
    }
    const scope = session.scope ?? "";
    // An observer hears of everything that is found out on the way.
    const last = observe === undefined ? this.#last.get(first) : undefined;
    const recalled = last === undefined ? null : recall(last, scope, roots, plans);
    if (last !== undefined && recalled !== null) {
      return this.#run(session, recalled, last.shape, (why, lasts) => {
        if (lasts) {
          this.#last.delete(first);
          this.#refused(first, scope, recalled, why);
        }
      });
    }
    const nodes = await this.#collect(session, roots, plans, observe);
    if (nodes === null || nodes.length < 2) {
      return null;
    }
    const key = keyOf(scope, nodes);
    const shapes = this.#shapesOf(first);
    const known = shapes.get(key);
    const shape = known === undefined ? await writeFused(nodes) : known.shape;
    if (known === undefined) {
      shapes.set(key, { shape, why: "" });
    }
    if (shape === null) {
      tellOf(nodes, known?.why ?? "", observe);
      return null;
    }
    const fused = await this.#run(session, nodes, shape, (why, lasts) => {
      if (lasts) {
        this.#refused(first, scope, nodes, why);
      }
      tellOf(nodes, why, observe);
    });
    const remembered = fused === null ? null : remember(scope, roots, plans, nodes, shape);
    if (remembered !== null) {
      this.#last.set(first, remembered);
    }
    return fused;
  }

  /** What plans were fused to last, with this request's values; null if they would not be the same statement. */
  recall(scope: string, roots: readonly BoundStatement[], plans: Plans): Recalled | null {
    const last = roots[0] === undefined ? undefined : this.#last.get(roots[0].step);
    const nodes = last === undefined ? null : recall(last, scope, roots, plans);
    return last === undefined || nodes === null ? null : { last, statement: last.shape.statement(nodes) };
  }

  /** Runs the statement; null if Postgres refuses it, which `refused` is told, and whether it always will. */
  async #run(
    session: Session,
    nodes: readonly Node[],
    shape: FusedShape,
    refused: (why: string, lasts: boolean) => void,
  ): Promise<Fused | null> {
    const statement = shape.statement(nodes);
    try {
      const rows = await attempt(session, statement);
      if (!shape.fits(rows.columns)) {
        refused("its columns have other types than before", true);
        return null;
      }
      const sets = splitByTag(rows, nodes, shape);
      shape.learn(sets);
      const rowsOf = new Map(nodes.map(({ step }, index) => [step, sets[index] as RowSet])); // one for each node
      return { rows: rowsOf, statement, steps: nodes.map(({ step }) => step) };
    } catch (error) {
      if (!isAnswer(error)) {
        throw error;
      }
      const lasts = LASTING_STATES.test(stateOf(error));
      refused(`Postgres refused the fused statement: ${reasonOf(error)}`, lasts);
      return null;
    }
  }

  /** The statements and their fusable descendants, parents before children. Null if one can't be wrapped. */
  async #collect(
    session: Session,
    roots: readonly BoundStatement[],
    plans: Plans,
    observe: Observe | undefined,
  ): Promise<Node[] | null> {
    const nodes: Node[] = [];
    for (const { step, plan, params } of roots) {
      const described = await this.#descriptions.of(session, plan, parameterOids(plan, params, null));
      const needed = choose(described, step, plan, plans, observe);
      if (needed === null) {
        return null;
      }
      nodes.push({ step, plan, params, columns: needed, parent: null, typeName: null });
    }
    for (const node of nodes) {
      for (const { step, typeName } of fieldsOfRow(partOf(node.step) === "pageInfo" ? null : node.step.selection)) {
        const plan = hasStatement(step) && !step.sameRow ? plans.get(step) : undefined;
        if (plan === undefined || plan instanceof Failed || plan.kind !== "sql") {
          continue;
        }
        if (!isCorrelated(plan, node)) {
          observe?.({ kind: "unfused", step, why: "its keys and symbols are not all columns of its parents' rows" });
          continue;
        }
        if (nodes.length >= MOST_LAYERS) {
          observe?.({ kind: "unfused", step, why: `the statement has ${MOST_LAYERS} layers already` });
          continue;
        }
        const child = await this.#collectChild(session, node, typeName, step, plan, plans, observe);
        if (child !== null) {
          nodes.push(child); // and is visited by this very loop
        }
      }
    }
    return nodes;
  }

  async #collectChild(
    session: Session,
    parent: Node,
    typeName: string | null,
    step: FieldStep,
    plan: SqlPlan,
    plans: Plans,
    observe: Observe | undefined,
  ): Promise<Node | null> {
    if (step.shape.kind === "list" && step.shape.item.kind === "list") {
      return null;
    }
    const described = await this.#descriptions.of(session, plan, parameterOids(plan, null, parent));
    const needed = choose(described, step, plan, plans, observe);
    return needed === null ? null : { step, plan, params: null, columns: needed, parent, typeName };
  }

  /** Remembers that Postgres refuses nodes as they are; if a table was altered, they will be others. */
  #refused(first: FieldStep, scope: string, nodes: readonly Node[], why: string): void {
    this.#shapesOf(first).set(keyOf(scope, nodes), { shape: null, why });
    for (const { plan, params, parent } of nodes) {
      this.#descriptions.forget(scope, plan, parameterOids(plan, params, parent));
    }
  }

  #shapesOf(step: FieldStep): LRUCache<string, KnownShape> {
    let shapes = this.#shapes.get(step);
    if (shapes === undefined) {
      shapes = new LRUCache({ max: MOST_SHAPES });
      this.#shapes.set(step, shapes);
    }
    return shapes;
  }
}

function tellOf(nodes: readonly Node[], why: string, observe: Observe | undefined): void {
  for (const { step } of nodes) {
    observe?.({ kind: "unfused", step, why });
  }
}

function isCorrelated(plan: SqlPlan, parent: Node): boolean {
  const symbols = symbolsOf(plan);
  const names = new Set(parent.columns.map(({ name }) => name));
  return (
    plan.parentKeys.length === plan.childKeys.length &&
    (symbols.length === 0 || plan.parentKeys.length > 0) &&
    [...symbols, ...plan.parentKeys].every((name) => names.has(name))
  );
}

/** Plans of the same key make the same statement, but for the values of their parameters. */
function keyOf(scope: string, nodes: readonly Node[]): string {
  return `${scope} ${JSON.stringify(
    nodes.map(({ plan, params, step, columns }) => [
      step.layer,
      plan.text,
      plan.params.map((param, index) =>
        "parent" in param && params === null ? param.parent : (params?.[index]?.[0] ?? 0),
      ),
      plan.parentKeys,
      plan.childKeys,
      plan.typeColumn,
      columns.map(({ name, oid }) => [name, oid]),
    ]),
  )}`;
}

/** Gives each node its own rows; all are slices of the same buffers. */
function splitByTag(fused: RowSet, nodes: readonly Node[], shape: FusedShape): RowSet[] {
  const sets = nodes.map((_, index) => new RowSet(shape.columnsOf(index)));
  fused.distribute(sets);
  return sets;
}
