/** Collections of random worlds: what is asked of them, how they are described, and what graphql-js makes of them. */
import fc from "fast-check";
import type {
  CollectionDescription,
  CollectionInputs,
  FieldDescription,
  PagePart,
  SqlFragment,
  TypeDescription,
} from "../../schema/index.ts";
import type { Draw, Relation, Row } from "./world.ts";

export interface Collection {
  readonly form: CollectionDescription["form"];
  /** Arguments of the field, for each of its aliases. */
  readonly args: readonly string[];
}

/** Null: none, as for most relations. */
export function drawCollection(draw: Draw): Collection | null {
  const forms: (Collection["form"] | null)[] = [null, null, "list", "page", "connection"];
  const form = draw(() => fc.constantFrom(...forms));
  return form === null ? null : { form, args: [0, 1, 2].map(() => drawArguments(draw, form)) };
}

function drawArguments(draw: Draw, form: Collection["form"]): string {
  const count = () => draw(() => fc.integer({ min: 0, max: 3 }));
  const pages =
    form === "connection"
      ? ["", `first: ${count()}`, `last: ${count()}`]
      : ["", `pagination: { limit: ${count()} }`, `pagination: { offset: ${count()}, limit: ${count()} }`];
  const args = [
    draw(() => fc.constantFrom(...filters)),
    draw(() => fc.constantFrom(...orders)),
    draw(() => fc.constantFrom(...pages)),
  ].filter((text) => text !== "");
  return args.length === 0 ? "" : `(${args.join(", ")})`;
}

const filters = [
  ...["", "filters: { k0: 1 }", 'filters: { k1: "a" }', 'filters: { NOT: { k0: 2 }, k1: "b" }', "filters: null"],
  ...['filters: { OR: [{ k0: 1 }, { k1: "" }] }', "filters: { NOT: { k1: null } }"],
];
const orders = ["", "ordering: [{ k0: DESC }]", "ordering: [{ k1: ASC_NULLS_FIRST }, { k0: DESC_NULLS_LAST }]"];

/** What is selected of a page, where `select` selects of an item. */
export function drawPage(draw: Draw, form: "page" | "connection", select: () => string): string {
  const items = form === "page" ? ["results"] : ["nodes", "edges"];
  const facts = form === "page" ? "{ offset limit }" : "{ hasNextPage hasPreviousPage startCursor endCursor }";
  const parts = [...items, "totalCount", "pageInfo"].filter(() => draw(() => fc.boolean()));
  const texts = parts.map((part) =>
    part === "edges"
      ? `edges { cursor node ${select()} }`
      : part === "pageInfo"
        ? `pageInfo ${facts}`
        : part === "totalCount"
          ? part
          : `${part} ${select()}`,
  );
  return `{ __typename ${texts.join(" ")} }`;
}

// -- the description ------------------------------------------------------------------------------------------------

/** The type of the field, and what else it has as a collection. */
export function describeAsCollection(
  relation: Relation,
  { form }: Collection,
): Pick<FieldDescription, "type" | "args" | "collection"> {
  const window =
    form === "connection"
      ? ["first: Int", "after: String", "last: Int", "before: String"]
      : ["pagination: OffsetPaginationInput"];
  return {
    type: `${form === "list" ? `[${itemOf(relation)}]` : pageName(relation, form)}${relation.nonNull ? "!" : ""}`,
    args: ["filters: PlaceFilter", "ordering: [PlaceOrder!]", ...window].map(argument),
    collection: {
      ...{ form, filters: "PlaceFilter", ordering: "PlaceOrder", order: [], key: ["position"], size: null, max: null },
    },
  };
}

export const collectionInputs: CollectionInputs = {
  filters: {
    PlaceFilter: {
      k0: { kind: "sql", sql: equal("k0", "int") },
      k1: { kind: "sql", sql: equal("k1", "str") },
      OR: { kind: "or" },
      NOT: { kind: "not" },
    },
  },
  orderings: {
    PlaceOrder: {
      k0: { kind: "sql", sql: [{ row: true }, ".k0"], nullable: true },
      k1: { kind: "sql", sql: [{ row: true }, '.k1 COLLATE "C"'], nullable: true },
    },
  },
};

function equal(column: string, as: "int" | "str"): SqlFragment {
  return [{ row: true }, `.${column} = `, { argument: "value", as }];
}

/** The types that the collections of these relations need. */
export function collectionTypes(relations: readonly Relation[]): TypeDescription[] {
  const pages = new Map<string, TypeDescription>();
  for (const relation of relations) {
    const form = relation.collection?.form ?? "list";
    if (form !== "list") {
      const name = pageName(relation, form);
      pages.set(name, form === "page" ? pageType(name, relation) : connectionType(name, relation));
      if (form === "connection") {
        pages.set(`${name}Edge`, edgeType(`${name}Edge`, relation));
      }
    }
  }
  const directions = ["ASC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"];
  return [
    ...pages.values(),
    input("PlaceFilter", ["k0: Int", "k1: String", "OR: [PlaceFilter!]", "NOT: PlaceFilter"]),
    { ...input("PlaceOrder", ["k0: Ordering", "k1: Ordering"]), oneOf: true },
    input("OffsetPaginationInput", ["offset: Int", "limit: Int"]),
    {
      ...{ ...unsaid, kind: "enum", name: "Ordering" },
      values: directions.map((value) => ({ name: value, value, description: null, deprecation: null })),
    },
    object("OffsetFacts", { offset: "Int!", limit: "Int" }),
    object("PageFacts", {
      ...{ hasNextPage: "Boolean!", hasPreviousPage: "Boolean!", startCursor: "String", endCursor: "String" },
    }),
  ];
}

