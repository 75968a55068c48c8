/** Statements that nothing is fused with, for the columns that are wanted of them: Postgres computes no others. */

import type { SqlPlan, TypedText } from "../../schema/index.ts";
import type { Column } from "../bytes/rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Observe } from "../contract/planner.ts";
import type { Session, Statement } from "../database/database.ts";
import { type Described, type Descriptions, isUnwrappable } from "../database/descriptions.ts";
import { type CountingStatement, countingStatement, statementFor } from "../database/row-counts.ts";
import { isAnswer } from "../database/statement-errors.ts";
import type { Plans } from "../layers/plans.ts";
import { hasResolvers, neededColumns } from "../resolve/selections.ts";
import { narrowSql } from "../sql/sql-text.ts";
import { arrayOidOf } from "../types/oids.ts";
import type { BoundStatement, Node, Ran } from "./bound-statement.ts";
import { sameForm, sameTypes, typesAlone } from "./last-fused.ts";

/** A statement as it is run, whatever its parameters' values are. */
interface Way {
  readonly counting: CountingStatement;
  /** Whether it is for some of its columns alone. */
  readonly narrows: boolean;
  /** Whether the columns that it has were known. */
  readonly known: boolean;
}

/** How a step's statement was run last: most requests bring the same one but for its parameters' values. */
export interface LastWay {
  readonly way: Way;
  readonly scope: string;
  readonly bound: BoundStatement;
  /** Of its rows. */
  readonly columns: readonly Column[];
}

export class Narrower {
  readonly #descriptions: Descriptions;
  /** Of steps whose objects have no resolvers: which columns others want depends on their plans, too. */
  readonly #last = new WeakMap<FieldStep, LastWay>();

  constructor(descriptions: Descriptions) {
    this.#descriptions = descriptions;
  }

  /** Runs a statement. Once it has run it is known which columns it has beside those that are wanted. */
  async fetch(session: Session, bound: BoundStatement, plans: Plans): Promise<Ran> {
    const { step, plan, params } = bound;
    const scope = session.scope ?? "";
    const recalled = this.#recall(scope, bound)?.way ?? null;
    const way = recalled ?? (await this.#find(scope, bound, plans));
    let isRefused = false;
    try {
      const statement = way.counting.for(params);
      const rows = await session.query(statement);
      if (!way.known) {
        this.#learn(scope, bound, rows.columns);
      } else if (recalled === null && !hasResolvers(step)) {
        this.#last.set(step, { way, scope, bound: typesAlone(bound), columns: rows.columns });
      }
      return { statement, rows };
    } catch (error) {
      if (!way.narrows || !isAnswer(error)) {
        throw error;
      }
      isRefused = isUnwrappable(error);
    }
    this.#last.delete(step);
    // Run as it is, it says the exact error.
    const statement = await statementFor(plan.text, params);
    const rows = await session.query(statement);
    this.#learn(scope, bound, isRefused ? null : rows.columns);
    return { statement, rows };
  }

  /** How the statement was run last, and as it is now; null if it would not be the same. */
  recall(scope: string, bound: BoundStatement): { readonly last: LastWay; readonly statement: Statement } | null {
    const last = this.#recall(scope, bound);
    return last === null ? null : { last, statement: last.way.counting.for(bound.params) };
  }

  #recall(scope: string, { step, plan, params }: BoundStatement): LastWay | null {
    const last = this.#last.get(step);
    const isSame = last?.scope === scope && sameForm(last.bound.plan, plan) && sameTypes(last.bound.params, params);
    return isSame ? last : null;
  }

  async #find(scope: string, bound: BoundStatement, plans: Plans): Promise<Way> {
    const { step, plan, params } = bound;
    const described = this.#descriptions.known(scope, plan, parameterOids(plan, params, null));
    const needed = described === undefined ? null : choose(described, step, plan, plans, undefined);
    if (needed !== null && needed.length > 0 && needed.length < (described?.columns?.length ?? 0)) {
      try {
        const text = await narrowSql(plan.text, needed);
        return { counting: await countingStatement(text, params), narrows: true, known: true };
      } catch {
        this.#learn(scope, bound, null); // it is not made of SQL's tokens
      }
    }
    return {
      counting: await countingStatement(plan.text, params),
      narrows: false,
      known: described !== undefined,
    };
  }

  #learn(scope: string, { plan, params }: BoundStatement, columns: readonly Column[] | null): void {
    this.#descriptions.learn(scope, plan, parameterOids(plan, params, null), columns);
  }
}

/** The columns that are wanted of a statement; null if it can't be fused, which `observe` is told. */
export function choose(
  { columns, why }: Described,
  step: FieldStep,
  plan: SqlPlan,
  plans: Plans,
  observe: Observe | undefined,
): readonly Column[] | null {
  const needed = columns === null ? null : neededColumns(step, plan, columns, plans);
  if (needed === null) {
    const unclear = "a column that is wanted of it is missing, or two have one name";
    observe?.({ kind: "unfused", step, why: columns === null ? why : unclear });
  }
  return needed;
}

/** Types of a root's parameters, or of those of a statement below `parent`. */
export function parameterOids(plan: SqlPlan, params: readonly TypedText[] | null, parent: Node | null): number[] {
  return (params ?? plan.params).map((param) =>
    "parent" in param ? arrayOidOf(parent?.columns.find(({ name }) => name === param.parent)?.oid ?? 0) : param[0],
  );
}
