/** A wrong password, in the gateway's database URL and in a Django project's settings. */
import { afterAll, describe, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { runCommand, serveCommand } from "../support/servers/command.ts";
import { djangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase } from "../support/servers/postgres.ts";

const database = await createTestDatabase();
const wrong = new URL(database.url);
wrong.password = "s3cret";

afterAll(() => database.drop());

const project = (settings: object) => ({
  "puff.toml": "django = true\n",
  "site_config/settings.py": `
DATABASES = {"default": ${JSON.stringify({ ENGINE: "django.db.backends.postgresql", ...settings })}}
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes"]
ROOT_URLCONF = "site_config.urls"
`,
  "site_config/urls.py": `
from django.urls import path
from shop import views
urlpatterns = [path("", views.index)]
`,
  "shop/views.py": `
from django.db import connection
from django.http import HttpResponse

def index(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("one")
`,
});

// A server of the tests' own asks for a password; another may trust who connects from the same machine.
describe.skipIf(process.env["TEST_DATABASE_URL"] !== undefined)("a wrong password", () => {
  test.each([
    ["django", "migrate"],
    ["--port", "0"],
  ])("in the gateway's database URL fails the start: %s %s", async (...args) => {
    const cwd = djangoSite(project({ NAME: "default" }));
    const environment = { DATABASE_URL: wrong.href, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
    const place = `postgres://${wrong.username}@${wrong.host}${wrong.pathname}`;
    expect(await runCommand(args, { cwd, environment })).toEqual({
      code: 1,
      stdout: "",
      stderr: `✗ ${place}: password authentication failed. Correct the user and the password in the URL. [PUFF_DATABASE_UNAVAILABLE]\n`,
    });
  });

  test("in the settings fails a command with one sentence, and a view with an error that the log tells", async () => {
    const cwd = djangoSite(
      project({
        NAME: wrong.pathname.slice(1),
        HOST: wrong.hostname,
        PORT: wrong.port,
        USER: wrong.username,
        PASSWORD: wrong.password,
      }),
    );
    const environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
    const refusal =
      `connection to server at "${wrong.hostname}", port ${wrong.port} failed: ` +
      `FATAL: password authentication failed for user "${wrong.username}"`;
    expect(await runCommand(["django", "migrate"], { cwd, environment })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `✗ DATABASES of site_config.settings: ${refusal}. Correct it there, or start the server; ` +
        "--traceback shows who asked for it. [PUFF_DATABASE_UNAVAILABLE]\n",
    });
    const serving = await serveCommand([], { cwd, environment });
    const answer = await ask(serving, { url: "/" });
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("password");
    await serving.printed("password authentication failed for user");
    expect((await serving.stop()).code).toBe(0);
  });
});
