/**
 * JSON made by Postgres, as Hasura has it make it: Fastify, pg with pipelining, one named prepared statement that
 * returns the answer as JSON text, by json_agg, json_build_object and lateral joins, which is sent on as it is. It
 * knows the queries by their text: it neither parses nor validates GraphQL.
 *
 * Run as `node bench/compare/json-by-postgres.ts URL PORT`.
 */
import { fastify } from "fastify";
import { Client } from "pg";
import { noteBody, poolSize, searched, type WorkloadName, workloads } from "./workloads.ts";

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

const newest = `
  SELECT coalesce(json_agg(json_build_object('id', p.id, 'title', p.title,
    'commentPage', json_build_object('totalCount', n.count, 'results', c.json))), '[]')::text
  FROM (SELECT id, title FROM post ORDER BY id LIMIT $1) AS p
  LEFT JOIN LATERAL (SELECT count(*) AS count FROM comment WHERE comment.post_id = p.id) AS n ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', q.id, 'body', q.body)), '[]') AS json
    FROM (SELECT id, body FROM comment WHERE comment.post_id = p.id ORDER BY created_at DESC, id LIMIT $2) AS q
  ) AS c ON true`;

// A cursor is what identifies the row's place, as JSON in base64.
const search = `
  WITH found AS MATERIALIZED (
    SELECT comment.id, body, likes, created_at
    FROM comment JOIN author ON author.id = comment.author_id
    WHERE author.name LIKE $1 AND upper(body) LIKE upper($2)
  ),
  page AS MATERIALIZED (
    SELECT id, body, likes, encode(convert_to(json_build_array(likes, created_at, id)::text, 'UTF8'), 'base64') AS cursor
    FROM (SELECT * FROM found ORDER BY likes DESC, created_at DESC, id LIMIT $3) AS p
  )
  SELECT json_build_object(
    'totalCount', count,
    'edges', (SELECT coalesce(json_agg(json_build_object(
      'cursor', cursor, 'node', json_build_object('id', id, 'body', body, 'likes', likes))), '[]') FROM page),
    'pageInfo', json_build_object(
      'hasNextPage', count > $3, 'endCursor', (SELECT (array_agg(cursor))[count(*)] FROM page)))::text
  FROM (SELECT count(*) AS count FROM found) AS n`;

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
  W7: { field: "posts", text: newest, values: [20, 3] },
  W8: { field: "comments", text: search, values: [`${searched.author}%`, `%${searched.body}%`, 50] },
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
