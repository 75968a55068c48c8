/** Hosts that are not served, requests that name two, and proxies that are none. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Guard } from "../../gateway/http/guard/guard.ts";
import { TrustedProxies } from "../../gateway/http/guard/proxies.ts";
import { environOf } from "../../gateway/wsgi/environ.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { sendRaw } from "../support/servers/raw.ts";

const nobody = new TrustedProxies([]);
/** As in development. */
const own = await startReferenceServer({ guard: new Guard({ allowedHosts: [], proxies: nobody }) });
const named = await startReferenceServer({
  guard: new Guard({ allowedHosts: ["api.example", ".shop.example"], proxies: nobody }),
});
const open = await startReferenceServer();
afterAll(() => Promise.all([own.close(), named.close(), open.close()]));

const target = "/graphql?query={hello}";
const rest = "connection: close\r\n\r\n";

test.each<[host: string, own: boolean, named: boolean, open: boolean]>([
  ["localhost", true, true, true],
  ["LOCALHOST:1234", true, true, true],
  ["app.localhost:7777", true, true, true],
  ["127.0.0.1:7777", true, true, true],
  ["127.9.9.9", true, true, true],
  ["[::1]:7777", true, true, true],
  ["localhost.", true, true, true],
  ["evil.example", false, false, true],
  ["localhost.evil.example", false, false, true],
  ["notlocalhost", false, false, true],
  ["10.1.2.3", false, false, true],
  ["127.0.0.1.evil.example", false, false, true],
  ["api.example", false, true, true],
  ["API.example:443", false, true, true],
  ["sub.api.example", false, false, true],
  ["shop.example", false, true, true],
  ["a.b.shop.example", false, true, true],
  ["evilshop.example", false, false, true],
  ["api.example@evil.example", false, false, false],
  ["evil.example/api.example", false, false, false],
  ["api.example:80:80", false, false, false],
  ["api.example:x", false, false, false],
  ["api.example, evil.example", false, false, false],
  ["[::1", false, false, false],
  ["[api.example]", false, false, false],
  ["\xe4pi.example", false, false, false],
])("the host %j", async (host, byOwn, byNamed, byOpen) => {
  for (const [server, isServed] of [
    [own, byOwn],
    [named, byNamed],
    [open, byOpen],
  ] as const) {
    const answer = await sendRaw(server, `GET ${target} HTTP/1.1\r\nhost: ${host}\r\n${rest}`);
    expect(answer).toMatch(isServed ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 4(00|21) /);
    const upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ";
    const handshake = `${upgrade}AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`;
    if (!isServed) {
      const refused = await sendRaw(server, `GET /graphql HTTP/1.1\r\nhost: ${host}\r\n${handshake}`);
      expect(refused).toMatch(/^HTTP\/1\.1 4(00|21) /);
    }
  }
});

