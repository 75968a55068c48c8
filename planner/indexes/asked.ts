/** Each single thing that a client may ask of a collection, with arguments that ask for it. */
import type { Arguments, CollectionDescription, CollectionInputs, JsonValue } from "../../schema/index.ts";
import { sampleOf } from "./samples.ts";

export interface Asked {
  /** `votes.gt`. */
  readonly path: string;
  /** The value of `filters`, or one item of `ordering`. */
  readonly value: JsonValue;
  /** The last relation on the path; null: there is none. */
  readonly relation: string | null;
}

/**
 * Each condition of a filter alone, those of related rows as well: each relation once, by its shortest path. Of a Boolean
 * it is what `true` means, since its opposite is what most rows are.
 *
 * @example [...conditionsOf(inputs, "PostFilter")][0]; // { path: "votes.gt", value: { votes: { gt: 1 } }, relation: null }
 */
export function* conditionsOf({ filters }: CollectionInputs, type: string): Generator<Asked> {
  const types: Place[] = [{ type, path: [], relation: null }];
  const known = new Set<string>();
  for (const place of types) {
    const fields = Object.entries(filters[place.type] ?? {}).map(([name, condition]) => ({ path: [name], condition }));
    for (const { path, condition } of fields) {
      if (condition.kind === "all") {
        const lookups = Object.entries(condition.lookups);
        fields.push(...lookups.map(([name, lookup]) => ({ path: [...path, name], condition: lookup })));
      } else if (condition.kind === "related") {
        follow(types, known, place, path, condition.filter);
      } else if (condition.kind === "sql" || condition.kind === "boolean") {
        yield ask(place, path, condition.kind === "sql" ? sampleOf(condition.sql) : true);
      }
    }
  }
}

/** Each term of an order alone, ascending: an index is read backwards as well. */
export function* ordersOf({ orderings }: CollectionInputs, type: string): Generator<Asked> {
  const types: Place[] = [{ type, path: [], relation: null }];
  const known = new Set<string>();
  for (const place of types) {
    for (const [name, term] of Object.entries(orderings[place.type] ?? {})) {
      if (term.kind === "related") {
        follow(types, known, place, [name], term.ordering);
      } else if (term.kind === "sql") {
        yield ask(place, [name], "ASC");
      }
    }
  }
}

/** The arguments for a page of a collection, as small as one that is asked for. */
export function pageArguments({ form, size, max }: CollectionDescription): Arguments {
  const items = Math.min(size ?? 20, max ?? 20);
  return form === "connection" ? { first: items } : { pagination: { offset: 0, limit: items } };
}

interface Place {
  readonly type: string;
  readonly path: readonly string[];
  readonly relation: string | null;
}

function follow(types: Place[], known: Set<string>, place: Place, path: readonly string[], type: string): void {
  const relation = `${place.type}.${path.join(".")}`;
  if (!known.has(relation)) {
    known.add(relation);
    types.push({ type, path: [...place.path, ...path], relation });
  }
}

function ask({ path: before, relation }: Place, path: readonly string[], leaf: JsonValue): Asked {
  const names = [...before, ...path];
  return {
    path: names.join("."),
    value: names.reduceRight<JsonValue>((value, name) => ({ [name]: value }), leaf),
    relation,
  };
}
