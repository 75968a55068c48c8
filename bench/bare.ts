/**
 * The quickstart's nested query written by hand, as a careful person would with Fastify and pg: the same statements as
 * the gateway's, one a layer, prepared, the two inner layers side by side, children grouped in a Map, JSON.stringify.
 * It has one answer: it neither parses nor validates GraphQL.
 *
 * Run as `node bench/bare.ts URL PORT`.
 */
import fastify from "fastify";
import pg from "pg";

const [url, port] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 10 });

interface PostRow {
  readonly id: number;
  readonly title: string;
  readonly author_id: number;
}
interface AuthorRow {
  readonly id: number;
  readonly name: string;
}
interface CommentRow {
  readonly id: number;
  readonly body: string;
  readonly post_id: number;
}

const posts = {
  name: "posts",
  text: `SELECT id, title, body, status, published_at, author_id FROM post
    WHERE id > $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR title ILIKE '%' || $3 || '%')
    ORDER BY id LIMIT $4`,
};
const authors = { name: "authors", text: "SELECT id, name, joined_at FROM author WHERE id = ANY($1)" };
const comments = {
  name: "comments",
  text: "SELECT id, body, written_at, author_id, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id",
};

const app = fastify();
app.post("/graphql", async () => {
  const { rows } = await pool.query<PostRow>({ ...posts, values: [0, null, null, 20] });
  const [authorRows, commentRows] = await Promise.all([
    pool.query<AuthorRow>({ ...authors, values: [[...new Set(rows.map((row) => row.author_id))]] }),
    pool.query<CommentRow>({ ...comments, values: [rows.map((row) => row.id)] }),
  ]);
  const authorOf = new Map(authorRows.rows.map((row) => [row.id, row]));
  const commentsOf = new Map<number, CommentRow[]>();
  for (const row of commentRows.rows) {
    const list = commentsOf.get(row.post_id);
    if (list === undefined) {
      commentsOf.set(row.post_id, [row]);
    } else {
      list.push(row);
    }
  }
  return {
    data: {
      posts: rows.map((row) => ({
        id: row.id,
        title: row.title,
        author: { name: authorOf.get(row.author_id)?.name },
        comments: (commentsOf.get(row.id) ?? []).map((comment) => ({ id: comment.id, body: comment.body })),
      })),
    },
  };
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
