/** The scalar `JSON`: any JSON value, as a variable or as a literal. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { fitsDouble, isExactNumber, MOST_DIGITS } from "./exact-numbers.ts";
import type { JsonValue } from "./json.ts";
import { toLiteral } from "./literals.ts";

export const jsonScalar = new GraphQLScalarType({
  name: "JSON",
  description: "Any JSON value.",
  coerceOutputValue: (value) => value,
  coerceInputValue: (value) => {
    check(value);
    return value;
  },
  coerceInputLiteral: (node) => literalValue(node),
  valueToLiteral: toLiteral,
});

/** Throws where a value would cross to Python, or to Postgres, as another: JSON has neither NaN nor functions. */
function check(value: unknown): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") {
    return;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) {
      throw new GraphQLError(`JSON cannot represent non-finite number: ${value}`);
    }
  } else if (isExactNumber(value)) {
    checkNumber(value.rawJSON);
  } else if (Array.isArray(value)) {
    value.forEach(check);
  } else if (isPlain(value)) {
    Object.values(value).forEach(check);
  } else {
    throw new GraphQLError(`JSON cannot represent a value of type ${nameType(value)}`);
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function nameType(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : typeof value;
}

function literalValue(node: ValueNode): JsonValue {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return numberOf(node.value, node);
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.LIST:
      return node.values.map(literalValue);
    case Kind.OBJECT: {
      const fields: { [name: string]: JsonValue } = Object.create(null); // a field may be named __proto__
      for (const { name, value } of node.fields) {
        fields[name.value] = literalValue(value);
      }
      return fields;
    }
    case Kind.VARIABLE:
      throw new GraphQLError("JSON cannot represent a variable"); // graphql-js has put its value there
  }
}

function numberOf(text: string, node: ValueNode): JsonValue {
  checkNumber(text, node);
  const value = Number(text);
  return String(value) === text ? value : JSON.rawJSON(text);
}

function checkNumber(text: string, node?: ValueNode): void {
  if (text.length > MOST_DIGITS || !fitsDouble(text)) {
    const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
    throw new GraphQLError(
      `JSON cannot represent number that no double holds: ${shown}`,
      node === undefined ? {} : { nodes: node },
    );
  }
}
