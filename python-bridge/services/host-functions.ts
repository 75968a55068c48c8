/** Functions of the gateway's that Python calls by name: a service like others. */
import { type JsonValue, PuffError } from "../../schema/index.ts";
import type { HostService } from "./services.ts";

/**
 * Called from Python as `host.call("name", …)` with JSON values. What it throws is raised there.
 *
 * @example const slugify: HostFunction = (text) => String(text).toLowerCase().replaceAll(" ", "-");
 */
export type HostFunction = (...args: JsonValue[]) => JsonValue | Promise<JsonValue>;

/** What `puff.host` calls these functions through. */
export const functionsService = "functions";

/** @param deadline Milliseconds that a function may take: its caller may have none. */
export function hostFunctions(functions: ReadonlyMap<string, HostFunction>, deadline: number): HostService {
  const session = {
    async call(name: string, args: readonly JsonValue[]) {
      const run = functions.get(name);
      if (run === undefined) {
        throw unknownFunction(name, [...functions.keys()]);
      }
      const bound = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => bound.reject(new Error(`the host function ${name} did not answer within ${deadline} ms`)),
        deadline,
      );
      try {
        return { value: await Promise.race([run(...args), bound.promise]) };
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => {},
  };
  return { open: () => session };
}

function unknownFunction(name: string, known: readonly string[]): PuffError {
  const there = known.length === 0 ? "there are none" : `there are ${known.toSorted().join(", ")}`;
  const code = "PUFF_HOST_FUNCTION_UNKNOWN";
  return new PuffError(code, `${code}: no host function ${name}; ${there}`);
}
