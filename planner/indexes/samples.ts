/** Values that stand for those of clients where Postgres is asked how it would run a statement. */
import type {
  ArgumentKind,
  JsonValue,
  RequestParameter,
  ScalarKind,
  SqlFragment,
  TypedText,
} from "../../schema/index.ts";
import type { Statement } from "../database/database.ts";

const TEXT = "puffin"; // long enough for a trigram

/** Texts for columns that don't take just any: a global id, say, stands for a number. */
const otherTexts = ["1", "00000000-0000-4000-8000-000000000001", "127.0.0.1"];

/** A value, and one that comes after it: a range must not be empty. */
const samples: { readonly [kind in ScalarKind]: readonly [JsonValue, JsonValue] } = {
  int: [1, 2],
  bigint: [1, 2],
  float: [1.5, 2.5],
  str: [TEXT, `${TEXT}s`],
  decimal: ["1.5", "2.5"],
  uuid: ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"],
  bool: [true, true],
  datetime: ["2001-02-03T04:05:06Z", "2002-02-03T04:05:06Z"],
  date: ["2001-02-03", "2002-02-03"],
  time: ["04:05:06", "05:05:06"],
  duration: ["PT1H", "PT2H"],
  bytes: ["cHVmZg==", "cHVmZmlu"],
  json: [{ puffin: 1 }, { puffin: 2 }],
};

/** A value of a scalar, by the name that it has in GraphQL; of one that is not known: a text. */
export function sampleOfScalar(name: string): JsonValue {
  return samples[kinds[name] ?? "str"][0];
}

const kinds: { readonly [name: string]: ScalarKind } = {
  ...{ Int: "int", Float: "float", Boolean: "bool", ID: "int", BigInt: "bigint", Decimal: "decimal", JSON: "json" },
  ...{ DateTime: "datetime", Date: "date", Time: "time", Duration: "duration", UUID: "uuid", Bytes: "bytes" },
};

/**
 * What a client could give for a fragment.
 *
 * @example sampleOf([{ row: true }, ".votes > ", { argument: "value", as: "int" }]); // 1
 */
export function sampleOf(sql: SqlFragment): JsonValue {
  let value: JsonValue = true;
  for (const part of sql) {
    if (typeof part === "object" && "argument" in part) {
      value = put(value, part.argument.split(".").slice(1), sampleParameter(part));
    }
  }
  return value;
}

/** A value for a place in a plan. */
export function sampleParameter(parameter: RequestParameter): JsonValue {
  const isLater = "argument" in parameter && parameter.argument.endsWith(".end");
  const [member] = Object.keys(("members" in parameter ? parameter.members : undefined) ?? {});
  return nested(parameter.as, (kind) => member ?? samples[kind][isLater ? 1 : 0]);
}

/** The statement with its sample, and with others in the place of a text. */
export function variantsOf(statement: Statement): Statement[] {
  const isText = ([oid, text]: TypedText) => oid === 0 && text?.includes(TEXT) === true;
  const others = statement.params.some(isText) ? otherTexts : [];
  const withText = (other: string): Statement => ({
    ...statement,
    params: statement.params.map((param) =>
      isText(param) ? [0, param[1]?.replaceAll(/puffins?/g, other) ?? null] : param,
    ),
  });
  return [statement, ...others.map(withText)];
}

function nested(as: ArgumentKind, sample: (kind: ScalarKind) => JsonValue): JsonValue {
  if (as.endsWith("[]")) {
    return [nested(as.slice(0, -2) as ArgumentKind, sample)]; // one dimension less
  }
  return sample(as as ScalarKind);
}

/** The value with another one at a path within it. */
export function put(into: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  const [name, ...rest] = path;
  if (name === undefined) {
    return value;
  }
  const isObject = typeof into === "object" && into !== null && !Array.isArray(into);
  const fields = isObject ? (into as { readonly [name: string]: JsonValue }) : {};
  return { ...fields, [name]: put(fields[name] ?? null, rest, value) };
}
