/** A small Django project without a database, written into a folder of the test's own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

const files = {
  "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_config.settings")\n',
  "site_config/__init__.py": "",
  "site_config/settings.py": `
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
DEBUG = True
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "site_config.urls"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [("brand", BASE_DIR / "brand")]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
`,
  "site_config/urls.py": `
from django.urls import path
from shop import views
urlpatterns = [
    path("", views.index), path("upload", views.upload), path("broken", views.broken), path("rows", views.rows),
]
`,
  "shop/__init__.py": "",
  "shop/static/shop/style.css": "body { color: teal }\n",
  "shop/templates/index.html": '{% load static %}<link href="{% static "shop/style.css" %}">',
  "shop/views.py": `
import csv, os
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

def index(request):
    return render(request, "index.html")

@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"size": file.size, "first": file.read(3).decode(), "spooled": hasattr(file, "temporary_file_path")})

def broken(request):
    raise ValueError("the secret is 42")

def rows(request):
    response = HttpResponse(content_type="text/csv")
    csv.writer(response).writerows([[row, "x"] for row in range(10_000)])
    return response
`,
  "shop/management/__init__.py": "",
  "shop/management/commands/__init__.py": "",
  "shop/management/commands/talk.py": `
import getpass, sys
from django.core.management.base import BaseCommand, CommandError

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--end", default="")

    def handle(self, *args, end, **options):
        self.stdout.write(f"terminal: {sys.stdin.isatty()}")
        name = input("name? ")
        self.stdout.write(f"hello {name}")
        if end == "error":
            raise CommandError("no more", returncode=7)
        if end == "bug":
            raise ZeroDivisionError("oops")
        if end == "exit":
            sys.exit("enough")
`,
  "brand/logo.txt": "a logo\n",
};

/** Writes the project, with other contents for some of its files, and gives its folder, which goes with the test. */
export function djangoSite(changes: { readonly [file: string]: string } = {}): string {
  const folder = writeDjangoSite(changes);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The same, for the caller to delete. */
export function writeDjangoSite(changes: { readonly [file: string]: string } = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-django-")));
  for (const [name, text] of Object.entries({ ...files, ...changes })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
