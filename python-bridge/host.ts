/** Functions of the gateway's that Python calls by name. */
import { type JsonValue, PuffError } from "../schema/index.ts";
import type { HostCall, HostResult } from "./messages.ts";

/**
 * Called from Python as `host.call("name", …)` with JSON values. What it throws is raised there.
 *
 * @example const slugify: HostFunction = (text) => String(text).toLowerCase().replaceAll(" ", "-");
 */
export type HostFunction = (...args: JsonValue[]) => JsonValue | Promise<JsonValue>;

export class HostFunctions {
  readonly #functions: ReadonlyMap<string, HostFunction>;
  readonly #deadline: number;

  constructor(functions: ReadonlyMap<string, HostFunction>, deadline: number) {
    this.#functions = functions;
    this.#deadline = deadline;
  }

  /** Never fails: what goes wrong is the result. */
  async call({ call, name, args }: HostCall): Promise<HostResult> {
    const bound = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => bound.reject(new Error(`the host function ${name} did not answer within ${this.#deadline} ms`)),
      this.#deadline,
    );
    try {
      const value = await Promise.race([this.#run(name, JSON.parse(args)), bound.promise]);
      return { call, json: JSON.stringify(value ?? null) };
    } catch (error) {
      return { call, error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(name: string, args: JsonValue[]): Promise<JsonValue> {
    const run = this.#functions.get(name);
    if (run === undefined) {
      const names = [...this.#functions.keys()].sort();
      const there = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
      throw new PuffError(
        "PUFF_HOST_FUNCTION_UNKNOWN",
        `PUFF_HOST_FUNCTION_UNKNOWN: no host function ${name}; ${there}`,
      );
    }
    return run(...args);
  }
}
