/** Random schemas with their data, for the differential tests. */
import fc from "fast-check";
import type { FieldDescription, SchemaDescription, TypeDescription } from "../../schema/index.ts";
import {
  type Collection,
  collectionInputs,
  collectionTypes,
  describeAsCollection,
  drawCollection,
} from "./collections.ts";

/** Draws a random value; fast-check shrinks what it drew. */
export type Draw = <T>(arbitrary: () => fc.Arbitrary<T>) => T;

/** A column as Postgres has it and as GraphQL wants it; the two need not fit. */
export interface LeafField {
  readonly name: string;
  readonly graphql: string;
  readonly nonNull: boolean;
  readonly list: boolean;
  readonly pg: string;
}

/** How a relation is answered. */
export type Mode = "symbols" | "needs" | "value" | "function" | "failing";

export interface Relation {
  readonly name: string;
  readonly target: string;
  readonly list: boolean;
  readonly nonNull: boolean;
  readonly itemNonNull: boolean;
  readonly keys: readonly ("k0" | "k1")[];
  readonly mode: Mode;
  /** What clients may ask of it; null: nothing. */
  readonly collection: Collection | null;
}

export interface WorldType {
  readonly name: string;
  readonly leaves: readonly LeafField[];
  readonly relations: readonly Relation[];
  /** Whether it has the instance method `{name}_method`. */
  readonly method: boolean;
  readonly implementsNode: boolean;
  readonly rows: readonly Row[];
}

/** Values by column name: k0 (int), k1 (text) and the leaves. */
export type Row = { readonly [column: string]: unknown };

export interface World {
  readonly types: readonly WorldType[];
  readonly root: readonly Relation[];
  /** Members of the union `Some`. */
  readonly union: readonly string[];
}

/** Scalars, the column types that hold them, and values: some of which do not fit the scalar. */
const columns: readonly { graphql: string; pg: string; values: fc.Arbitrary<unknown> }[] = [
  { graphql: "Int", pg: "int4", values: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { graphql: "Int", pg: "int8", values: fc.constantFrom(1, -5, 2 ** 31, -(2 ** 40)) },
  { graphql: "Int", pg: "text", values: fc.constantFrom("7", "x") },
  { graphql: "Float", pg: "float8", values: fc.oneof(fc.double(), fc.constantFrom(0.1, 1e21, Number.NaN, -0)) },
  { graphql: "Float", pg: "int4", values: fc.integer({ min: -100, max: 100 }) },
  { graphql: "String", pg: "text", values: text() },
  { graphql: "String", pg: "int4", values: fc.integer({ min: -100, max: 100 }) },
  { graphql: "Boolean", pg: "bool", values: fc.boolean() },
  { graphql: "Boolean", pg: "int4", values: fc.integer({ min: -1, max: 1 }) },
  { graphql: "ID", pg: "int4", values: fc.integer({ min: 0, max: 100 }) },
  { graphql: "ID", pg: "text", values: text() },
  { graphql: "BigInt", pg: "int8", values: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }) },
  {
    graphql: "JSON",
    pg: "jsonb",
    values: fc
      .jsonValue({ maxDepth: 2 })
      .filter((value) => value !== null && !/\\u0000|\0/.test(JSON.stringify(value))),
  },
  { graphql: "Color", pg: "text", values: fc.constantFrom("red", "green", "GREEN", "blue") },
];

function text(): fc.Arbitrary<string> {
  // Postgres's texts hold neither NUL nor lone surrogates.
  return fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }).map((value) => value.replaceAll("\0", "").toWellFormed()),
    fc.constantFrom('a "quoted" \\ text', "line\nbreak\ttab", "\u0001\u001f", "ünï çödé 🐙 \u2028", "x".repeat(100)),
  );
}

export function drawWorld(draw: Draw): World {
  const names = ["A", "B", "C"].slice(
    0,
    draw(() => fc.integer({ min: 1, max: 3 })),
  );
  const targets = [...names, ...(names.length > 1 ? ["Some", "Node"] : [])];
  const types = names.map((name): WorldType => {
    const leaves = drawLeaves(draw, name.toLowerCase());
    const relations = drawRelations(draw, targets, name.toLowerCase(), 2);
    return {
      name,
      leaves,
      relations,
      method: draw(() => fc.boolean()),
      implementsNode: name !== "C",
      rows: drawRows(draw, leaves),
    };
  });
  return { types, root: drawRelations(draw, targets, "root", 3), union: names };
}

function drawLeaves(draw: Draw, prefix: string): LeafField[] {
  const count = draw(() => fc.integer({ min: 1, max: 4 }));
  return Array.from({ length: count }, (_, index) => {
    const { graphql, pg } = columns[
      draw(() => fc.integer({ min: 0, max: columns.length - 1 }))
    ] as (typeof columns)[number];
    return {
      name: `${prefix}_${index}`,
      graphql,
      pg,
      list: pg !== "jsonb" && draw(() => fc.integer({ min: 0, max: 4 })) === 0,
      nonNull: draw(() => fc.integer({ min: 0, max: 3 })) === 0,
    };
  });
}

