/** GraphQL over server-sent events on a real server. */
import { afterAll, expect, onTestFinished, test } from "vitest";
import { Subscribers } from "../../gateway/http/sockets/subscribers.ts";
import { silences, startReferenceServer } from "../support/servers/http.ts";

const server = await startReferenceServer();
afterAll(() => server.close());

interface Asked {
  readonly url?: string;
  readonly accept?: string | null;
  readonly method?: "GET" | "POST";
  readonly headers?: { readonly [name: string]: string };
}

async function ask(
  query: string,
  { url = server.url, accept = "text/event-stream", method = "POST", headers: more = {} }: Asked = {},
) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const target = new URL("/graphql", url);
  const headers = { ...(accept === null ? {} : { accept }), "content-type": "application/json", ...more };
  if (method === "GET") {
    target.searchParams.set("query", query);
  }
  const body = method === "GET" ? {} : { body: JSON.stringify({ query }) };
  const response = await fetch(target, { method, headers, signal: abort.signal, ...body });
  return { response, leave: () => abort.abort() };
}

const next = (data: object) => `event: next\ndata: ${JSON.stringify({ data })}\n\n`;
const complete = "event: complete\ndata:\n\n";

test.each<[query: string, asked: Asked]>([
  ["subscription { ticks(count: 2) }", {}],
  ["subscription { ticks(count: 2) }", { method: "GET" }],
  ["subscription { ticks(count: 2) }", { accept: "application/json;q=0.5, text/event-stream;q=0.1" }],
  ["subscription { ticks(count: 2) }", { accept: "*/*" }],
])("%s by %j gets events", async (query, asked) => {
  const { response } = await ask(query, asked);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(await response.text()).toBe(`:\n\n${next({ ticks: 1 })}${next({ ticks: 2 })}${complete}`);
});

test("queries and mutations get events if the client prefers them", async () => {
  const { response } = await ask("{ hello }");
  expect(await response.text()).toBe(`:\n\n${next({ hello: "Hello, world!" })}${complete}`);
  const plain = await ask("{ hello }", { accept: "application/json, text/event-stream;q=0.9" });
  expect(await plain.response.json()).toEqual({ data: { hello: "Hello, world!" } });
});

test.each<[why: string, query: string, asked: Asked, status: number]>([
  ["an error in the document", "subscription { nothing }", {}, 400],
  ["no stream accepted", "subscription { silence }", { accept: "application/json" }, 406],
  ["a mutation by GET", "mutation { count }", { method: "GET" }, 405],
])("%s is refused as over plain HTTP", async (_, query, asked, status) => {
  const { response } = await ask(query, asked);
  expect(response.headers.get("content-type")).toMatch(/json/);
  expect(await response.json()).toHaveProperty("errors");
  // application/json has 200 for what is wrong with a document.
  expect(response.status).toBe(status === 400 ? 200 : status);
});

test("a client that leaves ends its stream", async () => {
  const before = silences;
  const { response, leave } = await ask("subscription { silence }");
  const reader = response.body?.getReader();
  await reader?.read();
  leave();
  await expect.poll(() => silences, { timeout: 30_000 }).toBe(before + 1);
});

test("a gateway that stops, and credentials that expire, end a stream that is not complete", async () => {
  const own = await startReferenceServer();
  const { response } = await ask("subscription { silence }", { url: own.url });
  const text = response.text();
  await own.close();
  expect(await text).toBe(":\n\n");
  const expiring = await ask("subscription { silence }", { headers: { "x-seconds": "0.05" } });
  expect(await expiring.response.text()).toBe(":\n\n");
});

test("past the subscribers that the process may have, it is refused", async () => {
  const own = await startReferenceServer({ subscribers: new Subscribers(1, 25) });
  onTestFinished(() => own.close());
  const before = silences;
  const first = await ask("subscription { silence }", { url: own.url });
  const { response } = await ask("subscription { silence }", { url: own.url });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "PUFF_TOO_MANY_SUBSCRIPTIONS" } }] });
  first.leave();
  await expect.poll(() => silences, { timeout: 30_000 }).toBe(before + 1);
  const third = await ask("{ hello }", { url: own.url });
  expect(await third.response.text()).toContain("Hello");
});
