/**
 * The scalars beyond GraphQL's own five. Their coercion takes what pg's text format, Python's values and TypeScript
 * resolvers hold, and yields the JSON that clients see; the planner's byte writers are shortcuts to the same answers.
 */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { exactInteger, isExactNumber, MOST_DIGITS } from "./exact-numbers.ts";
import { jsonScalar } from "./json-scalar.ts";
import { toLiteral } from "./literals.ts";
import { base64Text, dateText, dateTimeText, durationText, timeText, uuidText } from "./output-texts.ts";
import { dateInput, dateTimeInput, durationInput, timeInput } from "./time-texts.ts";

/** `DateTime`, `BigInt`, … by name. */
export const scalars: ReadonlyMap<string, GraphQLScalarType> = new Map(
  [
    textScalar({
      name: "BigInt",
      description: "An integer of any size, as a string. Numbers are accepted as input where they are exact.",
      output: integerText,
      input: integerInput,
      numberLiterals: true,
    }),
    textScalar({
      name: "Decimal",
      description: "An exact decimal number, as a string: `12.50`. Numbers are accepted as input.",
      output: (value) => (isNotFinite(value) ? value : decimalText(value)),
      input: decimalInput,
      numberLiterals: true,
    }),
    textScalar({
      name: "DateTime",
      description:
        "A moment in time as RFC 3339 writes it, in UTC: `2024-05-01T12:30:00Z`; without a zone, a local time.",
      specifiedBy: "https://www.rfc-editor.org/rfc/rfc3339",
      output: dateTimeText,
      input: textLike("2024-05-01T12:30:00Z", dateTimeInput),
    }),
    textScalar({
      name: "Date",
      description: "A calendar date: `2024-05-01`.",
      specifiedBy: "https://www.rfc-editor.org/rfc/rfc3339",
      output: dateText,
      input: textLike("2024-05-01", dateInput),
    }),
    textScalar({
      name: "Time",
      description: "A time of day: `12:30:00`.",
      specifiedBy: "https://www.rfc-editor.org/rfc/rfc3339",
      output: timeText,
      input: textLike("12:30:00", timeInput),
    }),
    textScalar({
      name: "Duration",
      description: "A length of time as ISO 8601 writes it: `P1DT2H30M`.",
      output: durationText,
      input: textLike("P1DT2H30M", durationInput),
    }),
    textScalar({
      name: "UUID",
      description: "A universally unique identifier: `1b671a64-40d5-491e-99b0-da01ff1f3341`.",
      specifiedBy: "https://www.rfc-editor.org/rfc/rfc9562",
      output: uuidText,
      input: textLike(
        "1b671a64-40d5-491e-99b0-da01ff1f3341",
        matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i),
      ),
    }),
    textScalar({
      name: "Bytes",
      description: "Binary data in base64.",
      specifiedBy: "https://www.rfc-editor.org/rfc/rfc4648",
      output: base64Text,
      input: textLike("aGVsbG8=", matching(/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)),
    }),
    jsonScalar,
  ].map((scalar) => [scalar.name, scalar]),
);

/** A user's scalar that travels as `base`, one of GraphQL's own or of {@link scalars}. */
export function deriveScalar(
  base: GraphQLScalarType,
  name: string,
  description: string | null,
  specifiedByURL: string | null,
): GraphQLScalarType {
  return new GraphQLScalarType({ ...base.toConfig(), name, description, specifiedByURL, astNode: null });
}

interface TextScalar {
  readonly name: string;
  readonly description: string;
  readonly specifiedBy?: string;
  readonly output: (value: unknown) => string | null;
  readonly input: (value: unknown) => string | null;
  /** Whether literals such as `12.5` are taken digit by digit, since a JavaScript number would round them. */
  readonly numberLiterals?: boolean;
}

function textScalar({ name, description, specifiedBy, output, input, numberLiterals }: TextScalar): GraphQLScalarType {
  const coerce = (convert: (value: unknown) => string | null) => (value: unknown) => {
    const text = convert(value);
    if (text === null) {
      throw new GraphQLError(`${name} cannot represent value: ${show(value)}`);
    }
    return text;
  };
  const coerceInput = coerce(input);
  return new GraphQLScalarType({
    name,
    description,
    specifiedByURL: specifiedBy ?? null,
    coerceOutputValue: coerce(output),
    coerceInputValue: coerceInput,
    coerceInputLiteral: (node) => coerceInput(literalText(node, numberLiterals === true)),
    valueToLiteral: toLiteral,
  });
}

function literalText(node: ValueNode, numberLiterals: boolean): unknown {
  if (node.kind === Kind.STRING || (numberLiterals && (node.kind === Kind.INT || node.kind === Kind.FLOAT))) {
    return node.value;
  }
  return undefined;
}

function textLike(example: string, read: (text: string) => string | null): (value: unknown) => string {
  return (value) => {
    const text = typeof value === "string" ? read(value) : null;
    if (text === null) {
      throw new GraphQLError(`expected text such as ${JSON.stringify(example)}, got ${show(value)}`);
    }
    return text;
  };
}

function matching(pattern: RegExp): (text: string) => string | null {
  return (text) => (pattern.test(text) ? text : null);
}

function integerText(value: unknown): string | null {
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) {
    return String(value);
  }
  return typeof value === "string" && /^-?\d+$/.test(value) ? value : null;
}

function integerInput(value: unknown): string | null {
  const text = isExactNumber(value) ? exactInteger(value.rawJSON) : integerText(value);
  return text !== null && text.length <= MOST_DIGITS ? text : null;
}

/** Not more than Postgres's numeric holds, nor a power of ten that a few characters would blow up to millions. */
function decimalInput(value: unknown): string | null {
  const text = isExactNumber(value) ? value.rawJSON : decimalText(value);
  const isRounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  const exponent = text === null ? 0 : Number(/[eE](.+)$/.exec(text)?.[1] ?? 0);
  return isRounded || Math.abs(exponent) > MOST_EXPONENT ? null : text;
}

const MOST_EXPONENT = 16_383;

function decimalText(value: unknown): string | null {
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) {
    return String(value);
  }
  return typeof value === "string" && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? value : null;
}

/** What Postgres's numeric holds beside numbers. */
function isNotFinite(value: unknown): value is string {
  return value === "NaN" || value === "Infinity" || value === "-Infinity";
}

function show(value: unknown): string {
  const text = typeof value === "bigint" ? `${value}` : JSON.stringify(value);
  return text === undefined ? String(value) : text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
