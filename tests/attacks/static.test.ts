/** Static folders: what lies in them and is not meant for the web, and ways out of them. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Guard } from "../../gateway/http/guard/guard.ts";
import { TrustedProxies } from "../../gateway/http/guard/proxies.ts";
import { addStaticRoute } from "../../gateway/http/static.ts";
import { serve } from "../../gateway/server/server.ts";
import { sendRaw } from "../support/servers/raw.ts";

const base = mkdtempSync(join(tmpdir(), "puff-static-"));
for (const file of [
  "public/style.css",
  "public/deep/er/note.txt",
  "public/.env",
  "public/.git/config",
  "public/deep/.hidden/key.txt",
  "public/.well-known/security.txt",
  "public/deep/.well-known/other.txt",
  "public/..data/mounted.txt",
  "second/second.txt",
  "secret.txt",
  "elsewhere/secret.txt",
]) {
  mkdirSync(dirname(join(base, file)), { recursive: true });
  writeFileSync(join(base, file), file.includes("public/") || file.includes("second/") ? `the file ${file}` : "SECRET");
}
for (const [target, link] of [
  ["../secret.txt", "public/out.txt"],
  ["../elsewhere", "public/out"],
  ["/etc/passwd", "public/passwd.txt"],
  ["../../../secret.txt", "public/deep/er/out.txt"],
  ["style.css", "public/inner.css"],
  ["deep", "public/inner"],
  ["..data/mounted.txt", "public/mounted.txt"],
  ["nowhere", "public/dangling.txt"],
  ["public", "linked"],
] as const) {
  symlinkSync(target, join(base, link));
}

execFileSync("mkfifo", [join(base, "public/pipe")]);
symlinkSync("pipe", join(base, "public/piped.txt"));
const listener = createServer().listen(join(base, "public/socket"));
await once(listener, "listening");

const guard = new Guard({ allowedHosts: null, proxies: new TrustedProxies([]) });
const server = await serve(
  async (app) => {
    await addStaticRoute(app, { url: "/one/", folders: [join(base, "linked")] }, guard);
    await addStaticRoute(app, { url: "/two/", folders: [join(base, "second"), join(base, "public")] }, guard);
  },
  { port: 0, signals: false },
);
afterAll(async () => {
  await server.close();
  listener.close();
  rmSync(base, { recursive: true });
});

/** A request whose target is sent as it is. */
function get(target: string): Promise<string> {
  return sendRaw(server, `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
}

test.each(["style.css", "deep/er/note.txt", ".well-known/security.txt", "inner.css", "inner/er/note.txt"])(
  "%s is served, and not as what it is not",
  async (path) => {
    for (const folder of ["/one/", "/two/"]) {
      const answer = await get(folder + path);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer.toLowerCase()).toContain("x-content-type-options: nosniff");
    }
  },
);

test.each([
  ".env",
  "%2eenv",
  ".git/config",
  "%2egit%2fconfig",
  "deep/.hidden/key.txt",
  "deep/.well-known/other.txt",
  ".well-known/../.env",
  ".well-known/%2e%2e/.env",
  "out.txt",
  "out/secret.txt",
  "out%2fsecret.txt",
  "passwd.txt",
  "deep/er/out.txt",
  "dangling.txt",
  "../secret.txt",
  "..%2fsecret.txt",
  "%2e%2e/secret.txt",
  "%2e%2e%2fsecret.txt",
  "..%5csecret.txt",
  "..\\secret.txt",
  "deep/../../secret.txt",
  "deep/..%2f..%2fsecret.txt",
  "/etc/passwd",
  "//etc/passwd",
  "%2fetc%2fpasswd",
  "style.css%00.txt",
  "%00",
  "%",
  "%zz",
  "%c0%ae%c0%ae/secret.txt",
  "%ff",
  "style.css/",
  "deep",
  "deep/",
  "",
  // Opening a pipe blocks a thread of Node until somebody writes into it: four requests would hold them all.
  "pipe",
  "pipe/",
  "piped.txt",
  "inner/../pipe",
  "socket",
  "a".repeat(300),
  "a/".repeat(3_000),
])("%.40s is refused as a client's mistake", async (path) => {
  for (const folder of ["/one/", "/two/"]) {
    const answer = await get(folder + path);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toMatch(/SECRET|root:|the file/);
    expect(answer).not.toContain(base);
  }
});

test("a link within the folder may lead to a hidden one, as those of Kubernetes's ConfigMaps do", async () => {
  expect(await get("/one/mounted.txt")).toContain("the file public/..data/mounted.txt");
});
