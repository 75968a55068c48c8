/** An index as Django has it. */
import type { Index } from "../../../planner/index.ts";
import type { TableDescription } from "../../../schema/index.ts";

const classes = { btree: "models.Index", gin: "GinIndex", gist: "GistIndex" };

/**
 * What to write in the Meta of a table's model; null if the table has none, or the index has more than fields.
 *
 * @example
 * writeDjangoIndex({ table: "polls_choice", method: "btree", columns: [{ sql: "question_id", suffix: "" }], … }, tables);
 * // 'polls.Choice: models.Index(fields=["question"])'
 */
export function writeDjangoIndex(
  { table, method, columns }: Index,
  tables: { readonly [table: string]: TableDescription },
): string | null {
  const known = tables[unquote(table)];
  const isSimple = columns.every(({ sql, suffix }) => isName(sql) && (suffix === "" || suffix === " DESC"));
  if (known === undefined || !isSimple) {
    return null;
  }
  const fields = columns.map(({ sql, suffix }) => {
    const column = unquote(sql);
    return JSON.stringify(`${suffix === "" ? "" : "-"}${known.fields[column] ?? column}`);
  });
  return `${known.model}: ${classes[method]}(fields=[${fields.join(", ")}])`;
}

function isName(sql: string): boolean {
  return /^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)$/.test(sql);
}

function unquote(name: string): string {
  return isName(name) && name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
