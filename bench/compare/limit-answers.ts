/** The limit server's answers: for each workload its statement, and code that writes its rows and nothing else. */
import { Answer, Fields } from "./limit-bytes.ts";
import type { Receiver } from "./limit-connection.ts";
import { NewestRows, newest, SearchRows, search } from "./limit-pages.ts";
import { close, comma, type Done, type KeyTable, LayeredRows } from "./limit-rows.ts";
import { noteBody, searched, type WorkloadName } from "./workloads.ts";

export interface LimitAnswer {
  readonly statement: string;
  readonly params: readonly string[];
  /** How many of one turn of the event loop share a Sync; absent: each has its own, and where it is free a connection of its own. */
  readonly together?: number;
  receive(done: Done): Receiver;
}

// Numbers of rows stand in the text, as the gateway writes them there: Postgres plans such a statement only once.
const nested = (limit: number): string => `
  WITH p AS MATERIALIZED (SELECT id, title, author_id FROM post ORDER BY id LIMIT ${limit})
  SELECT 0 AS layer, id, author_id AS key, title FROM p
  UNION ALL
  SELECT 1, id, NULL::int, name FROM author WHERE id = ANY(ARRAY(SELECT author_id FROM p))
  UNION ALL
  SELECT 2, id, post_id, body
  FROM (SELECT * FROM comment WHERE post_id = ANY(ARRAY(SELECT id FROM p)) ORDER BY id) AS q`;

const deep = (limit: number): string => `
  WITH p AS MATERIALIZED (SELECT id, author_id FROM post ORDER BY id LIMIT ${limit}),
  a AS MATERIALIZED (SELECT id, name FROM author WHERE id = ANY(ARRAY(SELECT author_id FROM p))),
  pp AS MATERIALIZED (
    SELECT id, title, author_id FROM post WHERE author_id = ANY(ARRAY(SELECT id FROM a)) ORDER BY id),
  c AS MATERIALIZED (
    SELECT id, body, post_id, author_id FROM comment WHERE post_id = ANY(ARRAY(SELECT id FROM pp)) ORDER BY id)
  SELECT 0 AS layer, id, author_id AS key, NULL::text FROM p
  UNION ALL SELECT 1, id, NULL::int, name FROM a
  UNION ALL SELECT 2, id, author_id, title FROM pp
  UNION ALL SELECT 3, author_id, post_id, body FROM c
  UNION ALL SELECT 4, id, NULL::int, name FROM author WHERE id = ANY(ARRAY(SELECT author_id FROM c))`;

export const limitAnswers: { readonly [name in WorkloadName]: LimitAnswer } = {
  W1: {
    statement: "SELECT id, name FROM author ORDER BY id LIMIT 64",
    params: [],
    together: 8,
    receive: (done) => writeRows(done, '{"data":{"authors":[', "]}}", ['{"id":', ',"name":'], [false, true], 2_500),
  },
  W2: { statement: nested(20), params: [], together: 4, receive: (done) => new NestedRows(done, 12_000) },
  W3: {
    statement: "SELECT id, title, author_id FROM post ORDER BY id LIMIT 10000",
    params: [],
    receive: (done) =>
      writeRows(
        done,
        '{"data":{"posts":[',
        "]}}",
        ['{"id":', ',"title":', ',"authorId":'],
        [false, true, false],
        900_000,
      ),
  },
  W4: {
    statement: "INSERT INTO note (body) VALUES ($1) RETURNING id, body",
    params: [noteBody],
    receive: (done) => writeRows(done, '{"data":{"addNote":', "}}", ['{"id":', ',"body":'], [false, true], 100),
  },
  W5: { statement: deep(5), params: [], receive: (done) => new DeepRows(done, 40_000) },
  W6: { statement: nested(1000), params: [], receive: (done) => new NestedRows(done, 600_000) },
  W7: { statement: newest(20, 3), params: [], receive: (done) => new NewestRows(done, 12_000) },
  W8: {
    statement: search(50),
    params: [`${searched.author}%`, `%${searched.body}%`],
    receive: (done) => new SearchRows(done, 12_000, 50),
  },
};

