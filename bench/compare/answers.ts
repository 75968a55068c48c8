/** Whether the servers answer alike: a comparison of those that do not would be worthless. */
import assert from "node:assert/strict";
import { ask } from "../../scripts/process.ts";
import type { Server } from "./servers.ts";
import { nextPage, type Workload } from "./workloads.ts";

/** Returns the bytes of each server's answer. `prepare` comes before each question. */
export async function checkAnswers(
  workload: Workload,
  servers: readonly Server[],
  prepare: () => Promise<void>,
): Promise<number[]> {
  const texts: string[] = [];
  const answers: Answered[] = [];
  for (const server of servers) {
    await prepare();
    const query = server.queryOf(workload) ?? "";
    const text = await ask(server.url, query);
    assert(JSON.parse(text).errors === undefined, `${server.name} fails on ${workload.name}: ${text}`);
    texts.push(text);
    answers.push({ server, data: dataOf(text), next: await readNextPage(text, query, server) });
  }
  compare(workload, "", answers);
  compare(
    workload,
    ", past its cursor",
    answers.flatMap(({ server, next }) => (next === null ? [] : [{ server, data: next }])),
  );
  return texts.map((text) => Buffer.byteLength(text));
}

interface Answered {
  readonly server: Server;
  readonly data: unknown;
  /** Null: there is no next page, or the server reads no GraphQL that could ask for it. */
  readonly next: unknown;
}

function compare(workload: Workload, where: string, answers: readonly Pick<Answered, "server" | "data">[]): void {
  const [first, ...others] = answers;
  for (const { server, data } of others) {
    assert.deepEqual(data, first?.data, `${server.name} answers ${workload.name} differently${where}`);
  }
}

/** What is the same in all servers: each has cursors of its own, and PostGraphile a payload around a mutation's row. */
function dataOf(text: string): unknown {
  const { data } = JSON.parse(text, (key, value) => (key === "cursor" || key === "endCursor" ? "" : value));
  return data.createNote ?? data;
}

/** A cursor stands for one row, and leads to those after it. */
async function readNextPage(text: string, query: string, server: Server): Promise<unknown> {
  const { comments } = JSON.parse(text).data;
  if (comments === undefined) {
    return null;
  }
  const cursors: string[] = comments.edges.map(({ cursor }: { cursor: string }) => cursor);
  assert(cursors.every((cursor) => typeof cursor === "string" && cursor !== ""));
  assert.equal(new Set(cursors).size, comments.edges.length, `${server.name} gives rows the same cursor`);
  assert.equal(comments.pageInfo.endCursor, cursors.at(-1), `${server.name} ends its page elsewhere`);
  return server.readsGraphql ? dataOf(await ask(server.url, nextPage(query, comments.pageInfo.endCursor))) : null;
}
