/** Collections where an operation is not a plain query: in the answers of mutations and subscriptions, under row security. */
import { describe, expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { createEvents } from "../support/planner/events.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { createTestDatabase, openTestDatabase, ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  ${tables}
  INSERT INTO post SELECT n, 'title ' || n, n, n % 2 FROM generate_series(1, 4) n;
  INSERT INTO comment SELECT n, 'body ' || n, n, 1 + n % 2 FROM generate_series(1, 8) n;
  DO $$ BEGIN CREATE ROLE collections_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
  GRANT SELECT ON post, comment TO collections_reader;
  ALTER TABLE comment ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON comment FOR SELECT TO collections_reader USING (votes <= current_setting('app.most')::int);
`);
const events = await createEvents();
const types = {
  ...collectionSketch.types,
  Mutation: { vote: "Post" },
  Subscription: { voted: "Post!", watched: "Post!" },
};
const sketch: PlannerSketch = {
  ...collectionSketch,
  ...{ types, database, events },
  args: { ...collectionSketch.args, "Mutation.vote": { id: "Int!" } },
  resolvers: {
    ...collectionSketch.resolvers,
    "Mutation.vote": ({ args }) =>
      sql("UPDATE post SET votes = votes + 1 WHERE id = $1 RETURNING id, title, votes", {
        params: [[23, String(args["id"])]],
      }),
    "Subscription.voted": () => ({
      ...{ kind: "stream", source: "channel", channel: "voted", live: false, latest: false },
      plan: { ...sql("SELECT id, title, votes FROM post WHERE id = $1"), params: [{ event: ["id"] }] },
    }),
    "Subscription.watched": () => ({
      ...{ kind: "stream", source: "channel", channel: "voted", live: true, latest: false },
      plan: { ...sql("SELECT id, title, votes FROM post WHERE id = 1"), params: [] },
    }),
  },
};
const planner = sketchPlanner(sketch);
const part = "commentPage(filters: { votes: { gt: $over } }, ordering: [{ id: DESC }], pagination: { limit: 1 })";

test("a mutation's answer has pages of what it changed", async () => {
  const query = `mutation ($over: Int!) { vote(id: 1) { votes ${part} { totalCount results { id } } } }`;
  expect(await planner.run(query, { over: 2 })).toEqual({
    status: 200,
    data: { vote: { votes: 2, commentPage: { totalCount: 3, results: [{ id: 8 }] } } },
  });
});

describe("subscriptions", () => {
  test("answer subscribers with the pages that each asks for", async () => {
    const query = `subscription ($over: Int!) { voted { id ${part} { totalCount results { id } } } }`;
    const subscribers = await Promise.all([2, 6, 2].map((over) => planner.subscribe(query, { over })));
    await events.publish("voted", { id: 2 });
    const answer = (totalCount: number) => ({
      data: { voted: { id: 2, commentPage: { totalCount, results: [{ id: 7 }] } } },
    });
    expect(await Promise.all(subscribers.map((subscriber) => subscriber.next()))).toEqual([
      answer(3),
      answer(1),
      answer(3),
    ]);
    await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
  });

  test("answer subscribers who group by different keys", async () => {
    const query = `subscription ($by: [CommentGroupBy!]!) { voted { commentPage { groupedAggregates(groupBy: $by)
      { count keys { even votes } } } } }`;
    const subscribers = await Promise.all(
      ["EVEN", "VOTES", "EVEN"].map((by) => planner.subscribe(query, { by: [by] })),
    );
    await events.publish("voted", { id: 2 });
    const answer = (groupedAggregates: unknown) => ({ data: { voted: { commentPage: { groupedAggregates } } } });
    const even = answer([{ count: 4, keys: { even: false, votes: null } }]);
    const votes = answer([1, 3, 5, 7].map((its) => ({ count: 1, keys: { even: null, votes: its } })));
    expect(await Promise.all(subscribers.map((subscriber) => subscriber.next()))).toEqual([even, votes, even]);
    await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
  });

  test("a live query tells of a page that has changed", async () => {
    const subscriber = await planner.subscribe(
      "subscription { watched { commentConnection(first: 1, ordering: [{ id: DESC }]) { totalCount nodes { id } } } }",
    );
    const answer = (totalCount: number, id: number) => ({
      data: { watched: { commentConnection: { totalCount, nodes: [{ id }] } } },
    });
    expect(await subscriber.next()).toEqual(answer(4, 8));
    await database.run("INSERT INTO comment VALUES (99, 'new', 0, 1)");
    await events.publish("voted", { id: 1 });
    expect(await subscriber.next()).toEqual(answer(5, 99));
    await subscriber.leave();
    await database.run("DELETE FROM comment WHERE id = 99");
  });
});

test("pages are read of a replica, but those of a mutation's answer of what it changed", async () => {
  const [primary, replica] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const both = await openTestDatabase(primary.url, { readUrl: replica.url });
  try {
    const rows = (count: number) => `${tables} INSERT INTO post VALUES (1, 'x', 1, 1);
      INSERT INTO comment SELECT n, 'body', n, 1 FROM generate_series(1, ${count}) n;`;
    const late = await openTestDatabase(replica.url);
    await Promise.all([both.run(rows(8)), late.run(rows(7))]);
    await late.close();
    const { run } = sketchPlanner({ ...sketch, database: both });
    const page = "commentPage(pagination: { limit: 1 }, ordering: [{ id: DESC }]) { totalCount results { id } }";
    const answer = (id: number) => ({ commentPage: { totalCount: id, results: [{ id }] } });
    for (let time = 0; time < 4; time++) {
      expect(await run(`{ posts { ${page} } }`)).toEqual({ status: 200, data: { posts: [answer(7)] } });
      expect(await run(`mutation { vote(id: 1) { ${page} } }`)).toEqual({ status: 200, data: { vote: answer(8) } });
    }
  } finally {
    await both.close();
    await Promise.all([primary.drop(), replica.drop()]);
  }
});

test("rows that a caller may not see are in no page, no number and no aggregate", async () => {
  const pgSettings = ({ most = "0" }) => ({ role: "collections_reader", "app.most": most });
  const { run } = sketchPlanner({ ...sketch, pgSettings });
  const query = `{ posts(pagination: { limit: 2 }) { commentPage(pagination: { limit: 1 }, ordering: [{ id: DESC }])
    { totalCount results { id } aggregates { count sum { sum_votes } } } } }`;
  const page = (totalCount: number, id: number, sum_votes: number) => ({
    commentPage: { totalCount, results: [{ id }], aggregates: { count: totalCount, sum: { sum_votes } } },
  });
  expect(await run(query, {}, { most: "4" })).toEqual({
    status: 200,
    data: { posts: [page(2, 4, 6), page(2, 3, 4)] },
  });
  expect(await run(query, {}, { most: "8" })).toMatchObject({ data: { posts: [page(4, 8, 20), page(4, 7, 16)] } });
});
