import { buildSchema, getVariableValues, type OperationDefinitionNode, parse } from "graphql";
import { expect, test } from "vitest";
import { parseExact } from "../../schema/index.ts";
import { readInputs } from "./exact-inputs.ts";

const schema = buildSchema(`
  input Box { size: Int, inner: Box, boxes: [Box] }
  type Query { it(float: Float, int: Int, box: Box, boxes: [Box]): Int }
`);
const baseScalars = new Map(["Int", "Float", "String", "Boolean", "ID"].map((name) => [name, name]));

/** What a client is told of a variable. */
function refusals(type: string, json: string): readonly string[] {
  const document = parse(`query($v: ${type}) { __typename }`);
  const { variableDefinitions = [] } = document.definitions[0] as OperationDefinitionNode;
  const sent = parseExact(`{"v":${json}}`) as { readonly v: unknown };
  const inputs = readInputs({ schema, baseScalars }, variableDefinitions, sent);
  const { errors = [] } = getVariableValues(schema, variableDefinitions, inputs, { maxErrors: 20 });
  return errors.map(({ message }) => message);
}

test.each([
  ["Float", "1e400", 'Float cannot represent non numeric value: "1e400"'],
  ["Float", "-1e999", 'Float cannot represent non numeric value: "-1e999"'],
  ["Int", "1e400", 'Int cannot represent non-integer value: "1e400"'],
])("%s %s is refused as the client wrote it", (type, json, message) => {
  expect(refusals(type, json)).toEqual([`Variable "$v" has invalid value: ${message}`]);
});

const many = (item: string) => `{${Array.from({ length: 1000 }, (_, index) => `"key${index}":${item}`).join()}}`;

test.each([
  ["in one object", "Box", many("1")],
  ["in an object of an object", "Box", `{"inner":${many("1")}}`],
  ["in a list", "[Box]", `[${many("1")},${many("2")}]`],
  ["with objects in them", "Box", many('{"a":{"b":[1,2,3]}}')],
])("a thousand unknown fields %s are refused by the first few", (_, type, json) => {
  const messages = refusals(type, json);
  expect(messages[0]).toMatch(/ not to include unknown field "key0"/);
  expect(messages.join("").length).toBeLessThan(2000);
});

test("a few unknown fields are each refused", () => {
  expect(refusals("Box", '{"size":1,"a":2,"b":3}')).toEqual([
    expect.stringContaining('unknown field "a", found: { size: 1, a: 2, b: 3 }'),
    expect.stringContaining('unknown field "b", found: { size: 1, a: 2, b: 3 }'),
  ]);
});
