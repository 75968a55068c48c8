import fc from "fast-check";
import {
  buildSchema,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OverlappingFieldsCanBeMergedRule,
  parse,
  validate,
} from "graphql";
import { describe, expect, it } from "vitest";
import { findOverlap } from "./overlapping-fields.ts";

const schema = buildSchema(`
  interface Being { name: String, size: Int, friend: Being, friends: [Being!] }
  type Cat implements Being { name: String, size: Int, friend: Being, friends: [Being!], lives: Int!, x(a: Int, b: [Int]): String }
  type Dog implements Being { name: String, size: Int, friend: Being, friends: [Being!], lives: Int, x(a: Int, b: [Int]): Int }
  type Query { being: Being, cat: Cat, dog: Dog, x(a: Int, b: [Int]): String, size: Int }
`);

/** By type: what can be selected of it. */
const fields: { readonly [type: string]: { readonly [field: string]: string | null } } = {
  Query: { being: "Being", cat: "Cat", dog: "Dog", x: null, size: null },
  Being: { name: null, size: null, friend: "Being", friends: "Being" },
  Cat: { name: null, size: null, friend: "Being", friends: "Being", lives: null, x: null },
  Dog: { name: null, size: null, friend: "Being", friends: "Being", lives: null, x: null },
};

const below: { readonly [type: string]: readonly string[] } = {
  Query: ["Query"],
  Being: ["Being", "Cat", "Dog"],
  Cat: ["Being", "Cat"],
  Dog: ["Being", "Dog"],
};

function selectionSet(type: string, depth: number): fc.Arbitrary<string> {
  const names = Object.keys(fields[type] ?? {});
  const field = fc
    .record({
      name: fc.constantFrom(...names),
      alias: fc.constantFrom("", "", "", "k: ", "size: "),
      args: fc.constantFrom("", "", "(a: 1)", "(a: 1, b: [2])", "(b: [2], a: 1)"),
    })
    .chain(({ name, alias, args }) => {
      const inner = fields[type]?.[name] ?? null;
      const head = `${alias}${name}${name === "x" ? args : ""}`;
      if (inner === null) {
        return fc.constant(head);
      }
      return depth === 0 ? fc.constant("__typename") : selectionSet(inner, depth - 1).map((set) => `${head} ${set}`);
    });
  const inline =
    depth === 0
      ? field
      : fc
          .constantFrom(...(below[type] ?? []))
          .chain((condition) => selectionSet(condition, depth - 1).map((set) => `... on ${condition} ${set}`));
  const spread = fc.constantFrom(...(below[type] ?? [])).map((condition) => `...On${condition}`);
  return fc
    .array(
      fc.oneof({ weight: 4, arbitrary: field }, { weight: 2, arbitrary: inline }, { weight: 1, arbitrary: spread }),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((selections) => `{ ${selections.join(" ")} }`);
}

/** A selection of each type that the fragments' own may not spread, so that there is no cycle. */
const fragmentSet = (type: string) => selectionSet(type, 2).map((set) => set.replaceAll(/\.\.\.On\w+/g, "__typename"));

const documents = fc
  .tuple(selectionSet("Query", 4), ...Object.keys(fields).map((type) => fragmentSet(type)))
  .map(([operation, ...sets]) =>
    [operation, ...Object.keys(fields).map((type, index) => `fragment On${type} on ${type} ${sets[index]}`)].join("\n"),
  );

function overlapOf(text: string, most = Number.POSITIVE_INFINITY): string | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of parse(text).definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      operations.push(definition);
    }
  }
  let left = most;
  const spend = () => {
    left -= 1;
    if (left < 0) {
      throw new Error("too many steps");
    }
  };
  const [operation] = operations;
  return operation === undefined ? null : (findOverlap({ schema, fragments, spend }, operation)?.message ?? null);
}

describe("fields that overlap", () => {
  it("are those that graphql-js finds", () => {
    let found = 0;
    fc.assert(
      fc.property(documents, (text) => {
        const spread = /^[^\n]*/.exec(text)?.[0] ?? "";
        const used = text
          .split("\n")
          .filter((line) => !line.startsWith("fragment") || spread.includes(`...${line.split(" ")[1]}`))
          .join("\n");
        const errors = validate(schema, parse(used), [OverlappingFieldsCanBeMergedRule]);
        found += errors.length > 0 ? 1 : 0;
        expect(overlapOf(used) !== null, used).toBe(errors.length > 0);
      }),
      { numRuns: 500, seed: 20261130 },
    );
    expect(found).toBeGreaterThan(50);
    expect(found).toBeLessThan(450);
  });

  it.each([
    ["{ size: x size }"],
    ["{ x(a: 1) x(a: 2) }"],
    ["{ cat { x } cat { x(a: 1) } }"],
    ["{ cat { friend { name } } cat { friend { name: size } } }"],
    ["{ being { ... on Cat { lives } ... on Dog { lives } } }"],
    ["{ being { ... on Cat { friend { k: name } } ... on Dog { friend { k: size } } } }"],
  ])("tell of %s as graphql-js does", (text) => {
    expect(overlapOf(text)).toBe(validate(schema, parse(text), [OverlappingFieldsCanBeMergedRule])[0]?.message);
  });

  it("take steps in proportion to the document", () => {
    const same = `{ ${"cat { lives } ".repeat(2000)} }`;
    const nested = `{ ${"cat { friend { name } } ".repeat(1000)} }`;
    expect(overlapOf(same, 4000)).toBeNull();
    expect(overlapOf(nested, 3000)).toBeNull();
  });
});
