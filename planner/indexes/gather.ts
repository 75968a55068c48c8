/** Puts together what one index would serve. */
import type { Index, IndexReport, MissingIndex, Need } from "./proof/report.ts";

type Unserved = Need & { readonly indexes: readonly Index[]; readonly tried: boolean };

/** An index whose columns another one begins with is left out: the other serves as well. */
export function gather(unserved: readonly Unserved[]): Pick<IndexReport, "missing" | "unservable"> {
  const all = unserved.flatMap(({ indexes }) => indexes);
  const missing = new Map<string, { index: Index; tried: boolean; needs: Need[] }>();
  const unservable: Need[] = [];
  for (const { indexes, tried, ...need } of unserved) {
    for (const index of indexes) {
      const widest = all.reduce((best, other) => (begins(best, other) ? other : best), index);
      const key = keyOf(widest);
      const known: MissingIndex & { tried: boolean; needs: Need[] } = missing.get(key) ?? {
        ...{ index: widest, tried, needs: [] },
      };
      known.tried &&= tried;
      known.needs.push(need);
      missing.set(key, known);
    }
    if (indexes.length === 0) {
      unservable.push(need);
    }
  }
  return { missing: [...missing.values()], unservable };
}

/** Whether another index has the columns of an index, and perhaps more after them: as they are, or all backwards. */
function begins(short: Index, long: Index): boolean {
  const isSame = (directionOf: (suffix: string) => string) =>
    short.columns.every(({ sql, suffix }, at) => {
      const other = long.columns[at];
      return other !== undefined && directionOf(suffix) === other.suffix && sql === other.sql;
    });
  const isPlain = short.method === "btree" && long.method === "btree" && short.table === long.table;
  return isPlain && (isSame((suffix) => suffix) || isSame(backwards));
}

function backwards(suffix: string): string {
  return suffix === "" ? " DESC" : suffix === " DESC" ? "" : "neither";
}

function keyOf({ table, method, columns }: Index): string {
  return JSON.stringify([table, method, columns]);
}