test("the address that was connected to is served, whatever it is", async () => {
  const server = createServer((request, response) => {
    response.end(new Guard({ allowedHosts: [], proxies: nobody }).check(request)?.code ?? "served");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const request = { rawHeaders: [], headers: { host: "10.1.2.3:80" }, url: "/", socket: { localAddress: "10.1.2.3" } };
  const guard = new Guard({ allowedHosts: [], proxies: nobody });
  expect(guard.check(request as unknown as IncomingMessage)).toBeNull(); // a socket of another machine
  expect(await sendRaw({ url: `http://127.0.0.1:${port}` }, `GET / HTTP/1.1\r\nhost: 10.1.2.3\r\n${rest}`)).toContain(
    "PUFF_HOST_REFUSED",
  );
  server.close();
});

test.each([
  ["two Host headers", `GET ${target} HTTP/1.1\r\nhost: localhost\r\nHost: localhost\r\n`],
  ["no Host header", `GET ${target} HTTP/1.1\r\n`],
  ["a target of another host", `GET http://evil.example${target} HTTP/1.1\r\nhost: localhost\r\n`],
  ["a target with a user", `GET http://localhost@evil.example${target} HTTP/1.1\r\nhost: localhost\r\n`],
  ["two lengths", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ncontent-length: 5\r\n"],
  ["two lengths in one", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4, 4\r\n"],
  [
    "a length and chunks",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n",
  ],
  ["an encoding that is none", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n"],
  ["chunks twice", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked, identity\r\n"],
  ["a negative length", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n"],
  ["a length in hex", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0x4\r\n"],
  ["a space before the colon", `GET ${target} HTTP/1.1\r\nhost : localhost\r\n`],
  ["a folded header", `GET ${target} HTTP/1.1\r\nhost: localhost\r\nx-a: b\r\n evil: c\r\n`],
  ["a NUL in a header", `GET ${target} HTTP/1.1\r\nhost: localhost\r\nx-a: b\0c\r\n`],
  ["a NUL in the target", `GET /graphql\0?query={hello} HTTP/1.1\r\nhost: localhost\r\n`],
  ["headers of 100 kB", `GET ${target} HTTP/1.1\r\nhost: localhost\r\nx-a: ${"b".repeat(100_000)}\r\n`],
])("%s: refused, and nothing after it on that connection is read", async (_, head) => {
  const smuggled = `GET /graphql?query={smuggled:hello} HTTP/1.1\r\nhost: localhost\r\n${rest}`;
  const answer = await sendRaw(open, `${head}\r\n${smuggled}`);
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(answer).not.toContain("smuggled");
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

describe("what a proxy says of its client", () => {
  function requestOf(remoteAddress: string, rawHeaders: readonly string[]): IncomingMessage {
    const headers: { [name: string]: string } = {};
    for (let index = 0; index < rawHeaders.length; index += 2) {
      headers[rawHeaders[index]?.toLowerCase() ?? ""] = rawHeaders[index + 1] ?? "";
    }
    const socket = { remoteAddress, localAddress: "10.0.0.1" };
    return { method: "GET", url: "/", rawHeaders: [...rawHeaders], headers, socket } as unknown as IncomingMessage;
  }

  const proxies = new TrustedProxies(["10.0.0.0/8", "loopback", "fd00::7"]);

  test.each<[peer: string, told: string, client: string]>([
    ["203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["10.0.0.7", "1.2.3.4", "1.2.3.4"],
    ["10.0.0.7", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["10.0.0.7", "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"],
    ["127.0.0.1", "", "127.0.0.1"],
    ["::ffff:10.0.0.7", "1.2.3.4", "1.2.3.4"],
    ["::1", "2001:db8::1", "2001:db8::1"],
    ["fd00::7", "1.2.3.4", "1.2.3.4"],
    ["fd00::8", "1.2.3.4", "fd00::8"],
    ["10.0.0.7", "10.0.0.9", "10.0.0.9"],
  ])("from %s: %j", (peer, told, client) => {
    const request = requestOf(peer, [
      "Host",
      "api.example",
      "X-Forwarded-For",
      told,
      "X-Forwarded-Host",
      "told.example",
    ]);
    expect(proxies.addressOf(request)).toBe(client);
    expect(proxies.hostOf(request)).toBe(proxies.has(peer) ? "told.example" : "api.example");
  });

  const names = ["X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "Forwarded", "X-Real-IP"];
  const spoofed = names.flatMap((name) => [name, "1.2.3.4"]);
  const others = ["Host", "api.example", "X_Forwarded_For", "1.2.3.4", "X-Forwarded_Proto", "https", "Cookie", "a=b"];

  test("reaches no application where no proxy says it, however it is spelled", () => {
    const guard = new Guard({ allowedHosts: null, proxies });
    const context = { prefix: "", scheme: "http", client: "", multiprocess: false };
    const stranger = requestOf("203.0.113.9", [...spoofed, ...others]);
    expect(guard.check(stranger)).toBeNull();
    expect(Object.keys(environOf(stranger, context)).filter((name) => name.startsWith("HTTP_"))).toEqual([
      "HTTP_HOST",
      "HTTP_COOKIE",
    ]);
    expect(Object.keys(stranger.headers)).not.toContain("x-forwarded-for");
    const proxy = requestOf("10.0.0.7", [...spoofed, ...others]);
    expect(guard.check(proxy)).toBeNull();
    expect(environOf(proxy, context)).toMatchObject({ HTTP_X_FORWARDED_FOR: "1.2.3.4", HTTP_X_REAL_IP: "1.2.3.4" });
  });

  test.each(["10.0.0.0/33", "nothing", "10.0.0", "10.0.0.0/-1", "10.0.0.0/8/8x", "::1/129", ""])(
    "%j is refused as a proxy",
    (address) => {
      expect(() => new TrustedProxies([address])).toThrow(expect.objectContaining({ code: "PUFF_CONFIG_INVALID" }));
    },
  );

  test("whatever comes in these headers, an address of a trusted proxy or of the peer remains", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.constantFrom("10.0.0.7", "203.0.113.9"), (told, peer) => {
        const client = proxies.addressOf(requestOf(peer, ["X-Forwarded-For", told]));
        expect(client === peer || told.includes(client)).toBe(true);
      }),
    );
  });
});
