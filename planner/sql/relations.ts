/** Which tables a statement names: those that it reads, and those that it writes. */
import { parse } from "libpg-query";
import { LRUCache } from "lru-cache";

/** Names without their schemas. */
export interface Relations {
  /** All that it names, with those of WITH queries among them. */
  readonly named: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  /** Functions that it calls. */
  readonly functions: ReadonlySet<string>;
}

const known = new LRUCache<string, Relations>({ max: 2000 });

/**
 * Parses a statement with Postgres's own parser.
 *
 * @throws Error if Postgres can't parse it.
 * @example (await relationsOf("INSERT INTO post SELECT lower(a) FROM b")).written; // "post"
 */
export async function relationsOf(text: string): Promise<Relations> {
  let relations = known.get(text);
  if (relations === undefined) {
    const found = { named: new Set<string>(), written: new Set<string>(), functions: new Set<string>() };
    collect(await parse(text), found);
    relations = found;
    known.set(text, relations);
  }
  return relations;
}

/** Statements that write what they name as their `relation` or `relations`. */
const writes = new Set([
  ...["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "TruncateStmt"],
  ...["CopyStmt", "RefreshMatViewStmt"],
]);

interface Found {
  readonly named: Set<string>;
  readonly written: Set<string>;
  readonly functions: Set<string>;
}

function collect(node: unknown, found: Found): void {
  const pending: unknown[] = [node];
  for (const each of pending) {
    if (typeof each !== "object" || each === null) {
      continue;
    }
    for (const [kind, value] of Object.entries(each)) {
      if (kind === "RangeVar") {
        add(found.named, nameOf(value));
      } else if (writes.has(kind)) {
        addWritten(value, found);
      } else if (kind === "FuncCall") {
        const names = property(value, "funcname");
        add(found.functions, Array.isArray(names) ? stringOf(names.at(-1)) : null);
      }
      if (kind === "relation" || kind === "into") {
        add(found.named, nameOf(value)); // not wrapped as RangeVar
      }
      pending.push(value);
    }
  }
}

function addWritten(statement: unknown, { written }: Found): void {
  add(written, nameOf(property(statement, "relation")));
  const relations = property(statement, "relations");
  for (const relation of Array.isArray(relations) ? relations : []) {
    add(written, nameOf(property(relation, "RangeVar")));
  }
}

function add(names: Set<string>, name: string | null): void {
  if (name !== null) {
    names.add(name);
  }
}

function nameOf(rangeVar: unknown): string | null {
  const name = property(rangeVar, "relname");
  return typeof name === "string" ? name : null;
}

function stringOf(node: unknown): string | null {
  const text = property(property(node, "String"), "sval");
  return typeof text === "string" ? text : null;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}
