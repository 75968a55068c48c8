/**
 * What is asked for. The names of the fields are the same in all servers, but for those of PostGraphile and of
 * Strawberry-Django, which stand behind aliases.
 */

export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly query: string;
  /** The same for PostGraphile, which makes its schema of the tables. */
  readonly postgraphile: string;
  /** The same for Strawberry-Django, which has W7 and W8. */
  readonly strawberryDjango?: string;
  /** The same for the gateway's plans of SQL, if it differs: they have no relations to filter by, but join. */
  readonly joined?: string;
  /** Clients at once. */
  readonly connections: number;
}

export type WorkloadName = "W1" | "W2" | "W3" | "W4" | "W5" | "W6" | "W7" | "W8";

/** Those that ask for the pages of collections. */
export const pagedWorkloads: readonly WorkloadName[] = ["W7", "W8"];

/** The text of the note that W4 writes. */
export const noteBody = "Well said.";

const nested = "id title author { id name } comments { id body }";
const nestedPostgraphile = "id: rowId title author { id: rowId name } comments: commentsList { id: rowId body }";

/** Of W7, with the name of the comments' number. */
const newest = (id: string) =>
  `{ posts(limit: 20) { id title commentPage(ordering: [{createdAt: DESC}], pagination: {limit: 3}) { totalCount results { ${id} body } } } }`;

/** The text of W8's filters: what the author's name begins with, and what the body contains. */
export const searched = { author: "Author 100", body: "WITH CARE" };

/** Of W8, with its arguments and the name of the comments' number. */
const search = (args: string, id: string) =>
  `{ comments(first: 50, ${args}) { totalCount edges { cursor node { ${id} body likes } } pageInfo { hasNextPage endCursor } } }`;
const searchArguments = (author: string) =>
  `filters: {${author}, body: {iContains: "${searched.body}"}}, ordering: [{likes: DESC}, {createdAt: DESC}]`;
const byRelation = searchArguments(`author: {name: {startsWith: "${searched.author}"}}`);
const searchPostgraphile =
  `filter: {author: {name: {startsWith: "${searched.author}"}}, body: {includesInsensitive: "${searched.body}"}}, ` +
  "orderBy: [LIKES_DESC, CREATED_AT_DESC]";

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
  {
    name: "W7",
    title: "20 posts, the newest 3 comments of each and their number",
    query: newest("id"),
    postgraphile:
      "{ posts: postsList(first: 20) { id: rowId title commentPage: comments(first: 3, orderBy: [CREATED_AT_DESC]) { totalCount results: nodes { id: rowId body } } } }",
    strawberryDjango: newest("id: rowId"),
    connections: 32,
  },
  {
    name: "W8",
    title: "a connection of 50, filtered, ordered and counted",
    query: search(byRelation, "id"),
    postgraphile: search(searchPostgraphile, "id: rowId"),
    strawberryDjango: search(byRelation, "id: rowId"),
    joined: search(searchArguments(`authorName: {startsWith: "${searched.author}"}`), "id"),
    connections: 32,
  },
];

/** W8's next page, after a cursor of the server that is asked. */
export function nextPage(query: string, cursor: string): string {
  return query.replace("first: 50", `first: 50, after: ${JSON.stringify(cursor)}`);
}

/** Connections to Postgres that each server may open. */
export const poolSize = 10;
