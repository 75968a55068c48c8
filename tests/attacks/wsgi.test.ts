/** Random and hostile requests to a WSGI application: it gets what came, as PEP 3333 has it, or the gateway refuses it. */
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { sendRaw } from "../support/servers/raw.ts";

const failures: string[] = [];
const server = await startServer({
  schemas: [],
  wsgi: `${join(import.meta.dirname, "../support/python/wsgi_app.py")}:make()`,
  cacheFolder: sharedCache,
  environment: {},
  port: 0,
  signals: false,
  logger: pino({ level: "error" }, { write: (line: string) => void failures.push(line) }),
});
afterAll(() => server.close());

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = fc.array(byte, { maxLength: 40 }).map((parts) => parts.join(""));
const name = fc.oneof(
  fc.constantFrom(
    "X-Real-IP",
    "X_Real_IP",
    "Content_Length",
    "Proxy",
    "Cookie",
    "cookie",
    "Content-Type",
    "SERVER_NAME",
  ),
  bytes,
);

test("the application answers, or the request is refused; nothing fails", async () => {
  const request = fc.record({
    method: fc.constantFrom(
      "GET",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "PROPFIND",
      "HEAD",
      "M-SEARCH",
      "nonsense",
    ),
    path: fc.oneof(
      fc.constantFrom("/env", "/env/%ff%fe", "/env/%00", "/env/%2e%2e/", "/env//a", "/env/../echo", "/echo", "/unread"),
      fc.tuple(fc.constantFrom("/env/", "/echo?", "/env?", "/echo/a?b#"), bytes).map((parts) => parts.join("")),
    ),
    headers: fc.array(fc.tuple(name, bytes), { maxLength: 5 }),
    body: bytes,
    length: fc.constantFrom("right", "chunked", "none"),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, headers, body, length }) => {
      failures.length = 0;
      const lines = headers.map(([key, value]) => `${key}: ${value}\r\n`).join("");
      const sent =
        length === "right"
          ? `content-length: ${body.length}\r\n\r\n${body}`
          : length === "chunked"
            ? `transfer-encoding: chunked\r\n\r\n${body.length === 0 ? "" : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
            : "\r\n";
      const text = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${lines}${sent}`;
      const answer = await sendRaw(server, text, 500);
      for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
        expect(Number(status)).toBeLessThan(500);
      }
      expect(failures).toEqual([]);
    }),
    { numRuns: 150 },
  );
  expect((await ask(server, { url: "/index" })).body).toBe("index");
});

test.each([
  ["X_Real_IP: 1.2.3.4", "HTTP_X_REAL_IP"],
  ["X-Real_IP: 1.2.3.4", "HTTP_X_REAL_IP"],
  ["CONTENT_LENGTH: 5", "HTTP_CONTENT_LENGTH"],
  ["wsgi_url_scheme: https", "HTTP_WSGI_URL_SCHEME"],
])("%s reaches no variable", async (line, variable) => {
  const answer = await sendRaw(server, `GET /env HTTP/1.1\r\nhost: localhost\r\n${line}\r\nconnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).not.toContain(variable);
});
