/** The same documents, put to strawberry-django on native CPython and to the gateway, get the same answers. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import {
  type Ask,
  answersTo,
  type CollectionAnswer,
  collectionDocuments,
  mendedAnswers,
  type NativeSchema,
  prepareLibrary,
  projectFolder,
  startNativeSchema,
} from "../support/collections.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let database: TestDatabase;
let native: NativeSchema;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareLibrary(database.url);
  native = await startNativeSchema(database.url);
  server = await startServer({
    schemas: [
      { spec: `${projectFolder}/puff_schema.py`, camelCase: true },
      { name: "groups", spec: `${projectFolder}/groups_schema.py`, url: "/groups" },
    ],
    django: { settings: "project_settings", folder: projectFolder },
    databases: [{ name: "default", url: database.url }],
    pythonPath: [projectFolder, await installPackages(["Django==5.2.19"])],
    cacheFolder: `${sharedCache}-django`,
    environment: {},
    limits: { poolSize: 2 },
    port: 0,
    logger: pino({ level: "silent" }),
  });
});

afterAll(async () => {
  await server?.close();
  native?.close();
  await database.drop();
});

const askGateway: Ask = async (query, variables) =>
  JSON.parse((await ask(server, { body: { query, variables } })).body);

test.each(collectionDocuments())("$name", async (document) => {
  const [original, ours] = await Promise.all([answersTo(document, native.ask), answersTo(document, askGateway)]);
  const mended = mendedAnswers(document);
  if (mended !== null) {
    expect(original, "the original still answers otherwise").not.toEqual(mended);
  }
  expect(ours).toEqual(mended ?? original);
});

/** Each with the same by Django's ORM: rows of the values in the order in which the document names them. */
const groups: readonly (readonly [path: string, query: string, orm: string])[] = [
  [
    "books.groupedAggregates",
    "{ books { groupedAggregates(groupBy: [AVAILABLE]) { keys { available } count sum { pages price } avg { rating price } } } }",
    `Book.objects.order_by().values_list("available").annotate(n=Count("*"), a=Cast(Sum("pages"), CharField()), b=Sum("price"), c=Avg("rating"), d=Avg("price")).order_by(F("available").asc(nulls_last=True))`,
  ],
  [
    "books.groupedAggregates",
    `{ books(filters: { pages: { gt: 50 } }) { groupedAggregates(groupBy: [CREATED_AT_MONTH, AVAILABLE],
      ordering: [{ count: DESC }, { keys: { created_at_month: DESC } }])
      { keys { created_at_month available } count min { created_at } countDistinct { publisher_id } } } }`,
    `Book.objects.filter(pages__gt=50).order_by().values_list(TruncMonth("created_at", output_field=DateField()), "available")
      .annotate(n=Count("*"), a=Min("created_at"), b=Count("publisher_id", distinct=True))
      .order_by("-n", TruncMonth("created_at", output_field=DateField()).desc(), F("available").asc(nulls_last=True))`,
  ],
  [
    "books.groupedAggregates",
    `{ books { groupedAggregates(groupBy: [PUBLISHED_YEAR], having: { count: { gte: 2 }, avg: { pages: { lt: 200 } } },
      ordering: [{ avg: { pages: DESC_NULLS_LAST } }], pagination: { offset: 1, limit: 2 }) { keys { published_year } avg { pages } } } }`,
    `Book.objects.order_by().values_list(TruncYear("published")).annotate(a=Avg("pages")).alias(n=Count("*"))
      .filter(n__gte=2, a__lt=200).order_by(F("a").desc(nulls_last=True), TruncYear("published").asc(nulls_last=True))[1:3]`,
  ],
  [
    "books.groupedAggregates",
    "{ books { groupedAggregates(groupBy: [CREATED_AT_DAY]) { keys { created_at_day } count } } }",
    `Book.objects.order_by().values_list(TruncDay("created_at", output_field=DateField())).annotate(n=Count("*")).order_by(TruncDay("created_at", output_field=DateField()))`,
  ],
  [
    "books.groupedAggregates",
    "{ books { groupedAggregates(groupBy: [CREATED_AT_HOUR]) { keys { created_at_hour } count } } }",
    `Book.objects.order_by().values_list(TruncHour("created_at")).annotate(n=Count("*")).order_by(TruncHour("created_at"))`,
  ],
  [
    "books.groupedAggregates",
    `{ books { groupedAggregates(groupBy: [PUBLISHED_WEEK], having: { OR: [{ min: { published: { lt: "2000-01-01" } } }, { max: { created_at: { gte: "2024-01-01T00:00:00" } } }] })
      { keys { published_week } count } } }`,
    `Book.objects.order_by().values_list(TruncWeek("published")).annotate(n=Count("*")).alias(a=Min("published"), b=Max("created_at"))
      .filter(Q(a__lt="2000-01-01") | Q(b__gte="2024-01-01T00:00:00-05:00")).order_by(TruncWeek("published").asc(nulls_last=True))`,
  ],
  [
    "books.groupedAggregates",
    `{ books(filters: { title: { exact: "there is none" } }) { groupedAggregates(groupBy: [STATUS]) { count } } }`,
    "Book.objects.none()",
  ],
  [
    "sold.groupedAggregates",
    "{ sold(factor: 3) { groupedAggregates(groupBy: [REGION], ordering: [{ sum: { cents: DESC } }]) { keys { region } sum { cents } } } }",
    `Book.objects.order_by().values_list(Case(When(id__in=range(0, 10000, 3), then=Value("a")), default=Value("b"))).annotate(s=Cast(Sum(F("id") * 3), CharField())).alias(t=Sum("id")).order_by("-t")`,
  ],
];

