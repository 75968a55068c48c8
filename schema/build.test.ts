import { buildClientSchema, buildSchema, introspectionFromSchema, printSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { buildExecutableSchema, type SchemaDescription } from "./index.ts";

const description: SchemaDescription = {
  version: 1,
  query: "Query",
  mutation: null,
  subscription: null,
  hasAuth: false,
  types: [
    {
      kind: "object",
      name: "Query",
      description: 'The "root".',
      place: "schema.py:3",
      interfaces: [],
      fields: [
        {
          name: "posts",
          type: "[Post!]!",
          description: null,
          deprecation: null,
          place: "schema.py:4",
          source: { kind: "resolver", pure: true, plan: null },
          args: [
            { name: "state", type: "State!", description: null, deprecation: null, defaultValue: "DRAFT" },
            {
              name: "filter",
              type: "Filter",
              description: null,
              deprecation: null,
              defaultValue: { states: ["DRAFT"], title: "a\nb" },
            },
          ],
        },
      ],
    },
    {
      kind: "object",
      name: "Post",
      description: null,
      place: "schema.py:9",
      interfaces: [],
      fields: [
        {
          name: "at",
          type: "DateTime",
          description: "When.",
          deprecation: "use `published`",
          place: null,
          source: { kind: "column", column: "at" },
          args: [],
        },
        {
          name: "mail",
          type: "Email",
          description: null,
          deprecation: null,
          place: null,
          source: { kind: "column", column: "mail" },
          args: [],
        },
      ],
    },
    {
      kind: "enum",
      name: "State",
      description: null,
      place: null,
      values: [{ name: "DRAFT", value: "draft", description: null, deprecation: null }],
    },
    {
      kind: "input",
      name: "Filter",
      description: null,
      place: null,
      fields: [
        { name: "states", type: "[State!]", description: null, deprecation: null },
        { name: "title", type: "String", description: null, deprecation: null },
      ],
    },
    { kind: "scalar", name: "Email", description: null, place: null, basedOn: "String", specifiedBy: null },
  ],
};

describe("a schema built from its description", () => {
  it("has the types, arguments, defaults and texts of the description", () => {
    const { schema } = buildExecutableSchema("default", description);
    expect(printSchema(schema)).toMatchInlineSnapshot(`
      """"
      A moment in time as RFC 3339 writes it, in UTC: \`2024-05-01T12:30:00Z\`; without a zone, a local time.
      """
      scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")

      """The "root"."""
      type Query {
        posts(state: State! = DRAFT, filter: Filter = { states: [DRAFT], title: "a\\nb" }): [Post!]!
      }

      type Post {
        """When."""
        at: DateTime @deprecated(reason: "use \`published\`")
        mail: Email
      }

      enum State {
        DRAFT
      }

      input Filter {
        states: [State!]
        title: String
      }

      scalar Email"
    `);
  });

  it("knows where fields come from and what enums hold", () => {
    const { fields, enums } = buildExecutableSchema("default", description);
    expect(fields.get("Query.posts")?.source).toEqual({ kind: "resolver", pure: true, plan: null });
    expect(enums.get("State")?.get("draft")).toBe("DRAFT");
  });

  it("converts scalars in both directions", () => {
    const { schema } = buildExecutableSchema("default", description);
    const type = schema.getType("DateTime") as import("graphql").GraphQLScalarType; // declared above
    expect(type.coerceOutputValue("2024-05-01 12:30:00.5+00")).toBe("2024-05-01T12:30:00.5Z");
    expect(() => type.coerceInputValue("yesterday")).toThrow(/2024-05-01T12:30:00Z/);
  });

  it("names the Python place of a mistake", () => {
    const types = description.types.map((type) =>
      type.name === "Query" && type.kind === "object"
        ? { ...type, fields: type.fields.map((field) => ({ ...field, type: "[Pots!]!" })) }
        : type,
    );
    expect(() => buildExecutableSchema("default", { ...description, types })).toThrow(
      expect.objectContaining({ code: "PUFF_SCHEMA_INVALID", place: "schema.py:4" }),
    );
  });
});

describe("the roots of a schema", () => {
  const names = ["Query", "Mutation", "Subscription"];
  const wholly = [
    { query: "Query", mutation: null, subscription: null },
    { query: "Query", mutation: "Mutation", subscription: null },
    { query: "Query", mutation: null, subscription: "Subscription" },
    { query: "Root", mutation: null, subscription: null },
    { query: "Root", mutation: "Query", subscription: "Mutation" },
  ];

  it.each(wholly)("are those that it declares, whatever types are called: %j", (roots) => {
    const types = [...names, "Root"].map((name) => ({
      kind: "object" as const,
      name,
      description: null,
      place: null,
      interfaces: [],
      fields: names.map((field) => ({
        name: field.toLowerCase(),
        type: field,
        description: null,
        deprecation: null,
        place: null,
        args: [],
        source: { kind: "column" as const, column: field },
      })),
    }));
    const { schema } = buildExecutableSchema("default", { ...description, ...roots, types });
    const found = (of: typeof schema) => ({
      query: of.getQueryType()?.name ?? null,
      mutation: of.getMutationType()?.name ?? null,
      subscription: of.getSubscriptionType()?.name ?? null,
    });
    expect(found(schema)).toEqual(roots);
    expect(found(buildSchema(printSchema(schema)))).toEqual(roots);
    expect(found(buildClientSchema(introspectionFromSchema(schema)))).toEqual(roots);
  });
});
