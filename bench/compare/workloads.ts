/** What is asked for. The names of the fields are the same in all servers; PostGraphile's own stand behind aliases. */

export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly query: string;
  /** The same for PostGraphile, which makes its schema of the tables. */
  readonly postgraphile: string;
  /** Clients at once. */
  readonly connections: number;
}

export type WorkloadName = "W1" | "W2" | "W3" | "W4" | "W5" | "W6";

/** The text of the note that W4 writes. */
export const noteBody = "Well said.";

const nested = "id title author { id name } comments { id body }";
const nestedPostgraphile = "id: rowId title author { id: rowId name } comments: commentsList { id: rowId body }";

export const workloads: readonly Workload[] = [
  {
    name: "W1",
    title: "64 rows of two columns",
    query: "{ authors(limit: 64) { id name } }",
    postgraphile: "{ authors: authorsList(first: 64) { id: rowId name } }",
    connections: 32,
  },
  {
    name: "W2",
    title: "20 posts, their authors and comments",
    query: `{ posts(limit: 20) { ${nested} } }`,
    postgraphile: `{ posts: postsList(first: 20) { ${nestedPostgraphile} } }`,
    connections: 32,
  },
  {
    name: "W3",
    title: "10,000 rows of three columns",
    query: "{ posts(limit: 10000) { id title authorId } }",
    postgraphile: "{ posts: postsList(first: 10000) { id: rowId title authorId } }",
    connections: 4,
  },
  {
    name: "W4",
    title: "an insert that returns its row",
    query: `mutation { addNote(body: "${noteBody}") { id body } }`,
    postgraphile: `mutation { createNote(input: { note: { body: "${noteBody}" } }) { addNote: note { id: rowId body } } }`,
    connections: 32,
  },
  {
    name: "W5",
    title: "depth 5: posts, authors, their posts, comments, authors",
    query: "{ posts(limit: 5) { id author { name posts { title comments { body author { name } } } } } }",
    postgraphile:
      "{ posts: postsList(first: 5) { id: rowId author { name posts: authoredPostsList { title comments: commentsList { body author { name } } } } } }",
    connections: 16,
  },
  {
    name: "W6",
    title: "1,000 posts, their authors and comments",
    query: `{ posts(limit: 1000) { ${nested} } }`,
    postgraphile: `{ posts: postsList(first: 1000) { ${nestedPostgraphile} } }`,
    connections: 8,
  },
];

/** Connections to Postgres that each server may open. */
export const poolSize = 10;
