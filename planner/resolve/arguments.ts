/** Plans that were made for any values of a field's arguments: the way from such a plan to one request's. */
import {
  type ArgumentKind,
  type Arguments,
  type Claims,
  exactInteger,
  isExactNumber,
  type JsonValue,
  type ParametricPlan,
  PuffError,
  type RequestParameter,
  type ScalarKind,
  type SqlPlan,
  type TypedText,
} from "../../schema/index.ts";
import { arrayOidOf, EMPTY_LIST, OID, printArray, type TextList } from "../types/oids.ts";

/**
 * Puts a request's values in the places where the plan names them; what is absent is NULL.
 *
 * @throws PuffError `PUFF_SQL_VALUE` for a text that Postgres can't hold.
 * @example bindArguments({ …, params: [{ argument: "limit", as: "int" }] }, { limit: 20 }, null).params; // [[23, "20"]]
 */
export function bindArguments(plan: ParametricPlan, args: Arguments, claims: Claims | null): SqlPlan {
  if (isBound(plan)) {
    return plan; // the same for each request, so that what was made of it can be kept
  }
  const bind = (param: RequestParameter) => bindRequestParameter(param, args, claims);
  return {
    ...plan,
    params: plan.params.map((param) => {
      if ("items" in param) {
        return arrayOf(
          param.items.map((item) => ("as" in item ? bind(item) : item)),
          0,
        );
      }
      return "as" in param ? bind(param) : param;
    }),
  };
}

/** Whether a plan names no value of a request. */
function isBound(plan: ParametricPlan): plan is SqlPlan {
  return plan.params.every((param) => !("as" in param || "items" in param));
}

/**
 * The value that a parameter names, as Postgres is given it.
 *
 * @throws PuffError `PUFF_SQL_VALUE` for a text that Postgres can't hold.
 */
export function bindRequestParameter(param: RequestParameter, args: Arguments, claims: Claims | null): TypedText {
  return typed(broughtValue(param, args, claims), param.as, "members" in param ? param.members : undefined);
}

/**
 * A value of which only the JSON is known, as a parameter: an array of scalars of one kind as an array, what else has
 * parts as jsonb. Numbers are as exact as in jsonb: integers, or numeric.
 */
export function typeJson(value: JsonValue): TypedText {
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    const kinds = new Set(items.filter((item) => item !== null).map(kindOf));
    const isFlat = !kinds.has("json") && [...kinds].every((kind) => kinds.size === 1 || isNumber(kind));
    return isFlat
      ? arrayOf(
          typeItems(items, 1, (item) => typedJson(item, kindOf(item))),
          0,
        )
      : typedJson(value, "json");
  }
  return value === null ? NULL : typedJson(value, kindOf(value));
}

function kindOf(value: JsonValue): ScalarKind {
  switch (typeof value) {
    case "number":
      return numberKind(String(value));
    case "boolean":
      return "bool";
    case "string":
      return "str";
    default:
      return isExactNumber(value) ? numberKind(value.rawJSON) : "json";
  }
}

function numberKind(text: string): "int" | "decimal" {
  return exactInteger(text) === null ? "decimal" : "int";
}

function isNumber(kind: ScalarKind): boolean {
  return kind === "int" || kind === "decimal";
}

function typedJson(value: JsonValue, kind: ScalarKind): TypedText {
  if (!isNumber(kind)) {
    return typedScalar(value, kind);
  }
  const text = isExactNumber(value) ? value.rawJSON : String(value);
  return typedScalar(kind === "int" ? exactInteger(text) : text, kind);
}

/** The value of an argument or claim by its path; null if it is absent. */
export function valueAt(values: Arguments | Claims | null, path: readonly string[]): JsonValue {
  let value: JsonValue | undefined = values;
  for (const name of path) {
    const isThere: boolean =
      typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name);
    value = isThere ? (value as Claims)[name] : undefined;
  }
  return value ?? null;
}