function drawRelations(draw: Draw, targets: readonly string[], prefix: string, most: number): Relation[] {
  const count = draw(() => fc.integer({ min: 1, max: most }));
  return Array.from({ length: count }, (_, index) => {
    const relation = drawRelation(draw, targets, prefix, index);
    const isPlan = relation.list && (relation.mode === "symbols" || relation.mode === "needs");
    return { ...relation, collection: isPlan ? drawCollection(draw) : null };
  });
}

function drawRelation(
  draw: Draw,
  targets: readonly string[],
  prefix: string,
  index: number,
): Omit<Relation, "collection"> {
  return {
    name: `${prefix}_r${index}`,
    target: draw(() => fc.constantFrom(...targets)),
    list: draw(() => fc.boolean()),
    nonNull: draw(() => fc.integer({ min: 0, max: 3 })) === 0,
    itemNonNull: draw(() => fc.boolean()),
    keys:
      prefix === "root"
        ? []
        : draw(() => fc.constantFrom(["k0"], ["k1"], ["k0", "k1"], []) as fc.Arbitrary<Relation["keys"]>),
    mode: draw(
      () => fc.constantFrom("symbols", "symbols", "needs", "value", "function", "failing") as fc.Arbitrary<Mode>,
    ),
  };
}

function drawRows(draw: Draw, leaves: readonly LeafField[]): Row[] {
  const count = draw(() => fc.integer({ min: 0, max: 3 }));
  return Array.from({ length: count }, () => {
    const row: { [column: string]: unknown } = {
      k0: draw(() => fc.constantFrom(null, 1, 2, 3)),
      k1: draw(() => fc.constantFrom(null, "a", "b", 'q"\\,{}', "")),
    };
    for (const leaf of leaves) {
      row[leaf.name] = drawValue(draw, leaf);
    }
    return row;
  });
}

function drawValue(draw: Draw, leaf: LeafField): unknown {
  const column = columns.find(({ graphql, pg }) => graphql === leaf.graphql && pg === leaf.pg);
  const one = () =>
    draw(() => fc.integer({ min: 0, max: 7 })) === 0 ? null : draw(() => column?.values ?? fc.constant(null));
  return leaf.list && draw(() => fc.integer({ min: 0, max: 7 })) !== 0
    ? Array.from({ length: draw(() => fc.integer({ min: 0, max: 3 })) }, one)
    : leaf.list
      ? null
      : one();
}

/** The concrete types that a relation's objects can have. */
export function concreteTypes(world: World, target: string): readonly WorldType[] {
  return world.types.filter(
    (type) =>
      type.name === target ||
      (target === "Some" && world.union.includes(type.name)) ||
      (target === "Node" && type.implementsNode),
  );
}

export function describeWorld(world: World): SchemaDescription {
  const types: TypeDescription[] = [
    {
      kind: "enum",
      name: "Color",
      description: null,
      place: null,
      values: ["red", "green"].map((value) => ({
        name: value.toUpperCase(),
        value,
        description: null,
        deprecation: null,
      })),
    },
    {
      kind: "interface",
      name: "Node",
      description: null,
      place: null,
      interfaces: [],
      fields: [column("k1", "String")],
    },
    { kind: "union", name: "Some", description: null, place: null, members: world.union },
    object("Query", [], world.root.map(describeRelation)),
    ...world.types.map((type) =>
      object(type.name, type.implementsNode ? ["Node"] : [], [
        column("k0", "Int"),
        column("k1", "String"),
        ...type.leaves.map((leaf) => column(leaf.name, leafType(leaf))),
        ...type.relations.map(describeRelation),
        ...(type.method ? [field(`${type.name}_method`, "Int!", { kind: "method" })] : []),
      ]),
    ),
  ];
  const relations = [...world.root, ...world.types.flatMap((type) => type.relations)];
  if (relations.some(({ collection }) => collection !== null)) {
    types.push(...collectionTypes(relations));
  }
  const operations = { query: "Query", mutation: null, subscription: null } as const;
  return { version: 1, ...operations, hasAuth: false, collections: collectionInputs, types };
}

function describeRelation(relation: Relation): FieldDescription {
  const item = relation.list ? `[${relation.target}${relation.itemNonNull ? "!" : ""}]` : relation.target;
  const source = { kind: "resolver", pure: false, plan: null } as const;
  const described = field(relation.name, `${item}${relation.nonNull ? "!" : ""}`, source);
  const { collection } = relation;
  return collection === null ? described : { ...described, ...describeAsCollection(relation, collection) };
}

function leafType(leaf: LeafField): string {
  return `${leaf.list ? `[${leaf.graphql}]` : leaf.graphql}${leaf.nonNull ? "!" : ""}`;
}

function column(name: string, type: string): FieldDescription {
  return field(name, type, { kind: "column", column: name });
}

function field(name: string, type: string, source: FieldDescription["source"]): FieldDescription {
  return { name, type, source, args: [], description: null, deprecation: null, place: null };
}

function object(name: string, interfaces: readonly string[], fields: readonly FieldDescription[]): TypeDescription {
  return { kind: "object", name, interfaces, fields, description: null, place: null };
}
