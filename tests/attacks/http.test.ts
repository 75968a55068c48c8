/**
 * Random and hostile requests of at most 10 kB over a socket: each is answered as a client's mistake or rightly, costs
 * little, and leaves the server as it was.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import fastifyPlugin from "fastify-plugin";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { Guard } from "../../gateway/http/guard/guard.ts";
import { TrustedProxies } from "../../gateway/http/guard/proxies.ts";
import { addRoutes } from "../../gateway/http/plugin.ts";
import { addStaticRoute } from "../../gateway/http/static.ts";
import { serve } from "../../gateway/server/server.ts";
import { costOf, mostCost } from "../support/cost.ts";
import { ask } from "../support/servers/ask.ts";
import { planner, subscriptionLimits } from "../support/servers/http.ts";
import { sendRaw } from "../support/servers/raw.ts";

const folder = mkdtempSync(join(tmpdir(), "puff-fuzz-"));
writeFileSync(join(folder, "style.css"), "body {}");
const failures: string[] = [];
const server = await serve(
  fastifyPlugin(async (app) => {
    const guard = new Guard({ allowedHosts: ["api.example"], proxies: new TrustedProxies(["loopback"]) });
    await addRoutes(app, {
      apis: [
        { url: "/graphql", playgroundUrl: "/play", subscriptionsUrl: null, planner: () => planner, explain: null },
      ],
      checks: [],
      deadline: 30_000,
      bodyLimit: 1_000_000,
      corsOrigins: ["https://app.example", "*"],
      guard,
      ...subscriptionLimits(),
    });
    await addStaticRoute(app, { url: "/static/", folders: [folder] }, guard);
  }),
  {
    port: 0,
    signals: false,
    trustProxy: ["loopback"],
    logger: pino({ level: "warn" }, { write: (line: string) => void failures.push(line) }),
  },
);
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const most = 10_000;

/** Texts that parsers trip over, alone and again and again. */
const hostileText = fc
  .tuple(
    fc.constantFrom(
      ...'a|\0|\t| |%|%00|%2f|%zz|%c0%ae|+|&|=|?|#|/|//|../|;|,|,,|;q=|;q=0.1,|*/*,|a/b;c=d,|"|\\|\\"|{|[|[[|{"a":|}|]|(|:|::|.|-|--|\x7f|\xff|\xe4|\u{1}|0|9|1e400|bytes=0-0,|W/"a",|gzip,|chunked,|=;|a=b;|__proto__|constructor|$'.split(
        "|",
      ),
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(1, 2, 3) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    ),
    fc.constantFrom("", "a", '"', "!", "=", "x/y"),
  )
  .map(([piece, times, end]) => (piece.repeat(times) + end).slice(0, most - 1_000));

const text = fc.oneof(hostileText, fc.string({ maxLength: 60 }));

const headerNames = [
  ..."accept|accept-encoding|accept-language|content-type|content-encoding|content-length|transfer-encoding|expect|origin|cookie".split(
    "|",
  ),
  ..."authorization|host|x-forwarded-for|x-forwarded-host|x-forwarded-proto|x-request-id|range|if-none-match|if-modified-since".split(
    "|",
  ),
  ..."sec-fetch-site|sec-fetch-mode|access-control-request-headers|access-control-request-method|upgrade|connection|te|trailer".split(
    "|",
  ),
];
const headerValue = fc.oneof(
  text,
  fc.constantFrom(
    ..."application/json|text/event-stream|application/graphql-response+json|multipart/form-data; boundary=x|gzip|chunked|identity".split(
      "|",
    ),
    ..."close|keep-alive|upgrade|websocket|100-continue|*/*|text/html|0|1|99999999999999999999|-1|https://app.example|null|cross-site|cors|no-cors|api.example".split(
      "|",
    ),
  ),
);
const header = fc.tuple(
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...headerNames) }, { weight: 1, arbitrary: text }),
  headerValue,
);

const target = fc.oneof(
  fc.constantFrom(
    "/graphql",
    "/graphql?query={hello}",
    "/graphql?query=subscription{ticks(count:2)}",
    "/static/style.css",
    "/play",
    "*",
  ),
  fc
    .tuple(
      fc.constantFrom(
        "/graphql?query=",
        "/graphql?query={hello}&variables=",
        "/graphql?",
        "/static/",
        "/",
        "http://",
        "",
      ),
      text,
    )
    .map((parts) => parts.join("")),
);