function broughtValue(param: RequestParameter, args: Arguments, claims: Claims | null): JsonValue {
  return "claim" in param ? valueAt(claims, param.claim) : valueAt(args, param.argument.split("."));
}

function typed(value: JsonValue, kind: ArgumentKind, members: Members): TypedText {
  if (value === null) {
    return NULL;
  }
  const scalar = kind.replaceAll("[]", "") as ScalarKind; // the kinds are made of these
  const dimensions = (kind.length - scalar.length) / 2;
  const typeItem = (item: JsonValue) => members?.[String(item)] ?? typedScalar(item, scalar);
  return dimensions === 0 ? typeItem(value) : arrayOf(typeItems(value, dimensions, typeItem), emptyOids[scalar]);
}

type Members = { readonly [name: string]: TypedText } | undefined;
type TypedList = readonly (TypedText | { readonly items: TypedList })[];

const NULL: TypedText = [0, null];

/** The items of a list, down to its scalars. */
function typeItems(list: JsonValue, dimensions: number, typeItem: (item: JsonValue) => TypedText): TypedList {
  const items: readonly JsonValue[] = Array.isArray(list) ? list : [list];
  return items.map((item) =>
    item === null ? NULL : dimensions === 1 ? typeItem(item) : { items: typeItems(item, dimensions - 1, typeItem) },
  );
}

/** An array of the widest of its items' types; `empty` where all are null. Of texts Postgres infers it. */
function arrayOf(items: TypedList, empty: number): TypedText {
  const oids = new Set<number>();
  const texts = textsOf(items, oids);
  const [first = empty] = oids;
  const oid = widening.findLast((wide) => oids.has(wide)) ?? first;
  return [arrayOidOf(oid), isEmpty(texts) ? (oid === 0 ? EMPTY_LIST : "{}") : printArray(texts)];
}

function textsOf(items: TypedList, oids: Set<number>): TextList {
  return items.map((item) => {
    if ("items" in item) {
      return textsOf(item.items, oids);
    }
    if (item[1] !== null) {
      oids.add(item[0]);
    }
    return item[1];
  });
}

/** Whether there is no item at any depth: Postgres has one empty array. */
function isEmpty(texts: TextList): boolean {
  return texts.every((item) => Array.isArray(item) && isEmpty(item));
}

/** The type of the items where there are none, or all are null. */
const emptyOids: { readonly [kind in ScalarKind]: number } = {
  int: OID.int4,
  bigint: OID.int8,
  float: OID.float8,
  str: 0,
  decimal: OID.numeric,
  uuid: OID.uuid,
  bool: OID.bool,
  datetime: OID.timestamptz,
  date: OID.date,
  time: OID.time,
  duration: OID.interval,
  bytes: OID.bytea,
  json: OID.jsonb,
};

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

/** A value in Postgres's text format with its type: as `puff._parameters.parameters` gives it in Python. */
function typedScalar(value: JsonValue, kind: ScalarKind): TypedText {
  const text = kind === "json" ? JSON.stringify(value) : String(value);
  switch (kind) {
    case "int":
      return [fits(text, 32) ? OID.int4 : fits(text, 64) ? OID.int8 : OID.numeric, text];
    case "bigint":
      return [fits(text, 64) ? OID.int8 : OID.numeric, text];
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
      return [OID.jsonb, text];
    case "str":
      if (text.includes("\0")) {
        throw new PuffError("PUFF_SQL_VALUE", "a text with the character NUL, which Postgres can't hold");
      }
      return [0, text];
  }
}

function fits(integer: string, bits: number): boolean {
  const value = BigInt(integer);
  return BigInt.asIntN(bits, value) === value;
}

/** Whether a time, alone or after a date, says its zone. */
function hasZone(text: string): boolean {
  return /:\d\d.*([Zz]|[+-]\d\d(:?\d\d)?)$/.test(text);
}
