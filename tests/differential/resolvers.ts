/** One world's resolvers twice: as plans for the planner, and as functions for graphql-js. */
import type { GraphQLFieldResolver } from "graphql";
import type { LayerFunction, Resolver } from "../../planner/index.ts";
import type {
  ColumnValues,
  ParentColumns,
  PlanParameter,
  ResolveResult,
  ResolverCall,
  ValueSelection,
  WireValue,
} from "../../schema/index.ts";
import { noGenerators } from "../support/planner/planner.ts";
import { answerCollection } from "./collections.ts";
import { concreteTypes, type LeafField, type Relation, type Row, type World } from "./world.ts";

/** Rows of all types that a relation may lead to, each with its type's name. */
function rowsOf(world: World, relation: Relation): (Row & { readonly __typename: string })[] {
  return concreteTypes(world, relation.target).flatMap((type) =>
    type.rows.map((row) => ({ ...row, __typename: type.name })),
  );
}

/** The method of every type: fails for one key, so that errors come from within layers. */
function callMethod(row: Row): number {
  if (row["k0"] === 3) {
    throw new Error("method failed");
  }
  return Number(row["k0"] ?? 0) * 10;
}

// -- for graphql-js -------------------------------------------------------------------------------------------------

export function referenceResolvers(world: World): {
  [type: string]: { [field: string]: GraphQLFieldResolver<Row, unknown> };
} {
  const resolve =
    (relation: Relation): GraphQLFieldResolver<Row, unknown> =>
    (parent, args) => {
      if (relation.mode === "failing") {
        throw new Error(`ValueError: ${relation.name} failed`);
      }
      const rows = rowsOf(world, relation).filter((row) =>
        relation.keys.every((key) => row[key] !== null && row[key] === parent[key]),
      );
      if (relation.collection !== null) {
        return answerCollection(relation.collection, rows, args);
      }
      return relation.list ? rows : (rows[0] ?? null);
    };
  const colors: { readonly [value: string]: string } = { red: "RED", green: "GREEN" };
  return {
    Query: Object.fromEntries(world.root.map((relation) => [relation.name, resolve(relation)])),
    ...Object.fromEntries(
      world.types.map((type) => [
        type.name,
        {
          ...Object.fromEntries(type.relations.map((relation) => [relation.name, resolve(relation)])),
          ...Object.fromEntries(
            type.leaves.map(({ name, graphql }) => [
              name,
              (row: Row) => {
                const name_ = (value: unknown) => (graphql === "Color" ? (colors[String(value)] ?? value) : value);
                const value = row[name];
                return Array.isArray(value) && graphql !== "JSON" ? value.map(name_) : name_(value);
              },
            ]),
          ),
          ...(type.method ? { [`${type.name}_method`]: callMethod } : {}),
        },
      ]),
    ),
  };
}

// -- for the planner ------------------------------------------------------------------------------------------------

export function layerFunctions(world: World): Map<string, LayerFunction> {
  const functions = new Map<string, LayerFunction>();
  for (const { owner, relation } of relations(world)) {
    if (relation.mode === "function") {
      functions.set(`${owner}.${relation.name}`, (parents) =>
        parents.map((parent) => {
          const rows = rowsOf(world, relation).filter((row) =>
            relation.keys.every((key) => row[key] !== null && row[key] === parent[key]),
          );
          return relation.list ? rows : (rows[0] ?? null);
        }),
      );
    }
  }
  return functions;
}

/** Stands where Python does: answers with the plans that a Python resolver would return. */
export function planResolver(world: World): Resolver {
  const byName = new Map(relations(world).map(({ owner, relation }) => [`${owner}.${relation.name}`, relation]));
  return {
    iterate: noGenerators,
    async resolve(batch) {
      return { results: batch.calls.map(answer), auth: null, denied: null };
    },
  };

  function answer(call: ResolverCall): ResolveResult {
    const relation = byName.get(call.field);
    if (relation === undefined) {
      return { kind: "each", values: parentRows(call.parents as ParentColumns).map(methodValue) }; // instance methods get values
    }
    const { keys, mode } = relation;
    if (mode === "failing") {
      const message = `${relation.name} failed`;
      const error = { type: "ValueError", message, traceback: "", code: null, safe: false, extensions: null };
      return { kind: "failure", error };
    }
    if (mode === "value") {
      const objects = rowsOf(world, relation).map((row) => toWire(world, row, call.selection ?? {}));
      const value = relation.list || keys.length > 0 ? objects : (objects[0] ?? null);
      return { kind: "value", value, parentKeys: keys, childKeys: keys };
    }
    if (mode === "needs" && keys.length > 0 && call.parents === "symbols") {
      return { kind: "needs", columns: keys };
    }
    const params = keys.map((key): PlanParameter => {
      if (typeof call.parents === "string") {
        return { parent: key };
      }
      const texts = columnTexts(call.parents.columns[key]);
      return [0, `{${texts.map((text) => (text === null ? "NULL" : JSON.stringify(text))).join(",")}}`];
    });
    return {
      kind: "sql",
      text: statement(world, relation),
      params,
      parentKeys: keys,
      childKeys: keys,
      typeColumn: "__typename",
      typeNames: null,
    };
  }
}

