/** Prints a schema description in GraphQL's schema definition language. */
import { Kind, parseType, type TypeNode } from "graphql";
import type { ArgumentDescription, FieldDescription, SchemaDescription, TypeDescription } from "./description.ts";
import type { JsonValue } from "./scalars/json.ts";

/** The description in SDL, with the built-in scalars that it uses declared: `declared`. */
export function printDescription(description: SchemaDescription, declared: readonly string[]): string {
  const kinds = new Map(description.types.map((type) => [type.name, type]));
  const roots = [
    `query: ${description.query}`,
    ...(description.mutation === null ? [] : [`mutation: ${description.mutation}`]),
    ...(description.subscription === null ? [] : [`subscription: ${description.subscription}`]),
  ];
  return [
    block("schema", roots),
    ...declared.map((name) => `scalar ${name}`),
    ...description.types.map((type) => printType(type, kinds)),
  ].join("\n\n");
}

type Types = ReadonlyMap<string, TypeDescription>;

function printType(type: TypeDescription, types: Types): string {
  const head = printText(type.description);
  switch (type.kind) {
    case "object":
    case "interface": {
      const keyword = type.kind === "object" ? "type" : "interface";
      const interfaces = type.interfaces.length === 0 ? "" : ` implements ${type.interfaces.join(" & ")}`;
      const fields = type.fields.map((field) => printField(field, types));
      return head + block(`${keyword} ${type.name}${interfaces}`, fields);
    }
    case "union":
      return `${head}union ${type.name} = ${type.members.join(" | ")}`;
    case "enum":
      return (
        head +
        block(
          `enum ${type.name}`,
          type.values.map(
            (value) => `${printText(value.description)}${value.name}${printDeprecation(value.deprecation)}`,
          ),
        )
      );
    case "input":
      return (
        head +
        block(
          `input ${type.name}${type.oneOf === true ? " @oneOf" : ""}`,
          type.fields.map((field) => printArgument(field, types)),
        )
      );
    case "scalar":
      return `${head}scalar ${type.name}`;
  }
}

function printField(field: FieldDescription, types: Types): string {
  const args = field.args.length === 0 ? "" : `(${field.args.map((arg) => printArgument(arg, types)).join(", ")})`;
  return `${printText(field.description)}${field.name}${args}: ${field.type}${printDeprecation(field.deprecation)}`;
}

function printArgument(arg: ArgumentDescription, types: Types): string {
  const value = arg.defaultValue === undefined ? "" : ` = ${printValue(arg.defaultValue, parseType(arg.type), types)}`;
  return `${printText(arg.description)}${arg.name}: ${arg.type}${value}${printDeprecation(arg.deprecation)}`;
}

function printValue(value: JsonValue, type: TypeNode, types: Types): string {
  if (type.kind === Kind.NON_NULL_TYPE) {
    return printValue(value, type.type, types);
  }
  if (Array.isArray(value)) {
    const item = type.kind === Kind.LIST_TYPE ? type.type : type;
    return `[${value.map((element) => printValue(element, item, types)).join(", ")}]`;
  }
  const named = type.kind === Kind.NAMED_TYPE ? types.get(type.name.value) : undefined;
  if (typeof value === "string") {
    return named?.kind === "enum" ? value : JSON.stringify(value);
  }
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).map(([name, inner]) => {
      const field = named?.kind === "input" ? named.fields.find((candidate) => candidate.name === name) : undefined;
      return `${name}: ${printValue(inner, field === undefined ? type : parseType(field.type), types)}`;
    });
    return `{${fields.join(", ")}}`;
  }
  return JSON.stringify(value);
}

function printText(text: string | null): string {
  return text === null || text === "" ? "" : `${JSON.stringify(text)} `;
}

function printDeprecation(reason: string | null): string {
  return reason === null ? "" : ` @deprecated(reason: ${JSON.stringify(reason)})`;
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `  ${line}`).join("\n")}\n}`;
}