const unsaid = { description: null, deprecation: null, place: null } as const;

function itemOf({ target, itemNonNull }: Relation): string {
  return `${target}${itemNonNull ? "!" : ""}`;
}

function pageName({ target, itemNonNull }: Relation, form: string): string {
  return `${target}_${form}${itemNonNull ? "_strict" : ""}`;
}

function pageType(name: string, relation: Relation): TypeDescription {
  return object(
    name,
    { results: `[${itemOf(relation)}]!`, totalCount: "Int!", pageInfo: "OffsetFacts!" },
    { results: "items", totalCount: "totalCount", pageInfo: "pageInfo" },
  );
}

function connectionType(name: string, relation: Relation): TypeDescription {
  return object(
    name,
    { nodes: `[${itemOf(relation)}]!`, edges: `[${name}Edge!]!`, totalCount: "Int!", pageInfo: "PageFacts!" },
    { nodes: "items", edges: "edges", totalCount: "totalCount", pageInfo: "pageInfo" },
  );
}

function edgeType(name: string, relation: Relation): TypeDescription {
  return object(name, { node: itemOf(relation), cursor: "String!" }, { node: "row", cursor: "cursor" });
}

function object(
  name: string,
  fields: { readonly [field: string]: string },
  parts: { readonly [field: string]: PagePart } = {},
): TypeDescription {
  return {
    ...{ ...unsaid, kind: "object", name, interfaces: [] },
    fields: Object.entries(fields).map(([field, type]) => {
      const part = parts[field];
      const source =
        part === undefined ? ({ kind: "column", column: field } as const) : ({ kind: "page", part } as const);
      return { ...unsaid, name: field, type, args: [], source };
    }),
  };
}

function input(name: string, fields: readonly string[]): Extract<TypeDescription, { kind: "input" }> {
  return { ...unsaid, kind: "input", name, fields: fields.map(argument) };
}

function argument(text: string): FieldDescription["args"][number] {
  const [name = "", type = ""] = text.split(": ");
  return { ...unsaid, name, type };
}

// -- for graphql-js -------------------------------------------------------------------------------------------------

interface Asked {
  readonly filters?: Filter | null;
  readonly ordering?: readonly { readonly [key: string]: string }[] | null;
  readonly pagination?: { readonly offset?: number | null; readonly limit?: number | null } | null;
  readonly first?: number | null;
  readonly last?: number | null;
}

interface Filter {
  readonly k0?: number | null;
  readonly k1?: string | null;
  readonly OR?: readonly Filter[] | null;
  readonly NOT?: Filter | null;
}

/** Stands for any cursor. */
export const someCursor = "a cursor";

/** What a collection is for graphql-js, of the rows that belong to a parent, in their own order. */
export function answerCollection({ form }: Collection, rows: readonly Row[], asked: Asked): unknown {
  const found = sorted(
    rows.filter((row) => asked.filters == null || saysOf(asked.filters, row) !== false),
    asked.ordering ?? [],
  );
  if (form === "connection") {
    const { first = null, last = null } = asked;
    const nodes = last === null ? found.slice(0, first ?? found.length) : found.slice(Math.max(0, found.length - last));
    const isMore = nodes.length < found.length;
    const cursor = nodes.length === 0 ? null : someCursor;
    const facts = { hasNextPage: last === null && isMore, hasPreviousPage: last !== null && isMore };
    return {
      nodes,
      edges: nodes.map((node) => ({ node, cursor })),
      totalCount: found.length,
      pageInfo: { ...facts, startCursor: cursor, endCursor: cursor },
    };
  }
  const { offset: from, limit: most } = asked.pagination ?? {};
  const [offset, limit] = [from ?? 0, most ?? null];
  const results = found.slice(offset, limit === null ? found.length : offset + limit);
  return form === "list" ? results : { results, totalCount: found.length, pageInfo: { offset, limit } };
}

/** Whether a filter holds for a row; null: it is unknown, or says nothing. */
function saysOf({ k0, k1, OR, NOT }: Filter, row: Row): boolean | null {
  const parts: (boolean | null)[] = [];
  for (const [value, own] of [[k0, row["k0"]] as const, [k1, row["k1"]] as const]) {
    if (value !== undefined && value !== null) {
      parts.push(own === value);
    }
  }
  const alternatives = (OR ?? []).map((other) => saysOf(other, row)).filter((said) => said !== null);
  if (alternatives.length > 0) {
    parts.push(alternatives.includes(true));
  }
  const denied = NOT === undefined || NOT === null ? null : saysOf(NOT, row);
  if (denied !== null) {
    parts.push(!denied);
  }
  return parts.length === 0 ? null : !parts.includes(false);
}

function sorted(rows: readonly Row[], ordering: readonly { readonly [key: string]: string }[]): readonly Row[] {
  const terms = ordering.flatMap((item) => Object.entries(item));
  return rows.toSorted((one, other) => {
    for (const [key, direction] of terms) {
      const order = compare(one[key], other[key], direction);
      if (order !== 0) {
        return order;
      }
    }
    return 0; // in their own order
  });
}

function compare(one: unknown, other: unknown, direction: string): number {
  const descending = direction.startsWith("DESC");
  const nullsFirst = direction.endsWith("NULLS_FIRST") || (descending && !direction.endsWith("NULLS_LAST"));
  if (one === null || other === null) {
    return one === other ? 0 : (one === null) === nullsFirst ? -1 : 1;
  }
  const order = one === other ? 0 : (one as number | string) < (other as number | string) ? -1 : 1;
  return descending ? -order : order;
}
