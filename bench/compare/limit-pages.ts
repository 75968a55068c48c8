/** The limit server's pages: the newest comments of each post, and a connection with cursors of its own. */
import { comma, type Done, LayeredRows } from "./limit-rows.ts";

/** The posts, the number of each one's comments, and the newest of them. */
export const newest = (posts: number, comments: number): string => `
  WITH p AS MATERIALIZED (SELECT id, title FROM post ORDER BY id LIMIT ${posts})
  SELECT 0 AS layer, id, NULL::int AS key, title FROM p
  UNION ALL
  SELECT 1, count(*)::int, post_id, NULL FROM comment WHERE post_id = ANY(ARRAY(SELECT id FROM p)) GROUP BY post_id
  UNION ALL
  SELECT 2, c.id, p.id, c.body
  FROM p
  CROSS JOIN LATERAL (SELECT id, body FROM comment WHERE post_id = p.id ORDER BY created_at DESC, id LIMIT ${comments}) AS c`;

/** The number of what is found, and the first page of it. Both come from rows that are read once. */
export const search = (limit: number): string => `
  WITH found AS MATERIALIZED (
    SELECT id, body, likes, created_at
    FROM comment
    WHERE author_id = ANY(ARRAY(SELECT id FROM author WHERE name LIKE $1)) AND upper(body) LIKE upper($2))
  SELECT 0 AS layer, NULL::int AS likes, NULL::timestamptz AS at, count(*)::int AS id, NULL AS body FROM found
  UNION ALL
  (SELECT 1, likes, created_at, id, body FROM found ORDER BY likes DESC, created_at DESC, id LIMIT ${limit})`;

const key = {
  posts: Buffer.from('{"data":{"posts":['),
  id: Buffer.from('{"id":'),
  title: Buffer.from(',"title":'),
  page: Buffer.from(',"commentPage":{"totalCount":'),
  zero: Buffer.from("0"),
  results: Buffer.from(',"results":['),
  body: Buffer.from(',"body":'),
  endPost: Buffer.from("]}}"),
  end: Buffer.from("]}}"),
  comments: Buffer.from('{"data":{"comments":{"totalCount":'),
  edges: Buffer.from(',"edges":['),
  cursor: Buffer.from('{"cursor":"'),
  node: Buffer.from('","node":{"id":'),
  likes: Buffer.from(',"likes":'),
  endEdge: Buffer.from("}}"),
  more: Buffer.from('],"pageInfo":{"hasNextPage":true,"endCursor":'),
  noMore: Buffer.from('],"pageInfo":{"hasNextPage":false,"endCursor":'),
  quote: Buffer.from('"'),
  null: Buffer.from("null"),
  endPageInfo: Buffer.from("}}}}"),
};

/** `posts { id title commentPage { totalCount results { id body } } }` */
export class NewestRows extends LayeredRows {
  constructor(done: Done, size: number) {
    super(done, 3, size);
  }

  protected override write(): void {
    const { answer, fields } = this;
    const counts = this.group(1, 2);
    const comments = this.group(2, 2);
    answer.constant(key.posts);
    for (let row = 0; row < this.count(0); row++) {
      this.seek(0, row);
      const id = fields.integer(1);
      if (row > 0) {
        answer.constant(comma);
      }
      answer.constant(key.id);
      this.copy(1);
      answer.constant(key.title);
      this.text(3);
      answer.constant(key.page);
      const count = counts.first(id);
      if (count === -1) {
        answer.constant(key.zero);
      } else {
        this.seek(1, count);
        this.copy(1);
      }
      answer.constant(key.results);
      this.comments(2, comments, comments.first(id));
      answer.constant(key.endPost);
    }
    answer.constant(key.end);
  }
}

/** `comments { totalCount edges { cursor node { id body likes } } pageInfo { hasNextPage endCursor } }` */
export class SearchRows extends LayeredRows {
  readonly #limit: number;

  constructor(done: Done, size: number, limit: number) {
    super(done, 2, size);
    this.#limit = limit;
  }

  protected override write(): void {
    const { answer, fields } = this;
    this.seek(0, 0);
    const total = fields.integer(3);
    answer.constant(key.comments);
    this.copy(3);
    answer.constant(key.edges);
    const found = this.count(1);
    for (let row = 0; row < found; row++) {
      this.seek(1, row);
      if (row > 0) {
        answer.constant(comma);
      }
      answer.constant(key.cursor);
      this.#cursor();
      answer.constant(key.node);
      this.copy(3);
      answer.constant(key.body);
      this.text(4);
      answer.constant(key.likes);
      this.copy(1);
      answer.constant(key.endEdge);
    }
    answer.constant(total > this.#limit ? key.more : key.noMore);
    if (found === 0) {
      answer.constant(key.null);
    } else {
      answer.constant(key.quote);
      this.#cursor(); // of the last row
      answer.constant(key.quote);
    }
    answer.constant(key.endPageInfo);
  }

  /** The row's place in the order: the part of its message that holds likes, time and id, with their lengths. */
  #cursor(): void {
    const { buffer, starts, ends } = this.fields;
    this.answer.base64(buffer, (starts[1] as number) - 4, ends[3] as number);
  }
}
