/** Random filters, orders and pages over random rows: the planner's answer is what the rows themselves say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { sketchPlanner } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(tables);
const fused = sketchPlanner({ ...collectionSketch, database });
const layered = sketchPlanner({ ...collectionSketch, database, fuse: false });

interface Row {
  readonly id: number;
  readonly votes: number | null;
  readonly post_id: number | null;
}
type Kind = "Post" | "Comment";
type Filter = { readonly [field: string]: unknown };
type Order = readonly { readonly [field: string]: string | { readonly [field: string]: string } }[];
interface World {
  readonly Post: readonly Row[];
  readonly Comment: readonly Row[];
}

const small = fc.integer({ min: 0, max: 4 });
const votes = fc.option(small, { freq: 3 });
const world: fc.Arbitrary<World> = fc.integer({ min: 0, max: 6 }).chain((posts) =>
  fc.record({
    Post: fc
      .array(votes, { minLength: posts, maxLength: posts })
      .map((all) => all.map((its, index) => ({ id: index + 1, votes: its, post_id: null }))),
    Comment: fc
      .array(fc.tuple(votes, fc.option(fc.integer({ min: 1, max: Math.max(1, posts) }), { freq: 5 })), {
        maxLength: 15,
      })
      .map((all) =>
        all.map(([its, post], index) => ({ id: index + 1, votes: its, post_id: posts === 0 ? null : post })),
      ),
  }),
);

const integers = fc.oneof(
  fc.record({ exact: small }),
  fc.record({ gt: small }),
  fc.record({ lte: small, gt: small }),
  fc.record({ isNull: fc.boolean() }),
  fc.record({ inList: fc.array(small, { maxLength: 3 }) }),
  fc.record({ range: fc.record({ start: small, end: small }) }),
  fc.constant({}),
  fc.record({ exact: fc.constant(null), isNull: fc.constant(null) }),
);
const { Post: postFilter, Comment: commentFilter } = fc.letrec<{ Post: Filter; Comment: Filter }>((tie) => ({
  Post: filterOf(tie("Post"), fc.record({ comments: tie("Comment") })),
  Comment: filterOf(tie("Comment"), fc.record({ post: tie("Post") })),
}));

function filterOf(own: fc.Arbitrary<Filter>, related: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  return fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ id: integers, votes: integers }, { requiredKeys: [] }),
    related,
    fc.record({ votes: integers, AND: own }),
    fc.record({ OR: fc.array(own, { maxLength: 3 }), votes: integers }),
    fc.record({ NOT: own }),
  );
}

const direction = fc.constantFrom(
  "ASC",
  "ASC_NULLS_FIRST",
  "ASC_NULLS_LAST",
  "DESC",
  "DESC_NULLS_FIRST",
  "DESC_NULLS_LAST",
);
const ownTerm = fc.oneof(fc.record({ votes: direction }), fc.record({ id: direction }));
const postOrder = fc.array(ownTerm, { maxLength: 3 });
const commentOrder = fc.array(fc.oneof(ownTerm, fc.record({ post: ownTerm })), { maxLength: 3 });
const window = fc.record({ offset: fc.integer({ min: 0, max: 3 }), limit: fc.integer({ min: 0, max: 4 }) });

const asked = fc.record({
  posts: fc.record({ filters: postFilter, ordering: postOrder, pagination: window }),
  comments: fc.record({ filters: commentFilter, ordering: commentOrder, pagination: window }),
  least: fc.integer({ min: 0, max: 2 }),
});

test("filters, orders, pages and numbers", async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(asked, { minLength: 6, maxLength: 6 }), async (rows, questions) => {
      await fill(rows);
      for (const { posts, comments, least } of questions) {
        const query = `{ postPage(${literals(posts)}) { totalCount results { id commentPage(${literals(comments)}) {
          totalCount results { id } aggregates { count sum { sum_votes } }
          groupedAggregates(groupBy: [EVEN, VOTES], having: { count: { gt: ${least} } }) { keys { even votes } count } } } } }`;
        const all = select(rows, "Post", rows.Post, posts.filters, posts.ordering);
        const data = {
          postPage: {
            totalCount: all.length,
            results: cut(all, posts.pagination).map(({ id }) => {
              const its = rows.Comment.filter(({ post_id }) => post_id === id);
              const found = select(rows, "Comment", its, comments.filters, comments.ordering);
              const known = found.flatMap((row) => (row.votes === null ? [] : [row.votes]));
              const sum = known.length === 0 ? null : known.reduce((total, number) => total + number, 0);
              return {
                id,
                commentPage: {
                  totalCount: found.length,
                  results: cut(found, comments.pagination).map((row) => ({ id: row.id })),
                  aggregates: { count: found.length, sum: { sum_votes: sum } },
                  groupedAggregates: groupsOf(found).filter(({ count }) => count > least),
                },
              };
            }),
          },
        };
        expect(await fused.run(query)).toEqual({ status: 200, data });
        // Once the rows are counted, they are found once for page and number.
        expect(await fused.run(query)).toEqual({ status: 200, data });
        expect(await layered.run(query)).toEqual({ status: 200, data });
      }
    }),
    { numRuns: 40 },
  );
});

async function fill(rows: World): Promise<void> {
  const values = (all: readonly Row[], write: (row: Row) => string) => all.map(write).join(", ");
  await database.run("TRUNCATE post, comment");
  if (rows.Post.length > 0) {
    await database.run(`INSERT INTO post VALUES ${values(rows.Post, (row) => `(${row.id}, 'x', ${row.votes}, 0)`)}`);
  }
  if (rows.Comment.length > 0) {
    const text = values(rows.Comment, (row) => `(${row.id}, 'x', ${row.votes}, ${row.post_id})`);
    await database.run(`INSERT INTO comment VALUES ${text}`);
  }
}

function literals(args: object): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(", ");
}

function literal(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(literal).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{ ${literals(value)} }`;
  }
  return String(value); // a number, a boolean, null, or an enum's name
}

/** In the order of their keys, nulls last. */
function groupsOf(rows: readonly Row[]): { keys: { even: boolean; votes: number | null }; count: number }[] {
  const place = ({ id, votes: its }: Row) => (id % 2 === 0 ? 10 : 0) + (its ?? 9);
  const groups = Map.groupBy(rows, place);
  return [...groups]
    .toSorted(([one], [other]) => one - other)
    .map(([, its]) => ({
      keys: { even: (its[0]?.id ?? 0) % 2 === 0, votes: its[0]?.votes ?? null },
      count: its.length,
    }));
}

