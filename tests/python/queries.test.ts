/** Django QuerySets and SQLAlchemy statements as plans. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Arguments, ResolveResult, ResolverCall } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";
import { installPackages } from "../support/python/python-packages.ts";

let python: TestPython;

beforeAll(async () => {
  const packages = ["django==5.2.*", "asgiref==3.*", "sqlparse==0.*", "sqlalchemy==2.0.*", "typing_extensions==4.*"];
  python = await TestPython.start(await installPackages(...packages));
});
afterAll(() => python.close());

const symbol = (argument: string, as: string) => ({ argument, as });
const parents = { parent: "id" };

const models = `
import django
from django.conf import settings
if not settings.configured:
    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    django.setup()
from django.db import models
from django.db.models import Q
from django.apps import apps
if "item" not in apps.all_models["shop"]:
    class Item(models.Model):
        title = models.TextField()
        price = models.IntegerField()
        class Meta:
            app_label = "shop"
            db_table = "item"
    class Review(models.Model):
        item = models.ForeignKey(Item, models.CASCADE)
        body = models.TextField()
        class Meta:
            app_label = "shop"
            db_table = "review"
Item, Review = apps.all_models["shop"]["item"], apps.all_models["shop"]["review"]
`;

const tables = `
import sqlalchemy as sa
metadata = sa.MetaData()
item = sa.Table("item", metadata, sa.Column("id", sa.Integer), sa.Column("title", sa.Text), sa.Column("price", sa.Integer))
review = sa.Table("review", metadata, sa.Column("id", sa.Integer), sa.Column("item_id", sa.Integer))
`;

async function plan(
  before: string,
  expression: string,
  args: Arguments = { a: 5, b: "x" },
  parentsGiven: ResolverCall["parents"] = "symbols",
): Promise<ResolveResult> {
  await python.description(`${prelude}${before}
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /, a: int = 0, b: str = "", c: list[int] = []) -> list[Post]:
        return ${expression}
@dataclass
class Schema:
    query: Query
`);
  return python.resolve("Query.it", { args, parents: parentsGiven, selection: {}, trace: true });
}

describe("a QuerySet", () => {
  const all = 'SELECT "item"."id", "item"."title", "item"."price" FROM "item"';

  test.each<[expression: string, where: string, params: unknown[]]>([
    ["Item.objects.filter(price__gt=a)", '"item"."price" > ($1)', [symbol("a", "int")]],
    [
      "Item.objects.filter(price=a, title=b)",
      '("item"."price" = ($1) AND "item"."title" = ($2))',
      [symbol("a", "int"), symbol("b", "str")],
    ],
    ["Item.objects.exclude(price=a)", 'NOT ("item"."price" = ($1))', [symbol("a", "int")]],
    [
      "Item.objects.filter(Q(price=a) | Q(price=7))",
      '("item"."price" = ($1) OR "item"."price" = $2)',
      [symbol("a", "int"), [23, "7"]],
    ],
    [
      "Item.objects.filter(price__in=c)",
      '"item"."price" IN ($1, $2)',
      [
        [23, "1"],
        [23, "2"],
      ],
    ],
    ["Item.objects.none()", "0 = 1", []],
  ])("%s", async (expression, where, params) => {
    expect(await plan(models, expression, { a: 5, b: "x", c: [1, 2] })).toMatchObject({
      kind: "traced",
      looked: [],
      plan: { text: `${all} WHERE ${where}`, params },
    });
  });

  test("matches texts as Django does, with a symbol", async () => {
    const result = await plan(models, "Item.objects.filter(title__icontains=b)");
    expect(result).toMatchObject({ kind: "traced", looked: [], plan: { params: [symbol("b", "str")] } });
    expect(result.kind === "traced" && result.plan.text).toMatch(/LIKE '%' \|\| .*\(\$1\), .* \|\| '%' ESCAPE/);
  });

  test("is correlated by the parents that it is filtered by", async () => {
    expect(
      await plan(models, 'Review.objects.filter(item_id__in=ctx.parents["id"], body=b).order_by("id")'),
    ).toMatchObject({
      kind: "traced",
      plan: {
        text: 'SELECT "review"."id", "review"."item_id", "review"."body" FROM "review" WHERE ("review"."body" = ($1) AND "review"."item_id" IN (SELECT unnest($2))) ORDER BY "review"."id" ASC',
        params: [symbol("b", "str"), parents],
        parentKeys: ["id"],
        childKeys: ["item_id"],
      },
    });
  });

  test("is sliced by a value, for which the plan is kept", async () => {
    expect(await plan(models, "Item.objects.all()[:a]")).toMatchObject({
      kind: "traced",
      looked: ["a"],
      plan: { text: `${all} LIMIT 5`, params: [] },
    });
  });
});

describe("SQLAlchemy's select()", () => {
  test.each<[expression: string, rest: string, params: unknown[]]>([
    ["sa.select(item).where(item.c.price > a)", "WHERE item.price > $1", [symbol("a", "int")]],
    [
      "sa.select(item).where(item.c.price == a, item.c.title == b)",
      "WHERE item.price = $1 AND item.title = $2",
      [symbol("a", "int"), symbol("b", "str")],
    ],
    [
      "sa.select(item).where(sa.or_(item.c.price == a, item.c.price == 7))",
      "WHERE item.price = $1 OR item.price = $2",
      [symbol("a", "int"), [23, "7"]],
    ],
    [
      "sa.select(item).where(item.c.price.in_(c))",
      "WHERE item.price IN ($1, $2)",
      [
        [23, "1"],
        [23, "2"],
      ],
    ],
    [
      "sa.select(item).where(item.c.title.contains(b))",
      "WHERE (item.title LIKE '%' || $1 || '%')",
      [symbol("b", "str")],
    ],
    ["sa.select(item).limit(a)", "LIMIT $1", [symbol("a", "int")]],
  ])("%s", async (expression, rest, params) => {
    const result = await plan(tables, expression, { a: 5, b: "x", c: [1, 2] });
    expect(result).toMatchObject({ kind: "traced", looked: [], plan: { params } });
    expect(result.kind === "traced" && result.plan.text.replaceAll(/\s+/g, " ")).toBe(
      `SELECT item.id, item.title, item.price FROM item ${rest}`,
    );
  });

  test.each(['sql(QUERY).on(id="item_id")', '(..., QUERY, ["id"], ["item_id"])'])("is correlated: %s", async (form) => {
    const query = 'sa.select(review).where(review.c.item_id.in_(ctx.parents["id"]))';
    const result = await plan(tables, form.replace("QUERY", query));
    expect(result).toMatchObject({
      kind: "traced",
      plan: { params: [parents], parentKeys: ["id"], childKeys: ["item_id"] },
    });
    expect(result.kind === "traced" && result.plan.text.replaceAll(/\s+/g, " ")).toBe(
      "SELECT review.id, review.item_id FROM review WHERE review.item_id IN (SELECT unnest($1) AS unnest_1)",
    );
  });
});

test("what has its parameters in itself takes no others", async () => {
  expect(await plan(tables, "sql(sa.select(item), 5)")).toMatchObject({
    kind: "failure",
    error: { code: "PUFF_PLAN_INVALID", message: expect.stringContaining("takes no others") },
  });
});