function relations(world: World): { owner: string; relation: Relation }[] {
  return [
    ...world.root.map((relation) => ({ owner: "Query", relation })),
    ...world.types.flatMap((type) => type.relations.map((relation) => ({ owner: type.name, relation }))),
  ];
}

/** The relation's rows as a VALUES list, filtered by its keys. */
function statement(world: World, relation: Relation): string {
  const columns: Pick<LeafField, "name" | "pg" | "list">[] = [
    { name: "k0", pg: "int4", list: false },
    { name: "k1", pg: "text", list: false },
    { name: "__typename", pg: "text", list: false },
    ...concreteTypes(world, relation.target).flatMap((type) => type.leaves),
  ];
  const rows = rowsOf(world, relation).map(
    (row, order) => `(${order}, ${columns.map((column) => literal(row[column.name], column)).join(", ")})`,
  );
  const nothing = `(NULL, ${columns.map((column) => literal(null, column)).join(", ")})`;
  const names = ["position", ...columns.map(({ name }) => `"${name}"`)].join(", ");
  const where = relation.keys.map(
    (key, index) => ` AND ${key} = ANY($${index + 1}::${key === "k0" ? "int4" : "text"}[])`,
  );
  return `SELECT * FROM (VALUES ${[...rows, nothing].join(", ")}) AS v(${names}) WHERE position IS NOT NULL${where.join("")} ORDER BY position`;
}

function literal(value: unknown, { pg, list }: Pick<LeafField, "pg" | "list">): string {
  const type = list ? `${pg}[]` : pg;
  if (value === null || value === undefined) {
    return `NULL::${type}`;
  }
  if (list && Array.isArray(value)) {
    return `ARRAY[${value.map((item) => literal(item, { pg, list: false })).join(", ")}]::${type}`;
  }
  const text = pg === "jsonb" ? JSON.stringify(value) : Object.is(value, -0) ? "-0" : String(value);
  return `'${text.replaceAll("'", "''")}'::${type}`;
}

function toWire(world: World, row: Row & { readonly __typename: string }, selection: ValueSelection): WireValue {
  const type = world.types.find(({ name }) => name === row.__typename);
  const attributes: { [name: string]: WireValue } = { k0: row["k0"] as number | null, k1: row["k1"] as string | null };
  for (const leaf of type?.leaves ?? []) {
    attributes[leaf.name] = wireLeaf(row[leaf.name], leaf);
  }
  for (const { key } of selection[row.__typename]?.methods ?? []) {
    attributes[key] = methodValue(row);
  }
  return { o: attributes, type: row.__typename };
}

function wireLeaf(value: unknown, leaf: LeafField): WireValue {
  if (value === null || value === undefined) {
    return null;
  }
  if (leaf.list && Array.isArray(value)) {
    return value.map((item) => wireLeaf(item, { ...leaf, list: false }));
  }
  if (leaf.pg === "jsonb") {
    return { j: value as string };
  }
  if (typeof value === "bigint") {
    return { t: [20, String(value)] };
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { t: [701, Object.is(value, -0) ? "-0" : String(value)] };
  }
  return value as WireValue; // number, string or boolean
}

function methodValue(row: Row): WireValue {
  try {
    return callMethod(row);
  } catch {
    return { e: { type: "Error", message: "method failed", traceback: "", code: null, safe: true, extensions: null } };
  }
}

function parentRows(parents: ParentColumns): Row[] {
  const k0 = columnTexts(parents.columns["k0"]);
  return Array.from({ length: parents.count }, (_, index) => ({ k0: k0[index] == null ? null : Number(k0[index]) }));
}

function columnTexts(column: ColumnValues | undefined): (string | null)[] {
  if (column === undefined) {
    return [];
  }
  return "texts" in column ? [...column.texts] : column.values.map((value) => (value === null ? null : String(value)));
}