/** Rows of one layer become objects as they come. */
function writeRows(
  done: Done,
  before: string,
  after: string,
  keys: readonly string[],
  isText: readonly boolean[],
  size: number,
): Receiver {
  const answer = new Answer(size);
  const fields = new Fields();
  const keyBytes = keys.map((key) => Buffer.from(key));
  const laterKeys = [Buffer.from(`,${keys[0]}`), ...keyBytes.slice(1)];
  let first = true;
  answer.constant(Buffer.from(before));
  return {
    row(buffer, offset) {
      fields.read(buffer, offset);
      const constants = first ? keyBytes : laterKeys;
      first = false;
      for (let field = 0; field < constants.length; field++) {
        answer.constant(constants[field] as Buffer);
        const [start, end] = [fields.starts[field] as number, fields.ends[field] as number];
        if (isText[field] === true) {
          answer.text(buffer, start, end);
        } else {
          answer.copy(buffer, start, end);
        }
      }
      answer.constant(close);
    },
    end() {
      answer.constant(Buffer.from(after));
      done(answer.finish(), answer.release);
    },
  };
}

const key = {
  posts: Buffer.from('{"data":{"posts":['),
  id: Buffer.from('{"id":'),
  title: Buffer.from(',"title":'),
  author: Buffer.from(',"author":{"id":'),
  name: Buffer.from(',"name":'),
  comments: Buffer.from('},"comments":['),
  endPost: Buffer.from("]}"),
  end: Buffer.from("]}}"),
  authorName: Buffer.from(',"author":{"name":'),
  postsOf: Buffer.from(',"posts":['),
  titleFirst: Buffer.from('{"title":'),
  commentsOf: Buffer.from(',"comments":['),
  bodyFirst: Buffer.from('{"body":'),
  endComment: Buffer.from("}}"),
  endAuthor: Buffer.from("]}}"),
};

/** `posts { id title author { id name } comments { id body } }` */
class NestedRows extends LayeredRows {
  constructor(done: Done, size: number) {
    super(done, 3, size);
  }

  protected override write(): void {
    const { answer, fields } = this;
    const authors = this.group(1, 1);
    const comments = this.group(2, 2);
    answer.constant(key.posts);
    for (let row = 0; row < this.count(0); row++) {
      this.seek(0, row);
      const id = fields.integer(1);
      const author = fields.integer(2);
      if (row > 0) {
        answer.constant(comma);
      }
      answer.constant(key.id);
      this.copy(1);
      answer.constant(key.title);
      this.text(3);
      this.seek(1, authors.first(author));
      answer.constant(key.author);
      this.copy(1);
      answer.constant(key.name);
      this.text(3);
      answer.constant(key.comments);
      this.comments(2, comments, comments.first(id));
      answer.constant(key.endPost);
    }
    answer.constant(key.end);
  }
}

/** `posts { id author { name posts { title comments { body author { name } } } } }` */
class DeepRows extends LayeredRows {
  constructor(done: Done, size: number) {
    super(done, 5, size);
  }

  protected override write(): void {
    const { answer, fields } = this;
    const authors = this.group(1, 1);
    const posts = this.group(2, 2);
    const comments = this.group(3, 2);
    const commenters = this.group(4, 1);
    answer.constant(key.posts);
    for (let row = 0; row < this.count(0); row++) {
      this.seek(0, row);
      const author = fields.integer(2);
      if (row > 0) {
        answer.constant(comma);
      }
      answer.constant(key.id);
      this.copy(1);
      this.seek(1, authors.first(author));
      answer.constant(key.authorName);
      this.text(3);
      answer.constant(key.postsOf);
      this.#writePosts(posts, posts.first(author), comments, commenters);
      answer.constant(key.endAuthor);
    }
    answer.constant(key.end);
  }

  #writePosts(posts: KeyTable, first: number, comments: KeyTable, commenters: KeyTable): void {
    const { answer, fields } = this;
    for (let post = first; post !== -1; post = posts.next(post)) {
      this.seek(2, post);
      const id = fields.integer(1);
      if (post !== first) {
        answer.constant(comma);
      }
      answer.constant(key.titleFirst);
      this.text(3);
      answer.constant(key.commentsOf);
      const firstComment = comments.first(id);
      for (let comment = firstComment; comment !== -1; comment = comments.next(comment)) {
        this.seek(3, comment);
        const commenter = fields.integer(1);
        if (comment !== firstComment) {
          answer.constant(comma);
        }
        answer.constant(key.bodyFirst);
        this.text(3);
        this.seek(4, commenters.first(commenter));
        answer.constant(key.authorName);
        this.text(3);
        answer.constant(key.endComment);
      }
      answer.constant(key.endPost);
    }
  }
}
