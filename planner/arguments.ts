/** Plans that were made for any values of a field's arguments: the way from such a plan to one request's. */
import {
  type ArgumentKind,
  type Arguments,
  type Claims,
  type JsonValue,
  type ParametricPlan,
  PuffError,
  type RequestParameter,
  type ScalarKind,
  type SqlPlan,
  type TypedText,
} from "../schema/index.ts";
import { arrayOidOf, OID, printArray } from "./types.ts";

/**
 * Puts a request's values in the places where the plan names them; what is absent is NULL.
 *
 * @throws PuffError `PUFF_SQL_VALUE` for a text that Postgres can't hold.
 * @example bindArguments({ …, params: [{ argument: "limit", as: "int" }] }, { limit: 20 }, null).params; // [[21, "20"]]
 */
export function bindArguments(plan: ParametricPlan, args: Arguments, claims: Claims | null): SqlPlan {
  const bind = (param: RequestParameter) => typed(broughtValue(param, args, claims), param.as);
  return {
    ...plan,
    params: plan.params.map((param) => {
      if ("items" in param) {
        return arrayOf(param.items.map((item) => ("as" in item ? bind(item) : item)));
      }
      return "as" in param ? bind(param) : param;
    }),
  };
}

/**
 * A value of which only the JSON is known, as a parameter: an array of scalars of one kind as an array, what else has
 * parts as jsonb.
 */
export function typeJson(value: JsonValue): TypedText {
  if (Array.isArray(value)) {
    const kinds = new Set(value.filter((item) => item !== null).map(kindOf));
    const [kind = "str"] = kinds;
    const isFlat = kinds.size <= 1 && kind !== "json";
    return isFlat
      ? arrayOf(value.map((item) => (item === null ? [0, null] : typedScalar(item, kind))))
      : typedScalar(value, "json");
  }
  return value === null ? [0, null] : typedScalar(value, kindOf(value));
}

function kindOf(value: JsonValue): ScalarKind {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "boolean":
      return "bool";
    case "string":
      return "str";
    default:
      return "json";
  }
}

/** The value of an argument or claim by its path; null where it is absent. */
export function valueAt(values: Arguments | Claims | null, path: readonly string[]): JsonValue {
  let value: JsonValue | undefined = values;
  for (const name of path) {
    value = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Claims)[name] : undefined;
  }
  return value ?? null;
}

function broughtValue(param: RequestParameter, args: Arguments, claims: Claims | null): JsonValue {
  return "claim" in param ? valueAt(claims, param.claim) : valueAt(args, param.argument.split("."));
}

function typed(value: JsonValue, kind: ArgumentKind): TypedText {
  if (value === null) {
    return [0, null];
  }
  const scalar = kind.replace("[]", "") as ScalarKind; // the kinds are made of these
  return scalar !== kind && Array.isArray(value)
    ? arrayOf(value.map((item) => (item === null ? [0, null] : typedScalar(item, scalar))))
    : typedScalar(value, scalar);
}

/** An array of the widest of its items' types; of texts or of nothing, Postgres infers it. */
function arrayOf(items: readonly TypedText[]): TypedText {
  const oids = new Set(items.flatMap(([oid, text]) => (text === null ? [] : [oid])));
  const widest = widening.findLast((oid) => oids.has(oid)) ?? oids.values().next().value ?? 0;
  return [arrayOidOf(widest), printArray(items.map(([, text]) => text))];
}

/** Types that values of one kind may have, each wider than the one before it. */
const widening: readonly number[] = [
  OID.int2,
  OID.int4,
  OID.int8,
  OID.numeric,
  OID.timestamp,
  OID.timestamptz,
  OID.time,
  OID.timetz,
];

/** A value in Postgres's text format, typed as psycopg 3 types Python's. */
function typedScalar(value: JsonValue, kind: ScalarKind): TypedText {
  const text = String(value);
  switch (kind) {
    case "int": {
      const integer = BigInt(text);
      const oid = [OID.int2, OID.int4, OID.int8].find((_, index) => BigInt.asIntN(16 << index, integer) === integer);
      return [oid ?? OID.numeric, text];
    }
    case "float":
      return [OID.float8, text];
    case "decimal":
      return [OID.numeric, text];
    case "uuid":
      return [OID.uuid, text];
    case "bool":
      return [OID.bool, value === true ? "t" : "f"];
    case "datetime":
      return [hasZone(text) ? OID.timestamptz : OID.timestamp, text];
    case "date":
      return [OID.date, text];
    case "time":
      return [hasZone(text) ? OID.timetz : OID.time, text];
    case "duration":
      return [OID.interval, text];
    case "bytes":
      return [OID.bytea, `\\x${Buffer.from(text, "base64").toString("hex")}`];
    case "json":
      return [OID.jsonb, JSON.stringify(value)];
    case "str":
      if (text.includes("\0")) {
        throw new PuffError("PUFF_SQL_VALUE", "a text with the character NUL, which Postgres can't hold");
      }
      return [0, text];
  }
}

/** Whether a time, alone or after a date, says its zone. */
function hasZone(text: string): boolean {
  return /:\d\d.*([Zz]|[+-]\d\d(:?\d\d)?)$/.test(text);
}
