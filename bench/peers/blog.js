/** The schema of the peers that have resolvers, and the statements behind them: one for each field of a level. */
import pg from "pg";

export const typeDefs = `
  type Author { id: Int! name: String! posts: [Post!]! }
  type Comment { id: Int! body: String! author: Author! }
  type Post { id: Int! title: String! authorId: Int! author: Author! comments: [Comment!]! }
  type Note { id: Int! body: String! }
  type Query { authors(limit: Int!): [Author!]! posts(limit: Int!): [Post!]! }
  type Mutation { addNote(body: String!): Note! }
`;

export function openBlog(connectionString, max) {
  const pool = new pg.Pool({ connectionString, max });
  const run = async (name, text, values) => (await pool.query({ name, text, values })).rows;
  return {
    authors: (limit) => run("authors", "SELECT id, name FROM author ORDER BY id LIMIT $1", [limit]),
    posts: (limit) => run("posts", 'SELECT id, title, author_id AS "authorId" FROM post ORDER BY id LIMIT $1', [limit]),
    addNote: async (body) =>
      (await run("addNote", "INSERT INTO note (body) VALUES ($1) RETURNING id, body", [body]))[0],
    /** One author for each id. */
    async authorsById(ids) {
      const rows = await run("authorsById", "SELECT id, name FROM author WHERE id = ANY($1)", [[...new Set(ids)]]);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id));
    },
    /** The posts of each author. */
    async postsByAuthor(ids) {
      const text = 'SELECT id, title, author_id AS "authorId" FROM post WHERE author_id = ANY($1) ORDER BY id';
      return group(await run("postsByAuthor", text, [ids]), "authorId", ids);
    },
    /** The comments of each post. */
    async commentsByPost(ids) {
      const text =
        'SELECT id, body, post_id AS "postId", author_id AS "authorId" FROM comment WHERE post_id = ANY($1) ORDER BY id';
      return group(await run("commentsByPost", text, [ids]), "postId", ids);
    },
  };
}

function group(rows, key, ids) {
  const groups = new Map(ids.map((id) => [id, []]));
  for (const row of rows) {
    groups.get(row[key]).push(row);
  }
  return ids.map((id) => groups.get(id));
}
