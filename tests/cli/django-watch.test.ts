/** `--watch` on a Django project, and what its developer sees of mistakes. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const files = {
  "puff.toml": "django = true\n",
  "site_config/urls.py": `
from django.urls import path
from shop import views
from shop.api.views import label
urlpatterns = [path("", views.index), path("broken", views.broken), path("label", label)]
`,
  "shop/models.py": `
from django.db import models

class Thing(models.Model):
    name = models.CharField("the name", max_length=10)
`,
  "shop/api/__init__.py": "",
  "shop/api/views.py": `
from django.conf import settings
from django.http import HttpResponse
from shop.models import Thing

def label(request):
    return HttpResponse(f"{Thing._meta.get_field('name').verbose_name} of {settings.OWNER}")
`,
};

let database: TestDatabase;
let folder: string;
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = writeDjangoSite(files);
  edit("site_config/settings.py", "DEBUG = True", 'DEBUG = True\nOWNER = "Ada"');
  const packages = await installPackages(["Django==5.2.19"]);
  const environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: packages };
  serving = await serveCommand(["--watch"], { cwd: folder, environment });
});

afterAll(async () => {
  await serving.stop();
  rmSync(folder, { recursive: true });
  await database.drop();
});

function edit(file: string, before: string, after: string): void {
  const text = readFileSync(join(folder, file), "utf8");
  expect(text).toContain(before);
  writeFileSync(join(folder, file), text.replace(before, after));
}

async function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(serving.url + path, { headers: { accept: "text/html" } });
  return { status: response.status, body: await response.text() };
}

test("a view, a model, the settings and a template are as they were saved, in the next request", async () => {
  expect((await get("/label")).body).toBe("the name of Ada");
  edit("shop/models.py", "the name", "a name");
  await serving.printed("loaded models.py in");
  expect((await get("/label")).body).toBe("a name of Ada");
  edit("site_config/settings.py", '"Ada"', '"Bea"');
  await serving.printed("loaded settings.py in");
  expect((await get("/label")).body).toBe("a name of Bea");
  edit("shop/api/views.py", " of ", " by ");
  await serving.printed("loaded views.py in");
  expect((await get("/label")).body).toBe("a name by Bea");
  expect((await get("/")).body).toContain("<link");
  edit("shop/templates/index.html", "<link", "<link data-new");
  await serving.printed("loaded index.html in");
  expect((await get("/")).body).toContain("<link data-new");
});

test.each([
  ["shop/views.py", "def index(request)", "def index(request", "shop/views.py:7: '(' was never closed"],
  ["site_config/urls.py", "views.index", "views.absent", "site_config/urls.py:5: importing"],
  ["site_config/settings.py", 'OWNER = "Bea"', "OWNER = nobody", "site_config/settings.py:5: importing"],
])("a mistake in %s is named with its line, and what served before goes on", async (file, before, after, message) => {
  edit(file, before, after);
  await serving.printed(`can't be loaded; the last good version stays in service: ${message}`);
  expect((await get("/label")).body).toBe("a name by Bea");
  edit(file, after, before);
  await serving.printed("loaded ");
  expect((await get("/label")).body).toBe("a name by Bea");
});

test("an exception is Django's page with the view's file and line, and its traceback is in the log once", async () => {
  const start = serving.output().length;
  const page = await get("/broken");
  expect(page.status).toBe(500);
  const text = page.body.replaceAll(/<[^>]*>|\s+/g, " ").replaceAll(/ +/g, " ");
  expect(text).toMatch(/ValueError at \/broken .* the secret is 42/);
  expect(text).toMatch(/Exception Location: \S+\/shop\/views\.py , line 16, in broken/);
  expect(text).toMatch(/Raised during: shop\.views\.broken/);
  expect(text).toMatch(/raise ValueError\((&quot;|")the secret is 42/);
  await serving.printed("ValueError: the secret is 42");
  expect(serving.output().slice(start).split("ValueError: the secret is 42").length).toBe(2);
  expect(await get("/absent")).toMatchObject({
    status: 404,
    body: expect.stringContaining("tried these URL patterns"),
  });
});