function cut<T>(rows: readonly T[], { offset, limit }: { readonly offset: number; readonly limit: number }): T[] {
  return rows.slice(offset, offset + limit);
}

/** What holds is true, what does not false, what is unknown null. */
type Truth = boolean | null;

function select(rows: World, kind: Kind, from: readonly Row[], filter: Filter, order: Order): Row[] {
  return from
    .filter((row) => says(rows, kind, row, filter) !== false)
    .toSorted((one, other) => compare(rows, one, other, order));
}

/** `undefined`: the filter says nothing. SQL keeps a row for which it is true. */
function says(rows: World, kind: Kind, row: Row | null, filter: Filter): boolean | undefined {
  const truth = truthOf(rows, kind, row, filter);
  return truth === undefined ? undefined : truth === true;
}

function truthOf(rows: World, kind: Kind, row: Row | null, filter: Filter): Truth | undefined {
  const inner = (value: unknown) => truthOf(rows, kind, row, value as Filter);
  return and(
    Object.entries(filter).map(([field, value]): Truth | undefined => {
      if (value === null || value === undefined) {
        return undefined;
      }
      switch (field) {
        case "AND":
          return inner(value);
        case "OR":
          return or((value as Filter[]).map(inner));
        case "NOT": {
          const denied = inner(value);
          return denied === undefined ? undefined : denied !== true;
        }
        case "comments": {
          const its = rows.Comment.filter(({ post_id }) => row !== null && post_id === row.id);
          return exists(rows, "Comment", its, value as Filter, true);
        }
        case "post":
          return exists(
            rows,
            "Post",
            rows.Post.filter(({ id }) => id === row?.post_id),
            value as Filter,
            false,
          );
        default:
          return lookups(row === null ? null : row[field as "id" | "votes"], value as Filter);
      }
    }),
  );
}