test.each(groups)("groups as Django's ORM has them: %#", async (path, query, orm) => {
  const { data, errors } = await askGroups(query);
  expect(errors).toBeUndefined();
  const found = path.split(".").reduce((value, key) => (value as { readonly [name: string]: unknown })[key], data);
  expect(rowsOf(found)).toEqual(await native.orm(orm));
});

test("groups of each parent as Django's ORM has them", async () => {
  const ofReviews =
    "groupedAggregates(groupBy: [APPROVED, STARS], having: { count: { gt: 1 } }) { keys { approved stars } count max { body written_at } }";
  const ofTags = "books { groupedAggregates(groupBy: [STATUS], ordering: [{ count: DESC }]) { count sum { pages } } }";
  const { data, errors } = await askGroups(`{ reviewed { id reviews { ${ofReviews} } } tags { word ${ofTags} } }`);
  expect(errors).toBeUndefined();
  const { reviewed, tags } = data as { readonly [field: string]: readonly { readonly [name: string]: never }[] };
  const flat = (parents: readonly { readonly [name: string]: never }[] = [], key: string, its: string) =>
    parents.flatMap((parent) => rowsOf(parent[its]?.["groupedAggregates"]).map((row) => [parent[key], ...(row as [])]));
  expect(flat(reviewed, "id", "reviews")).toEqual(
    await native.orm(`Review.objects.order_by().values_list(Cast("book_id", CharField()), "approved", "stars")
      .annotate(n=Count("*"), a=Max("body"), b=Max("written_at")).filter(n__gt=1)
      .order_by("book_id", F("approved").asc(nulls_last=True), "stars")`),
  );
  expect(flat(tags, "word", "books")).toEqual(
    await native.orm(`Tag.objects.order_by().filter(books__isnull=False).values("word", "books__status")
      .annotate(n=Count("*"), a=Cast(Sum("books__pages"), CharField())).order_by("word", "-n", "books__status").values_list("word", "n", "a")`),
  );
});

async function askGroups(query: string): Promise<CollectionAnswer> {
  return JSON.parse((await ask(server, { url: "/groups", body: { query } })).body);
}

/** Of each object the values of its leaves, in their order. */
function rowsOf(objects: unknown): unknown[] {
  const leaves = (value: unknown): unknown[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [value];
  return (objects as object[]).map(leaves);
}
