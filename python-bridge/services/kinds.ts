/** Kinds of values that Python sends: what a service's methods take, checked as it comes in. */
import type { JsonValue } from "../../schema/index.ts";

export interface Kind<T> {
  /** For messages: `a number`. */
  readonly name: string;
  is(value: unknown): value is T;
}

export type ValueOf<K> = K extends Kind<infer T> ? T : never;

/** Of several kinds, in their order. */
export type ValuesOf<Kinds> = { readonly [Index in keyof Kinds]: ValueOf<Kinds[Index]> };

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const text: Kind<string> = { name: "a text", is: (value) => typeof value === "string" };
export const number: Kind<number> = { name: "a number", is: (value) => typeof value === "number" };
export const flag: Kind<boolean> = { name: "true or false", is: (value) => typeof value === "boolean" };
/** Any value. */
export const json: Kind<JsonValue> = { name: "a value", is: (value): value is JsonValue => value !== undefined };

export function nullable<T>({ name, is }: Kind<T>): Kind<T | null> {
  return { name: `${name}, or null`, is: (value): value is T | null => value === null || is(value) };
}

/** Of an argument that may be left out. */
export function optional<T>({ name, is }: Kind<T>): Kind<T | undefined> {
  return { name: `${name}, or nothing`, is: (value): value is T | undefined => value === undefined || is(value) };
}

export function either<A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> {
  return { name: `${a.name}, or ${b.name}`, is: (value): value is A | B => a.is(value) || b.is(value) };
}

export function list<T>({ name, is }: Kind<T>): Kind<readonly T[]> {
  return {
    name: `a list whose items are each ${name}`,
    is: (value): value is readonly T[] => Array.isArray(value) && value.every(is),
  };
}

/** An object with any keys. */
export function record<T>({ name, is }: Kind<T>): Kind<{ readonly [key: string]: T }> {
  return {
    name: `an object whose values are each ${name}`,
    is: (value): value is { readonly [key: string]: T } => isObject(value) && Object.values(value).every(is),
  };
}

/**
 * An object with these fields.
 *
 * @example object({ host: text, port: nullable(number) })
 */
export function object<Fields extends { readonly [field: string]: Kind<unknown> }>(
  fields: Fields,
): Kind<{ readonly [Field in keyof Fields]: ValueOf<Fields[Field]> }> {
  const kinds = Object.entries(fields);
  return {
    name: `an object with ${kinds.map(([field, { name }]) => `${field} (${name})`).join(", ")}`,
    is: (value): value is { readonly [Field in keyof Fields]: ValueOf<Fields[Field]> } =>
      isObject(value) && kinds.every(([field, kind]) => kind.is(value[field])),
  };
}

/** An object or a list that `puff` itself makes, too large to look through at each call. */
export function trusted<T extends object>(name: string): Kind<T> {
  return { name, is: (value): value is T => typeof value === "object" && value !== null };
}