function exists(rows: World, kind: Kind, related: readonly Row[], filter: Filter, many: boolean): Truth | undefined {
  const found = related.map((row) => truthOf(rows, kind, row, filter));
  const forNone = noneSays(filter, many);
  if (forNone === undefined) {
    return undefined;
  }
  return found.includes(true) || (forNone && related.length === 0);
}

/** Whether a filter holds for a row of nulls, in strawberry-django's sense of "there is none". */
function noneSays(filter: Filter, many: boolean): boolean | undefined {
  const said = Object.entries(filter).map(([field, value]): boolean | undefined => {
    if (value === null || value === undefined) {
      return undefined;
    }
    switch (field) {
      case "AND":
        return noneSays(value as Filter, many);
      case "OR": {
        const all = (value as Filter[]).map((item) => noneSays(item, many)).filter((item) => item !== undefined);
        return all.length === 0 ? undefined : all.includes(true);
      }
      case "NOT": {
        const denied = noneSays(value as Filter, many);
        return denied === undefined ? undefined : !denied && !many;
      }
      case "comments":
      case "post":
        return noneSays(value as Filter, field === "comments");
      default: {
        const asks = Object.entries(value as Filter).filter(([, inner]) => inner !== null);
        return asks.length === 0 ? undefined : asks.every(([name, inner]) => name === "isNull" && inner === true);
      }
    }
  });
  const known = said.filter((item) => item !== undefined);
  return known.length === 0 ? undefined : known.every(Boolean);
}

function lookups(column: number | null, asked: Filter): Truth | undefined {
  return and(
    Object.entries(asked).map(([lookup, value]): Truth | undefined => {
      if (value === null) {
        return undefined;
      }
      if (lookup === "isNull") {
        return (column === null) === value;
      }
      const { start = 0, end = 0 } = value as { readonly start?: number; readonly end?: number };
      const list = Array.isArray(value) ? (value as number[]) : [];
      if (column === null) {
        return lookup === "inList" && list.length === 0 ? false : null;
      }
      switch (lookup) {
        case "exact":
          return column === value;
        case "gt":
          return column > (value as number);
        case "lte":
          return column <= (value as number);
        case "inList":
          return list.includes(column);
        default:
          return column >= start && column <= end;
      }
    }),
  );
}

function and(truths: readonly (Truth | undefined)[]): Truth | undefined {
  const known = truths.filter((truth) => truth !== undefined);
  return known.length === 0 ? undefined : known.includes(false) ? false : known.includes(null) ? null : true;
}

function or(truths: readonly (Truth | undefined)[]): Truth | undefined {
  const known = truths.filter((truth) => truth !== undefined);
  return known.length === 0 ? undefined : known.includes(true) ? true : known.includes(null) ? null : false;
}

function compare(rows: World, one: Row, other: Row, order: Order): number {
  for (const term of [...order, { id: "ASC" }]) {
    const [field = "", value = ""] = Object.entries(term)[0] ?? [];
    const [column, way] = typeof value === "string" ? [field, value] : (Object.entries(value)[0] ?? ["", ""]);
    const read = (row: Row): number | null => {
      const its = field === "post" ? rows.Post.find(({ id }) => id === row.post_id) : row;
      return its?.[column as "id" | "votes"] ?? null;
    };
    const [left, right] = [read(one), read(other)];
    if (left !== right) {
      const descending = way.startsWith("DESC");
      const nullsFirst = way.endsWith("NULLS_FIRST") || (descending && !way.endsWith("NULLS_LAST"));
      if (left === null || right === null) {
        return (left === null) === nullsFirst ? -1 : 1;
      }
      return descending ? right - left : left - right;
    }
  }
  return 0;
}
