import { type ConstObjectFieldNode, type ConstValueNode, Kind } from "graphql";
import { isExactNumber } from "./exact-numbers.ts";

/** A value of JSON as a literal, numbers digit by digit: graphql-js asks for it where a variable stands within JSON. */
export function toLiteral(value: unknown): ConstValueNode {
  if (isExactNumber(value)) {
    return numberLiteral(value.rawJSON);
  }
  if (Array.isArray(value)) {
    return { kind: Kind.LIST, values: value.map(toLiteral) };
  }
  switch (typeof value) {
    case "string":
      return { kind: Kind.STRING, value };
    case "boolean":
      return { kind: Kind.BOOLEAN, value };
    case "number":
    case "bigint":
      return numberLiteral(String(value));
    case "object":
      return value === null ? { kind: Kind.NULL } : objectLiteral(value);
    default:
      throw new TypeError(`${typeof value} is not JSON`);
  }
}

function objectLiteral(value: object): ConstValueNode {
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => fieldLiteral(name, inner));
  return { kind: Kind.OBJECT, fields };
}

function fieldLiteral(name: string, value: unknown): ConstObjectFieldNode {
  return { kind: Kind.OBJECT_FIELD, name: { kind: Kind.NAME, value: name }, value: toLiteral(value) };
}

function numberLiteral(text: string): ConstValueNode {
  return { kind: /^-?\d+$/.test(text) ? Kind.INT : Kind.FLOAT, value: text };
}
