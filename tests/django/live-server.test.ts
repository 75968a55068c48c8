/** Tests that ask their own Django over HTTP: the live servers of Django and of pytest-django. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { runCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const site = {
  "site_config/settings.py": `
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
TEST = {"NAME": "test_live_server"}
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default", "TEST": TEST}}
INSTALLED_APPS = ["django.contrib.sessions", "django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
SECRET_KEY = "only for tests"
ROOT_URLCONF = "site_config.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
`,
  "site_config/urls.py": `
from django.urls import path
from shop import views
names = ["things", "token", "visits", "together", "broken", "never"]
urlpatterns = [path(name, getattr(views, name)) for name in names]
`,
  "shop/models.py": `
from django.db import models

class Thing(models.Model):
    name = models.TextField()
`,
  "shop/views.py": `
import threading
from django.http import JsonResponse
from django.middleware.csrf import get_token
from shop.models import Thing

both, never_asked = threading.Barrier(2), threading.Event()

def answer(value):
    return JsonResponse(value, safe=False)

def things(request):
    if request.method == "POST":
        Thing.objects.create(name=request.POST["name"])
    return answer(list(Thing.objects.order_by("id").values_list("name", flat=True)))

def token(request):
    return answer(get_token(request))

def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return answer(request.session["visits"])

def together(request):
    both.wait(10)
    return answer("together")

def broken(request):
    raise ValueError("the view's")

def never(request):
    never_asked.set()
    threading.Event().wait()
`,
  "shop/tests.py": readFileSync(join(import.meta.dirname, "../support/python/live_server_cases.py"), "utf8"),
};

let database: TestDatabase;
let environment: { readonly [name: string]: string };
let folder: string;

beforeAll(async () => {
  const packages = await installPackages(["Django==5.2.19", "pytest==9.*", "pytest-django==4.*"]);
  database = await createTestDatabase();
  environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: packages };
  folder = writeDjangoSite(site);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

test("Django's test cases find their live server", async () => {
  const outcome = await runCommand(["django", "test", "--noinput"], { cwd: folder, environment });
  expect(outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/Ran 9 tests in .*\n\nOK\n/) });
});

test("pytest-django's fixture finds it, too", async () => {
  const args = ["--django", "site_config.settings", "pytest", "-q", "shop/tests.py"];
  const outcome = await runCommand(args, { cwd: folder, environment });
  expect(outcome).toEqual({ code: 0, stdout: expect.stringMatching(/\n10 passed in .*\n$/), stderr: "" });
});
