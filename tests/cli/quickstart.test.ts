/** The quickstart does what its README and its own words promise. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";

const folder = join(import.meta.dirname, "../../examples/quickstart");
let database: TestDatabase;
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  serving = await serveCommand([], { cwd: folder, environment: { DATABASE_URL: database.url } });
});

afterAll(async () => {
  await serving.stop();
  await database.drop();
});

const cases: readonly (readonly [operation: string, data: unknown])[] = [
  [
    "{ posts(limit: 2) { id title status published_at author { name joined_at } } }",
    {
      posts: [
        {
          id: 1,
          title: "Why I like query plans",
          status: "PUBLISHED",
          published_at: "2024-01-01T21:00:00Z",
          author: { name: "Grace Lindqvist", joined_at: "2020-09-05T09:00:00Z" },
        },
        {
          id: 2,
          title: "The trouble with connection pools",
          status: "PUBLISHED",
          published_at: "2024-01-02T10:00:00Z",
          author: { name: "Barbara Moreau", joined_at: "2021-04-10T09:00:00Z" },
        },
      ],
    },
  ],
  [
    "{ post(id: 8) { status published_at comments { body author { name } } } }",
    {
      post: {
        status: "DRAFT",
        published_at: null,
        comments: expect.toSatisfy(
          (comments: { body: string }[]) => new Set(comments.map(({ body }) => body)).size === 5,
        ),
      },
    },
  ],
  ["{ post(id: 0) { id } }", { post: null }],
  ['{ posts(status: DRAFT, search: "JOINS", after: 500, limit: 1) { id } }', { posts: [{ id: 544 }] }],
  ["{ authors(limit: 1) { name posts { id } } }", { authors: [{ name: "Ada Lindqvist", posts: expect.any(Array) }] }],
  [
    "{ authors(limit: 1) { posts(pagination: { offset: 1, limit: 2 }) { id } } }",
    { authors: [{ posts: [{ id: 926 }, { id: 886 }] }] },
  ],
  ['{ hello a: hello(name: "Ada") }', { hello: "Hello, world!", a: "Hello, Ada!" }],
  [
    'mutation { add_comment(post_id: 8, author_id: 1, body: "Yes.") { body author { name } } }',
    { add_comment: { body: "Yes.", author: { name: "Ada Ritter" } } },
  ],
  ["mutation { publish_post(id: 8) { id status } }", { publish_post: { id: 8, status: "PUBLISHED" } }],
  ["mutation { publish_post(id: 0) { id } }", { publish_post: null }],
];

test.each(cases)("%s", async (query, data) => {
  const { body } = await ask(serving, { body: { query } });
  expect(JSON.parse(body)).toEqual({ data });
});

test("a subscriber is told of a post's new comments, with their authors", async () => {
  const socket = await new TestSocket(`${serving.url}/graphql`).connected();
  socket.subscribe("s", "subscription { comment_added(post_id: 9) { body author { name } } }");
  const add = (post: number, body: string) =>
    ask(serving, {
      body: { query: `mutation { add_comment(post_id: ${post}, author_id: 2, body: "${body}") { id } }` },
    });
  // Nothing says when a subscription over a socket has begun.
  await expect
    .poll(
      async () => {
        await add(8, "Elsewhere.");
        await add(9, "Here.");
        return socket.messages[1]?.payload;
      },
      { timeout: 30_000 },
    )
    .toEqual({ data: { comment_added: { body: "Here.", author: { name: "Ada Okafor" } } } });
  socket.socket.terminate();
});
