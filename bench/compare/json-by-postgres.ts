/**
 * JSON made by Postgres, as Hasura has it make it: Fastify, pg with pipelining, one named prepared statement that
 * returns the answer as JSON text, by json_agg, json_build_object and lateral joins, which is sent on as it is. It
 * knows the queries by their text: it neither parses nor validates GraphQL.
 *
 * Run as `node bench/compare/json-by-postgres.ts URL PORT`.
 */
import { fastify } from "fastify";
import { Client } from "pg";
import { noteBody, poolSize, type WorkloadName, workloads } from "./workloads.ts";

const nested = `
  SELECT coalesce(json_agg(json_build_object('id', p.id, 'title', p.title, 'author', a.json, 'comments', c.json)), '[]')::text
  FROM (SELECT id, title, author_id FROM post ORDER BY id LIMIT $1) AS p
  LEFT JOIN LATERAL (
    SELECT json_build_object('id', author.id, 'name', author.name) AS json FROM author WHERE author.id = p.author_id
  ) AS a ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', comment.id, 'body', comment.body) ORDER BY comment.id), '[]') AS json
    FROM comment WHERE comment.post_id = p.id
  ) AS c ON true`;

const deep = `
  SELECT coalesce(json_agg(json_build_object('id', p.id, 'author', a.json)), '[]')::text
  FROM (SELECT id, author_id FROM post ORDER BY id LIMIT $1) AS p
  LEFT JOIN LATERAL (
    SELECT json_build_object('name', author.name, 'posts', pp.json) AS json
    FROM author
    LEFT JOIN LATERAL (
      SELECT coalesce(json_agg(json_build_object('title', post.title, 'comments', c.json) ORDER BY post.id), '[]') AS json
      FROM post
      LEFT JOIN LATERAL (
        SELECT coalesce(json_agg(json_build_object('body', comment.body, 'author', ca.json) ORDER BY comment.id), '[]') AS json
        FROM comment
        LEFT JOIN LATERAL (
          SELECT json_build_object('name', commenter.name) AS json
          FROM author AS commenter WHERE commenter.id = comment.author_id
        ) AS ca ON true
        WHERE comment.post_id = post.id
      ) AS c ON true
      WHERE post.author_id = author.id
    ) AS pp ON true
    WHERE author.id = p.author_id
  ) AS a ON true`;

const answers: { readonly [name in WorkloadName]: { field: string; text: string; values: readonly unknown[] } } = {
  W1: {
    field: "authors",
    text: `SELECT coalesce(json_agg(json_build_object('id', id, 'name', name)), '[]')::text
      FROM (SELECT id, name FROM author ORDER BY id LIMIT $1) AS a`,
    values: [64],
  },
  W2: { field: "posts", text: nested, values: [20] },
  W3: {
    field: "posts",
    text: `SELECT coalesce(json_agg(json_build_object('id', id, 'title', title, 'authorId', author_id)), '[]')::text
      FROM (SELECT id, title, author_id FROM post ORDER BY id LIMIT $1) AS p`,
    values: [10_000],
  },
  W4: {
    field: "addNote",
    text: `WITH n AS (INSERT INTO note (body) VALUES ($1) RETURNING id, body)
      SELECT json_build_object('id', id, 'body', body)::text FROM n`,
    values: [noteBody],
  },
  W5: { field: "posts", text: deep, values: [5] },
  W6: { field: "posts", text: nested, values: [1_000] },
};

const [url, port] = process.argv.slice(2);
const clients = await Promise.all(
  Array.from({ length: poolSize }, async () => {
    const client = new Client({ connectionString: url, options: "-c jit=off", pipeline: true });
    await client.connect();
    return client;
  }),
);
const byQuery = new Map(workloads.map(({ name, query }) => [query, { name, ...answers[name] }]));
let turn = 0;

const app = fastify();
app.post<{ Body: { query: string } }>("/graphql", async (request, reply) => {
  const answer = byQuery.get(request.body.query);
  const client = clients[turn++ % poolSize];
  if (answer === undefined || client === undefined) {
    return reply.code(400).send();
  }
  const { name, field, text, values } = answer;
  const { rows } = await client.query<[string]>({ name, text, values: [...values], rowMode: "array" });
  reply.header("content-type", "application/json; charset=utf-8");
  return `{"data":{"${field}":${rows[0]?.[0]}}}`;
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
