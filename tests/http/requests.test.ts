/** GraphQL over HTTP, case by case, over a real server: status, headers and body. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../gateway/server/server.ts";
import { ask, type Request } from "../support/servers/ask.ts";
import { startReferenceServer } from "../support/servers/http.ts";

let server: RunningServer;

beforeAll(async () => {
  server = await startReferenceServer();
});

afterAll(() => server.close());

const json = "application/json; charset=utf-8";
const graphql = "application/graphql-response+json; charset=utf-8";
const asGraphql = { accept: "application/graphql-response+json" };
const hello = { query: "{ hello }" };
const search = `/graphql?query=${encodeURIComponent("{ hello }")}`;

describe("the Accept header", () => {
  test.each<readonly [accept: string | null, type: string | null]>([
    [null, json],
    ["*/*", json],
    ["application/*", json],
    ["application/json", json],
    ["application/json; charset=utf-8", json],
    ["application/json; charset=UTF-8", json],
    ["application/graphql-response+json", graphql],
    ["application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", graphql],
    ["application/graphql-response+json, application/json;q=0.9", graphql],
    ["application/json;q=0.9, application/graphql-response+json", graphql],
    ["application/graphql-response+json;q=0.5, application/json;q=0.9", json],
    ["application/graphql-response+json;q=0, */*", json],
    ["application/json;q=0, */*;q=0.1", graphql],
    ["application/graphql-response+json, */*;q=0.1", graphql],
    ["text/plain", null],
    ["application/json; charset=iso-8859-1", null],
    ["application/json;q=0", null],
    ["text/html", null],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", json],
  ])("%s gets %s", async (accept, type) => {
    const answer = await ask(server, { body: hello, headers: accept === null ? {} : { accept } });
    if (type === null) {
      expect(answer.status).toBe(406);
      expect(answer.body).toContain("PUFF_NOT_ACCEPTABLE");
    } else {
      expect(answer).toMatchObject({
        status: 200,
        headers: { "content-type": type, vary: "accept" },
        body: '{"data":{"hello":"Hello, world!"}}',
      });
    }
  });
});

describe("a URL with an operation", () => {
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
  test.each<readonly [accept: string | null, method: "GET" | "HEAD", type: string]>([
    [browser, "GET", "text/html; charset=utf-8"],
    [browser, "HEAD", "text/html; charset=utf-8"],
    ["text/html", "GET", "text/html; charset=utf-8"],
    ["application/json, text/html;q=0.9", "GET", json],
    ["application/graphql-response+json, text/html;q=0.9", "GET", graphql],
    ["*/*", "GET", json],
    [null, "GET", json],
  ])("Accept: %s, by %s, gets %s", async (accept, method, type) => {
    const answer = await ask(server, { url: search, method, headers: accept === null ? {} : { accept } });
    expect(answer).toMatchObject({ status: 200, headers: { "content-type": type, vary: "accept" } });
    expect(answer.body.includes("Hello, world!")).toBe(method === "GET" && !type.startsWith("text/html"));
  });
});

describe("operations", () => {
  test.each<readonly [name: string, given: Request, status: number, body: string]>([
    ["POST", { body: hello }, 200, "Hello, world!"],
    ["GET", { url: search }, 200, "Hello, world!"],
    ["a HEAD is a GET without a body", { url: search, method: "HEAD" }, 200, ""],
    [
      "variables and operationName in a URL",
      {
        url: `/graphql?${new URLSearchParams({
          query: "query A { hello } query B($name: String) { hello(name: $name) }",
          operationName: "B",
          variables: '{"name":"Böb"}',
          extensions: "{}",
        })}`,
      },
      200,
      "Hello, Böb!",
    ],
    [
      "empty optional parameters in a URL are left out",
      { url: `${search}&operationName=&variables=&extensions=` },
      200,
      "Hello, world!",
    ],
    ["unknown properties are ignored", { body: { ...hello, id: 7 } }, 200, "Hello, world!"],
    ["a mutation by POST", { body: { query: "mutation { count }" } }, 200, '{"data":{"count":'],
    ["partial data in application/json", { body: { query: "{ hello fail }" } }, 200, '"fail":null'],
    ["partial data in the other", { body: { query: "{ hello fail }" }, headers: asGraphql }, 200, '"fail":null'],
    ["an invalid document in application/json", { body: { query: "{" } }, 200, '{"errors":[{"message":"Syntax Error'],
    ["an invalid document in the other", { body: { query: "{" }, headers: asGraphql }, 400, "Syntax Error"],
    ["the caller's token", { body: { query: "{ token }" }, headers: { authorization: "Bearer a.b" } }, 200, '"a.b"'],
    [
      "another scheme is not a token",
      { body: { query: "{ token }" }, headers: { authorization: "Basic x" } },
      200,
      "null",
    ],
    ["the caller's headers", { body: { query: '{ header(name: "x-a") }' }, headers: { "X-A": "b" } }, 200, '"b"'],
    [
      "a charset in quotes",
      { body: hello, headers: { "content-type": 'application/json; charset="UTF-8"' } },
      200,
      "H",
    ],
  ])("%s", async (_name, given, status, body) => {
    const answer = await ask(server, given);
    expect(answer.body).toContain(body);
    expect(answer.status).toBe(status);
  });
});

