/** What surrounds GraphQL over HTTP: CSRF, CORS, request ids, compression, deadlines, health. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RunningServer } from "../../gateway/server/server.ts";
import { ask, type Request } from "../support/servers/ask.ts";
import { aborted, begunOn, startReferenceServer } from "../support/servers/http.ts";

let server: RunningServer;
/** Lets pages of one other origin in. */
let restricted: RunningServer;
/** Has little patience. */
let impatient: RunningServer;

beforeAll(async () => {
  server = await startReferenceServer();
  restricted = await startReferenceServer({ corsOrigins: ["https://app.example"] });
  impatient = await startReferenceServer({ deadline: 100 });
});

afterAll(async () => {
  await server.close();
  await restricted.close();
  await impatient.close();
});

const hello = { query: "{ hello }" };
const search = `/graphql?query=${encodeURIComponent("{ hello }")}`;

describe("cross-site requests", () => {
  const crossSite = { "sec-fetch-site": "cross-site" };
  test.each<readonly [name: string, given: Request, status: number]>([
    ["an image of another site", { url: search, headers: { ...crossSite, "sec-fetch-mode": "no-cors" } }, 403],
    [
      "a link of another site to an operation",
      { url: search, headers: { ...crossSite, "sec-fetch-mode": "navigate" } },
      403,
    ],
    ["a link of another site without a mode", { url: search, headers: crossSite }, 403],
    ["the address bar", { url: search, headers: { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" } }, 200],
    ["the same origin", { url: search, headers: { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" } }, 200],
    ["no browser", { url: search }, 200],
  ])("%s", async (_name, given, status) => {
    const answer = await ask(server, given);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(status === 200 ? "Hello" : "PUFF_CSRF");
  });

  const page = (origin: string, cookie?: string) => ({
    url: search,
    headers: { ...crossSite, "sec-fetch-mode": "cors", origin, ...(cookie === undefined ? {} : { cookie }) },
  });

  test.each<[origin: string, cookie: string | undefined, cors: string, allowed: boolean]>([
    ["https://evil.example", undefined, "none", false],
    ["https://evil.example", undefined, "https://app.example", false],
    ["https://app.example", "a=b", "https://app.example", true],
    ["http://app.example", "a=b", "https://app.example", false],
    ["https://app.example:444", "a=b", "https://app.example", false],
    ["https://app.example.evil.example", "a=b", "https://app.example", false],
    ["null", undefined, "https://app.example", false],
    ["https://evil.example", undefined, "*", true],
    ["null", undefined, "*", true],
    ["https://evil.example", "a=b", "*", false],
    ["null", "a=b", "*", false],
    ["https://app.example", "a=b", "*,https://app.example", true],
    ["https://evil.example", "a=b", "*,https://app.example", false],
    ["*", "a=b", "*", false],
  ])("a GET by a page of %s with the cookie %s, where pages of %s may: %s", async (origin, cookie, named, allowed) => {
    const own = await startReferenceServer({ corsOrigins: named === "none" ? [] : named.split(",") });
    onTestFinished(() => own.close());
    for (const accept of ["application/json", "text/event-stream"]) {
      const given = page(origin, cookie);
      const answer = await ask(own, { ...given, headers: { ...given.headers, accept } });
      expect(answer.status).toBe(allowed ? 200 : 403);
      const { "access-control-allow-origin": reader, "access-control-allow-credentials": credentials } = answer.headers;
      if (allowed) {
        expect(reader).toBe(named.includes(origin) ? origin : "*");
      }
      // No browser hands over what came with cookies, unless the origin was named.
      expect(credentials === "true" && reader !== origin).toBe(false);
      expect(credentials).toBe(named.split(",").includes(origin) && origin !== "*" ? "true" : undefined);
      if (named !== "none") {
        expect(answer.headers["vary"]).toContain("Origin");
      }
    }
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "text/plain;application/json",
  ])("a POST of %j, which a page may send unasked, is refused", async (type) => {
    const answer = await ask(server, {
      method: "POST",
      body: JSON.stringify(hello),
      headers: { "content-type": type, origin: "https://evil.example", cookie: "a=b" },
    });
    expect(answer.status).toBe(415);
  });

  test("a link of another site opens GraphiQL", async () => {
    const headers = { ...crossSite, "sec-fetch-mode": "navigate", accept: "text/html,*/*;q=0.8" };
    const answer = await ask(server, { headers });
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  });

  test("an origin that is not configured gets no CORS headers", async () => {
    const preflight = { origin: "https://app.example", "access-control-request-method": "POST" };
    expect((await ask(server, { method: "OPTIONS", headers: preflight })).headers["access-control-allow-origin"]).toBe(
      undefined,
    );
    expect((await ask(server, { body: hello, headers: preflight })).headers["access-control-allow-origin"]).toBe(
      undefined,
    );
  });

  test("one that is configured may POST after a preflight", async () => {
    const origin = { origin: "https://app.example" };
    const preflight = await ask(restricted, {
      method: "OPTIONS",
      headers: { ...origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": "GET, HEAD, POST",
    });
    const answer = await ask(restricted, { body: hello, headers: origin });
    expect(answer.headers["access-control-allow-origin"]).toBe("https://app.example");
    const other = await ask(restricted, { body: hello, headers: { origin: "https://evil.example" } });
    expect(other.headers["access-control-allow-origin"]).toBe(undefined);
  });
});

describe("request ids", () => {
  test.each([
    ["abc-1.2:3_4", true],
    ["a b", false],
    ["x".repeat(200), false],
    ['"}{', false],
  ])("%s is kept: %s", async (id, kept) => {
    const answer = await ask(server, { body: hello, headers: { "x-request-id": id } });
    const echoed = answer.headers["x-request-id"];
    expect(echoed === id).toBe(kept);
    expect(echoed).toMatch(/^[\w.:-]+$/);
  });
});

describe("compression", () => {
  const long = { query: "{ long(length: 5000) }" };
  test.each([
    ["gzip", "gzip"],
    ["gzip, deflate, br, zstd", "zstd"],
    ["br;q=1, gzip;q=0.5", "br"],
    ["identity", undefined],
  ])("a large answer to %s", async (accepted, encoding) => {
    const answer = await ask(server, { body: long, headers: { "accept-encoding": accepted } });
    expect(answer.headers["content-encoding"]).toBe(encoding);
    expect(answer.headers["vary"]).toContain("accept");
  });

  test("a small answer is not compressed", async () => {
    const answer = await ask(server, { body: hello, headers: { "accept-encoding": "gzip" } });
    expect(answer.headers["content-encoding"]).toBe(undefined);
    expect(answer.headers["content-length"]).toBe(String(answer.body.length));
  });
});

test("an offer to go on with HTTP/2, as Java's client makes it, is ignored", async () => {
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" };
  const answer = await ask(server, { body: hello, headers });
  expect([answer.status, answer.body]).toEqual([200, '{"data":{"hello":"Hello, world!"}}']);
});

describe("deadlines", () => {
  test.each([
    ["slow(milliseconds: 600000)", "the signal is heeded"],
    ["stuck", "and where it is not"],
  ])("%s is answered at the deadline: %s", async (field) => {
    const answer = await ask(impatient, { body: { query: `{ ${field} }` } });
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body).errors).toEqual([
      { message: "the request took longer than 0.1 s", extensions: { code: "PUFF_REQUEST_DEADLINE" } },
    ]);
  });

  test("a client that leaves aborts its operation", async () => {
    const before = aborted.length;
    const leaving = new AbortController();
    const asked = await begunOn(server);
    const url = `${server.url}/graphql?query={slow(milliseconds:600000)}`;
    const gone = fetch(url, { signal: leaving.signal }).catch((error: Error) => error.name);
    await expect.poll(() => begunOn(server)).toBe(asked + 1);
    leaving.abort();
    expect(await gone).toBe("AbortError");
    await expect.poll(() => aborted.length).toBe(before + 1);
  });

  test("a slow operation does not slow others", async () => {
    const leaving = new AbortController();
    const asked = await begunOn(server);
    const url = `${server.url}/graphql?query={slow(milliseconds:600000)}`;
    const slow = fetch(url, { signal: leaving.signal }).catch((error: Error) => error.name);
    await expect.poll(() => begunOn(server)).toBe(asked + 1);
    const others = await Promise.all(Array.from({ length: 20 }, () => ask(server, { body: hello })));
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
    leaving.abort();
    expect(await slow).toBe("AbortError");
  });
});

describe("health", () => {
  test("live and ready", async () => {
    expect(await ask(server, { url: "/livez" })).toMatchObject({ status: 200, body: '{"status":"live"}' });
    expect(await ask(server, { url: "/readyz" })).toMatchObject({ status: 200, body: '{"status":"ready"}' });
  });

  test("not ready says what is missing, also where a check hangs or throws", async () => {
    const broken = await startReferenceServer({
      checks: [
        { name: "database a", check: async () => true },
        { name: "database b", check: async () => false },
        { name: "database c", check: () => Promise.reject(new Error("no")) },
        { name: "python", check: () => new Promise(() => undefined) },
      ],
    });
    const answer = await ask(broken, { url: "/readyz" });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({
      status: "unavailable",
      missing: ["database b", "database c", "python"],
    });
    await broken.close();
  });
});