const body = fc.oneof(
  fc.constant(""),
  fc.constant('{"query":"{hello}"}'),
  text,
  fc.json({ maxDepth: 5 }),
  fc
    .tuple(fc.constantFrom("query", "variables", "operationName", "extensions"), fc.json())
    .map(([key, value]) => `{"query":"{hello}","${key}":${value}}`),
  fc.integer({ min: 1, max: 400 }).map((count) => `[${Array(count).fill('{"query":"{hello}"}').join(",")}]`),
  fc
    .array(text, { maxLength: 5 })
    .map((parts) =>
      parts.map((part) => `--x\r\ncontent-disposition: form-data; name="${part}"\r\n\r\n${part}\r\n`).join(""),
    ),
);

/** How the body is sent, rightly and wrongly. */
const framing = fc.constantFrom<(sent: string) => string>(
  (sent) => `content-length: ${Buffer.byteLength(sent, "latin1")}\r\n\r\n${sent}`,
  (sent) => `content-length: ${sent.length + 5}\r\n\r\n${sent}`,
  (sent) => `transfer-encoding: chunked\r\n\r\n${sent.length.toString(16)}\r\n${sent}\r\n0\r\n\r\n`,
  (sent) =>
    `transfer-encoding: chunked\r\n\r\n${[...sent]
      .map((one) => `1;a=b\r\n${one}\r\n`)
      .join("")
      .slice(0, 6_000)}`,
  (sent) => `transfer-encoding: chunked\r\n\r\n${sent}\r\n`,
  (sent) => `\r\n${sent}`,
);

const request = fc
  .tuple(
    fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "BREW"),
    target,
    fc.array(header, { maxLength: 8 }),
    body,
    framing,
    fc.constantFrom("host: api.example\r\n", "host: api.example\r\ncontent-type: application/json\r\n", ""),
  )
  .map(([method, path, headers, sent, frame, common]) => {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `${method} ${path} HTTP/1.1\r\n${common}${lines}${frame(sent)}`.slice(0, most);
  });

/** What a client sends rightly, with a few bytes changed. */
const mutated = fc
  .tuple(
    request,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom("set", "drop", "double")), {
      maxLength: 6,
    }),
  )
  .map(([sent, changes]) => {
    let bytes = Buffer.from(sent, "latin1");
    for (const [place, byte, change] of changes) {
      const at = place % Math.max(bytes.length, 1);
      bytes =
        change === "set"
          ? Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + 1)])
          : Buffer.concat([
              bytes.subarray(0, at),
              ...(change === "double" ? [bytes.subarray(at, at + 20)] : []),
              bytes.subarray(at + (change === "drop" ? 7 : 0)),
            ]);
    }
    return bytes.toString("latin1");
  });

const bytesSent = fc.oneof(
  { weight: 5, arbitrary: request },
  { weight: 3, arbitrary: mutated },
  {
    weight: 2,
    arbitrary: fc.array(request, { minLength: 2, maxLength: 4 }).map((several) => several.join("").slice(0, most)),
  }, // pipelined
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
);

test("nothing of 10 kB is a failure of the server's, holds its loop, or leaves it otherwise than it was", async () => {
  let worst = 0;
  await fc.assert(
    fc.asyncProperty(bytesSent, async (bytes) => {
      failures.length = 0;
      const { result, cost } = await costOf(() => sendRaw(server, bytes, 15));
      expect(cost).toBeLessThan(mostCost);
      worst = Math.max(worst, cost);
      for (const [, status] of result.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        expect(Number(status)).toBeLessThan(500);
      }
      expect(result === "" || result.startsWith("HTTP/1.1 ")).toBe(true);
      expect(failures).toEqual([]);
    }),
    { numRuns: 300 },
  );
  const answer = await ask(server, { body: { query: "{ hello }" }, headers: { host: "api.example" } });
  expect(answer.body).toBe('{"data":{"hello":"Hello, world!"}}');
});

test.each(headerNames)("a header %s of 8 kB costs little, whatever it repeats", async (name) => {
  for (const piece of [
    ",",
    ";",
    " ",
    "\t",
    "a,",
    "a/b,",
    "*/*;q=0.1,",
    "a=b;",
    '"',
    '\\"',
    "1,",
    "bytes=0-0,",
    "::",
    "1.1.1.1,",
    "a".repeat(50),
    "=",
    "(",
    "%2f",
  ]) {
    const value = piece.repeat(8_000 / piece.length);
    for (const end of ["", "!"]) {
      const head = `POST /graphql HTTP/1.1\r\n${name === "host" ? "" : "host: api.example\r\n"}`;
      const typed = name.startsWith("content-") || name === "transfer-encoding" ? "" : "content-length: 19\r\n";
      const sent = `${head}${typed}content-type: application/json\r\n${name}: ${value}${end}\r\n\r\n{"query":"{hello}"}`;
      const { result, cost } = await costOf(() => sendRaw(server, sent, 15));
      expect(cost).toBeLessThan(mostCost);
      expect(result).not.toMatch(/HTTP\/1\.1 5/);
    }
  }
});