describe("refusals name what came", () => {
  const refusals: readonly (readonly [name: string, given: Request, status: number, code: string, message: string])[] =
    [
      [
        "no body",
        { method: "POST", headers: { "content-type": "application/json" } },
        400,
        "REQUEST_INVALID",
        "the body is empty",
      ],
      ["no JSON", { body: '{ "query' }, 400, "REQUEST_INVALID", "the body is not JSON: "],
      ["a batch", { body: [hello] }, 400, "REQUEST_INVALID", "send each operation as a request of its own"],
      ["a number", { body: 7 }, 400, "REQUEST_INVALID", "but it is a number"],
      ["no query", { body: { qeury: "" } }, 400, "REQUEST_INVALID", '"query" is missing'],
      ["no query in the URL", { url: "/graphql" }, 400, "REQUEST_INVALID", '"query" is missing'],
      [
        "query of a wrong type",
        { body: { query: ["a"] } },
        400,
        "REQUEST_INVALID",
        '"query" must be a string, but it is an array',
      ],
      [
        "operationName",
        { body: { ...hello, operationName: 1 } },
        400,
        "REQUEST_INVALID",
        '"operationName" must be a string, but it is a number',
      ],
      [
        "variables",
        { body: { ...hello, variables: [] } },
        400,
        "REQUEST_INVALID",
        '"variables" must be an object, but it is an array',
      ],
      [
        "variables in the URL",
        { url: `${search}&variables={` },
        400,
        "REQUEST_INVALID",
        '"variables" in the URL is not JSON',
      ],
      [
        "variables in the URL of a wrong type",
        { url: `${search}&variables=7` },
        400,
        "REQUEST_INVALID",
        '"variables" must be an object',
      ],
      [
        "extensions",
        { body: { ...hello, extensions: "x" } },
        400,
        "REQUEST_INVALID",
        '"extensions" must be an object, but it is a string',
      ],
      [
        "a subscription",
        { body: { query: "subscription { ticks(count: 1) }" }, headers: asGraphql },
        406,
        "NOT_ACCEPTABLE",
        "a subscription needs a WebSocket, or text/event-stream",
      ],
      [
        "text/plain",
        { body: hello, headers: { "content-type": "text/plain" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        '"text/plain"',
      ],
      [
        "a form",
        { body: "query=%7Bhello%7D", headers: { "content-type": "application/x-www-form-urlencoded" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "x-www-form-urlencoded",
      ],
      [
        "multipart",
        { body: "--x--", headers: { "content-type": "multipart/form-data; boundary=x" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "multipart/form-data",
      ],
      [
        "no content-type",
        { method: "POST", headers: { "content-type": "" }, body: hello },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "content-type",
      ],
      [
        "nonsense for a content-type",
        { body: hello, headers: { "content-type": "nonsense" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "content-type",
      ],
      [
        "another charset",
        { body: hello, headers: { "content-type": "application/json; charset=latin1" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "latin1",
      ],
      [
        "a compressed body",
        { body: hello, headers: { "content-encoding": "gzip" } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "gzip",
      ],
      [
        "a body past the limit",
        { body: { query: " ".repeat(20_000) } },
        413,
        "BODY_TOO_LARGE",
        "larger than 10000 bytes",
      ],
      ["another method", { method: "PUT", body: hello }, 405, "METHOD_NOT_ALLOWED", "PUT"],
      ["a method without a body", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED", "DELETE"],
      ["a mutation by GET", { url: "/graphql?query=mutation{count}" }, 405, "METHOD_NOT_ALLOWED", "mutation"],
      ["an unknown URL", { url: "/grapql?a" }, 404, "NOT_FOUND", "nothing is served at /grapql"],
    ];

  test.each(refusals)("%s", async (_name, given, status, code, message) => {
    const answer = await ask(server, given);
    const { errors } = JSON.parse(answer.body);
    expect(errors).toMatchObject([{ message: expect.stringContaining(message), extensions: { code: `PUFF_${code}` } }]);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe(given.headers === asGraphql ? graphql : json);
  });

  test("405 says what is allowed", async () => {
    expect((await ask(server, { method: "PUT" })).headers["allow"]).toBe("GET, HEAD, POST");
    expect((await ask(server, { url: "/graphql?query=mutation{count}" })).headers["allow"]).toBe("POST");
  });

  test("404 lists the URLs there are", async () => {
    const { errors } = JSON.parse((await ask(server, { url: "/" })).body);
    expect(errors[0].extensions.urls).toEqual(["/livez", "/readyz", "/graphql", "/playground"]);
  });

  test("bytes that are not UTF-8", async () => {
    const body = Buffer.from('{"query":"{ hello(name: \\"\xff\\") }"}', "latin1");
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("the body is not UTF-8");
  });
});
