/** A host service's methods as a table: each says which arguments it takes, which are checked before it runs. */
import type { JsonValue } from "../../schema/index.ts";
import type { Kind, ValuesOf } from "./kinds.ts";
import type { HostAnswer, HostSession } from "./services.ts";

/** What comes with a call besides its arguments. */
export interface CallContext {
  readonly buffers: readonly Uint8Array[];
  /** Aborts when the greenlet that asked has ended. */
  readonly signal: AbortSignal;
}

export interface Method {
  /** Of its arguments, in their order. */
  readonly kinds: readonly Kind<unknown>[];
  /** Of all further arguments; null: there are none. */
  readonly rest: Kind<unknown> | null;
  run(args: readonly unknown[], context: CallContext): HostAnswer | Promise<HostAnswer>;
}

/** The answer of a method that has none. */
export const nothing: HostAnswer = { value: null };

/** A method that takes arguments of these kinds. */
export function method<const Kinds extends readonly Kind<unknown>[]>(
  kinds: Kinds,
  run: (args: ValuesOf<Kinds>, context: CallContext) => HostAnswer | Promise<HostAnswer>,
): Method {
  // `check` has seen that they are of these kinds.
  return { kinds, rest: null, run: (args, context) => run(args as Parameters<typeof run>[0], context) };
}

/** A method that takes any number of arguments, all of one kind. */
export function variadic<T>(
  kind: Kind<T>,
  run: (args: readonly T[], context: CallContext) => HostAnswer | Promise<HostAnswer>,
): Method {
  return { kinds: [], rest: kind, run: (args, context) => run(args as readonly T[], context) }; // likewise
}

/**
 * Answers the calls of a session by a table of methods.
 *
 * @example const call = methods("clock", { now: method([], () => ({ value: Date.now() })) });
 */
export function methods(service: string, table: { readonly [name: string]: Method }): HostSession["call"] {
  const known = new Map(Object.entries(table));
  return async (name, args, buffers, signal) => {
    const called = known.get(name);
    if (called === undefined) {
      throw new TypeError(`the service ${service} has no method ${name}: it has ${[...known.keys()].join(", ")}`);
    }
    check(called, args, `${service}.${name}`);
    return await called.run(args, { buffers, signal });
  };
}

function check({ kinds, rest }: Method, args: readonly JsonValue[], name: string): void {
  if (rest === null && args.length > kinds.length) {
    throw new TypeError(`${name} takes ${kinds.length} arguments, and ${args.length} came`);
  }
  for (let index = 0; index < Math.max(kinds.length, args.length); index++) {
    const kind = kinds[index] ?? rest;
    if (kind?.is(args[index]) === false) {
      throw new TypeError(`argument ${index + 1} of ${name} must be ${kind.name}; it is ${shown(args[index])}`);
    }
  }
}

/** What came, shortened, and of objects only that: they may hold a password. */
function shown(value: JsonValue | undefined): string {
  if (value === undefined) {
    return "missing";
  }
  return typeof value === "object" && value !== null ? "a list or an object" : JSON.stringify(value).slice(0, 100);
}
