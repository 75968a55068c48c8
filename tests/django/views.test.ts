/** A Django project behind the real server: its pages, its static files, its uploads, its mistakes. */
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { request as rawRequest } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type GatewayOptions, type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { djangoSite } from "../support/servers/django-site.ts";

let sitePackages: string;

beforeAll(async () => {
  sitePackages = await installPackages(["Django==5.2.19"]);
});

async function start(folder: string, options: Partial<GatewayOptions> = {}): Promise<RunningServer> {
  const server = await startServer({
    schemas: [],
    django: { settings: "site_config.settings", folder },
    pythonPath: [sitePackages],
    // Of its own, since each project makes an image, and few are kept.
    cacheFolder: `${sharedCache}-django`,
    environment: {},
    port: 0,
    ...options,
    ...engineOptions(),
  });
  onTestFinished(() => server.close());
  return server;
}

test("pages, static files of apps and of prefixed folders, in development without collecting", async () => {
  const server = await start(djangoSite());
  const page = await ask(server, { url: "/" });
  expect(page).toMatchObject({ status: 200, body: '<link href="/static/shop/style.css">' });
  const style = await ask(server, { url: "/static/shop/style.css" });
  expect(style).toMatchObject({
    status: 200,
    body: "body { color: teal }\n",
    headers: { "content-type": expect.stringContaining("text/css"), "cache-control": "public, max-age=0" },
  });
  expect((await ask(server, { url: "/static/brand/logo.txt" })).body).toBe("a logo\n");
  expect((await ask(server, { url: "/static/nothing.css" })).status).toBe(404);
});

test("in production what collectstatic made is served, hashed names for good", async () => {
  const settings = "from site_config.settings import *\nDEBUG = False\n";
  const folder = djangoSite({ "site_config/production.py": settings });
  mkdirSync(join(folder, "collected"));
  writeFileSync(join(folder, "collected/style.0123456789ab.css"), "hashed");
  const server = await start(folder, { django: { settings: "site_config.production", folder } });
  const style = await ask(server, { url: "/static/style.0123456789ab.css" });
  expect([style.body, style.headers["cache-control"]]).toEqual(["hashed", "public, max-age=31536000, immutable"]);
  expect((await ask(server, { url: "/static/shop/style.css" })).status).toBe(404);
  expect(await ask(server, { url: "/broken" })).toMatchObject({ status: 500, body: expect.not.stringContaining("42") });
});

test("a large upload is spooled to a file, many small writes are one response, Django shows its own error page", async () => {
  const server = await start(djangoSite());
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc';
  const sent = rawRequest(new URL("/upload", server.url), {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=b", "content-length": head.length + 20_000_000 + 9 },
  });
  sent.write(head);
  sent.write(Buffer.alloc(20_000_000));
  sent.end("\r\n--b--\r\n");
  const [response] = await once(sent, "response");
  const [body] = await once(response, "data");
  expect(JSON.parse(String(body))).toEqual({ size: 20_000_003, first: "abc", spooled: true });
  const rows = await ask(server, { url: "/rows" });
  expect([rows.body.split("\r\n").length, rows.headers["content-length"]]).toEqual([10_001, "78890"]);
  const broken = await ask(server, { url: "/broken" });
  expect(broken).toMatchObject({ status: 500, body: expect.stringContaining("the secret is 42") });
  expect(broken.headers["content-type"]).toContain("text/html");
});

test("a schema may import the project's modules, and another application may take the pages' place", async () => {
  const folder = djangoSite({
    "other.py": "def application(environ, start):\n    start('200 OK', [])\n    return [b'other']\n",
    "schema.py": `
from dataclasses import dataclass
from django.conf import settings
from puff.graphql import Context
from shop import views

@dataclass
class Query:
    @classmethod
    def root_urlconf(cls, ctx: Context, /) -> str:
        return settings.ROOT_URLCONF

@dataclass
class Schema:
    query: Query
`,
  });
  const server = await start(folder, { schemas: [{ spec: join(folder, "schema.py") }], wsgi: "other" });
  const answer = await ask(server, { body: { query: "{ root_urlconf }" } });
  expect(JSON.parse(answer.body)).toEqual({ data: { root_urlconf: "site_config.urls" } });
  expect((await ask(server, { url: "/" })).body).toBe("other");
});

describe("a project that does not load is refused at start", () => {
  test.each([
    ["a missing module", "SECRET_KEY = 1", "nowhere.settings", "No module named 'nowhere'"],
    ["settings that raise", "1 / 0", "site_config.settings", "ZeroDivisionError"],
    ["an app that is missing", "INSTALLED_APPS = ['absent']", "site_config.settings", "No module named 'absent'"],
  ])("%s", async (_, settings, name, message) => {
    const folder = djangoSite({ "site_config/settings.py": settings });
    const failure = await start(folder, { django: { settings: name, folder } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "PUFF_DJANGO_SETTINGS", message: expect.stringContaining(message) });
  });

  test("without Django installed", async () => {
    const failure = await start(djangoSite(), { pythonPath: [] }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "PUFF_DJANGO_SETTINGS", remedy: expect.stringContaining("Install django") });
  });
});
