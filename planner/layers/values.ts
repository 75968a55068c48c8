/** Values that Python or TypeScript computed, on their way into layers. */
import { GraphQLError } from "graphql";
import { errorCodes, PuffError, type WireError, type WireValue } from "../../schema/index.ts";
import type { FieldStep, Shape } from "../contract/operation-plan.ts";
import { OID } from "../types/oids.ts";
import { builtInType, scalarType, Typed } from "../types/pg-types.ts";
import { decode, itemsOfTyped, membersOfTyped } from "../types/typed-values.ts";

/** A value that could not be had. */
export class Failed {
  readonly error: PuffError | GraphQLError;

  constructor(error: PuffError | GraphQLError) {
    this.error = error;
  }
}

/** An object that Python or TypeScript computed. `wire`: its attributes are wire values; else JavaScript values. */
export interface ValueObject {
  readonly attributes: { readonly [name: string]: unknown };
  readonly typeName: string | null;
  readonly wire: boolean;
}

/**
 * A value whose objects were replaced by their index in a {@link ValueLayer}: null, {@link Failed}, a leaf's value, an
 * index, or a list of these; which one it is follows from the field's type.
 */
export type Settled = unknown;

/**
 * Replaces the objects within a value by their indexes in `objects`, which they are added to, and follows the field's
 * type while it does.
 */
export function settle(value: unknown, shape: Shape, step: FieldStep, wire: boolean, objects: ValueObject[]): Settled {
  const unwrapped = unwrap(value, wire);
  if (unwrapped === null || unwrapped instanceof Failed) {
    return unwrapped;
  }
  if (unwrapped instanceof Typed && isJsonNull(unwrapped)) {
    return null;
  }
  // What `{j: …}` holds is plain JSON all the way down.
  const innerWire = wire && !isBoxedJson(value);
  switch (shape.kind) {
    case "leaf":
      return unwrapped;
    case "list": {
      const list = listOf(unwrapped);
      return list === null ? notAList(step) : list.map((item) => settle(item, shape.item, step, innerWire, objects));
    }
    case "object": {
      const object = objectOf(unwrapped, innerWire);
      if (object === null) {
        return new Failed(
          new PuffError("PUFF_VALUE_INVALID", `${step.name} gave ${show(unwrapped)} where an object is needed`, {
            safe: false,
          }),
        );
      }
      return objects.push(object) - 1;
    }
  }
}

/** What was thrown, as an error that a field can fail with; a stranger is a bug and keeps its own cause. */
export function asError(error: unknown): PuffError | GraphQLError {
  if (error instanceof PuffError || error instanceof GraphQLError) {
    return error;
  }
  return new PuffError("PUFF_INTERNAL", error instanceof Error ? error.message : String(error), {
    cause: error,
    safe: false,
  });
}

/** A call's answer is not there, or is none that was asked for. */
export function noAnswer(step: FieldStep): PuffError {
  return new PuffError("PUFF_RESOLVER_FAILED", `${step.name} got no result from Python`);
}

/** A WireError as the error that the field fails with. */
export function fromWireError(error: WireError): PuffError {
  const code = errorCodes.find((known) => known === error.code) ?? "PUFF_RESOLVER_FAILED";
  if (error.safe) {
    return new PuffError(code, error.message, { safe: true, extensions: error.extensions ?? {} });
  }
  const message = code === "PUFF_RESOLVER_FAILED" ? `${error.type}: ${error.message}` : error.message;
  return new PuffError(code, message, {
    safe: false, // these are Python's words, whatever the code is that they come under
    extensions: error.traceback === "" ? {} : { traceback: error.traceback },
    ...(error.constraint === undefined ? {} : { said: { kind: "constraint", name: error.constraint } }),
  });
}

/** Takes a wire value out of its box. JavaScript values stay as they are, but undefined is null, and an Error fails. */
export function unwrap(value: unknown, wire: boolean): unknown {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value !== "object") {
    return value;
  }
  if (!wire) {
    return value instanceof Error
      ? new Failed(new PuffError("PUFF_HOST_RESOLVER_FAILED", value.message, { cause: value }))
      : value;
  }
  const boxed = value as Exclude<WireValue, null | boolean | number | string>; // the bridge's own JSON
  if ("t" in boxed) {
    const [oid, text] = boxed.t;
    return text === null ? null : new Typed(builtInType(oid) ?? scalarType(oid), text); // Python has no other types
  }
  if ("j" in boxed) {
    return boxed.j;
  }
  return "e" in boxed ? new Failed(fromWireError(boxed.e)) : boxed;
}

