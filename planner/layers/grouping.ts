/** Which rows belong to which parent, once it is known which of their keys are equal. */
import type { SqlPlan, ValuePlan } from "../../schema/index.ts";
import type { Session } from "../database/database.ts";
import { groupChildren, keyPairs } from "./correlate.ts";
import type { Equality, KeyClasses, KeyPair } from "./equality.ts";
import type { Groups, Layer } from "./layers.ts";

/**
 * Groups the children by their keys. Only where texts do not tell which keys are equal is there something to wait for:
 * a statement that compares them.
 */
export function groupByKeys(
  equality: Equality,
  session: Session,
  plan: SqlPlan | ValuePlan,
  parents: Layer,
  members: readonly number[],
  children: Layer,
  field: string,
): Groups | Promise<Groups> {
  const keys = keyPairs(plan, parents, children, field);
  const scope = session.scope ?? "";
  return children.count === 0 || keys.every((pair) => equality.isToldByTexts(pair, scope))
    ? groupChildren(keys, parents, members, children)
    : groupAsPostgres(equality, session, keys, parents, members, children);
}

async function groupAsPostgres(
  equality: Equality,
  session: Session,
  keys: readonly KeyPair[],
  parents: Layer,
  members: readonly number[],
  children: Layer,
): Promise<Groups> {
  const classes: (KeyClasses | null)[] = [];
  for (const pair of keys) {
    const isTold = equality.isToldByTexts(pair, session.scope ?? "");
    classes.push(isTold ? null : await equality.classesOf(session, pair, [parents, children], members));
  }
  return groupChildren(keys, parents, members, children, classes);
}