/** A whole value as TypeScript resolvers see it: no boxes, texts decoded. */
function toPlain(value: unknown, wire: boolean): unknown {
  const unwrapped = unwrap(value, wire);
  if (unwrapped instanceof Failed) {
    return null;
  }
  if (unwrapped instanceof Typed) {
    return decode(unwrapped);
  }
  if (!wire || unwrapped === null || typeof unwrapped !== "object" || isBoxedJson(value)) {
    return unwrapped;
  }
  if (Array.isArray(unwrapped)) {
    return unwrapped.map((item) => toPlain(item, true));
  }
  return plainObject((unwrapped as { o: { [name: string]: unknown } }).o, true); // the only box left
}

/** All attributes of an object as JavaScript values. */
export function plainObject(
  attributes: { readonly [name: string]: unknown },
  wire: boolean,
): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toPlain(value, wire)]));
}

function isBoxedJson(value: unknown): boolean {
  return typeof value === "object" && value !== null && "j" in value;
}

/** An attribute of a user's object: what every object inherits, such as `constructor`, is none. */
export function attributeOf(object: ValueObject, name: string): unknown {
  return hasAttribute(object, name) ? object.attributes[name] : undefined;
}

/** Whether an object has an attribute of that name, be it a getter of its class. */
export function hasAttribute({ attributes }: ValueObject, name: string): boolean {
  return name in Object.prototype ? Object.hasOwn(attributes, name) : name in attributes;
}

/** JSON's null: a JSON column may hold it where another column holds NULL, and a field shows both alike. */
function isJsonNull({ isJson, text }: Typed): boolean {
  return isJson && text.trim() === "null";
}

/** The items of a list: an iterable, a typed array's text, or JSON's. Null: not a list. */
function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) {
    return value;
  }
  if (value instanceof Typed) {
    return itemsOfTyped(value);
  }
  return typeof value === "object" && value !== null && Symbol.iterator in value
    ? [...(value as Iterable<unknown>)]
    : null;
}

function objectOf(value: unknown, wire: boolean): ValueObject | null {
  if (value instanceof Typed) {
    const members = membersOfTyped(value);
    return members === null ? null : { attributes: members, typeName: typeNameIn(members), wire: false };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return null;
  }
  if (wire) {
    const { o, type } = value as { o: { [name: string]: WireValue }; type: string | null }; // the only box left
    return { attributes: o, typeName: type, wire };
  }
  const attributes = value as { readonly [name: string]: unknown }; // any object will do
  return { attributes, typeName: typeNameIn(attributes), wire };
}

function typeNameIn(attributes: { readonly [name: string]: unknown }): string | null {
  const given = attributes["__typename"];
  const name = given instanceof Typed ? decode(given) : given;
  return typeof name === "string" ? name : null;
}

function notAList(step: FieldStep): Failed {
  return new Failed(
    new PuffError("PUFF_VALUE_INVALID", `Expected Iterable, but did not find one for field "${step.name}".`, {
      safe: false,
    }),
  );
}

/** What a JSON text holds, for keys and parameters: of a number all its digits. Other values as they are. */
export function scalarOf(value: unknown): unknown {
  if (!(value instanceof Typed && value.isJson)) {
    return value;
  }
  if (!/^-?\d/.test(value.text)) {
    return JSON.parse(value.text);
  }
  const number = Number(value.text);
  const isExact = String(number) === value.text;
  return isExact ? number : new Typed(scalarType(OID.numeric), value.text);
}

/** A value in Postgres's text format, for keys and parameters. */
export function textOf(value: unknown): string | null {
  if (value instanceof Typed) {
    return value.text;
  }
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "t" : "f";
    default:
      return value instanceof Date ? value.toISOString() : null;
  }
}

/** The type that all values share, so that an array of them can be typed; 0 where Postgres must infer it. */
export function commonOid(values: readonly unknown[]): number {
  const oids = new Set(values.filter((value) => value !== null).map(oidOf));
  const [first = 0, ...others] = oids;
  if (others.length === 0) {
    return first;
  }
  return commonNumber.find(([types]) => [...oids].every((oid) => types.includes(oid)))?.[1] ?? 0;
}

/** Numbers of several types, and the narrowest type that holds them all as they are. */
const commonNumber: readonly (readonly [types: readonly number[], common: number])[] = [
  [[OID.int4, OID.int8], OID.int8],
  [[OID.int4, OID.float8], OID.float8],
  [[OID.int4, OID.int8, OID.float8, OID.numeric], OID.numeric],
];

function oidOf(value: unknown): number {
  if (value instanceof Typed) {
    return value.oid;
  }
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? (Math.abs(value) < 2 ** 31 ? OID.int4 : OID.int8) : OID.float8;
    case "bigint":
      return OID.int8;
    case "boolean":
      return OID.bool;
    default:
      return 0;
  }
}

function show(value: unknown): string {
  return value instanceof Typed ? value.text : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
