/** Which engine the tests start interpreters of: `PUFF_ENGINE=cpython npm test -- bridge`. */
import type { GatewayOptions } from "../../../gateway/index.ts";
import type { EngineChoice } from "../../../python-bridge/index.ts";
import { pythonPackages } from "./native-python.ts";

export const onCPython = process.env["PUFF_ENGINE"] === "cpython";

export const cpython = {
  kind: "cpython",
  python: process.env["PUFF_PYTHON"] ?? "python3",
  project: [],
} as const satisfies EngineChoice;

export const testEngine: EngineChoice = onCPython ? cpython : { kind: "pyodide" };

/** Where that Python finds greenlet. */
export function greenletFolder(): string {
  return pythonPackages("cpython-packages", "greenlet==3.5.*");
}

/** What the environment of a test's interpreters has for their engine. */
export function engineEnvironment(): { readonly [name: string]: string } {
  return onCPython ? { PYTHONPATH: greenletFolder() } : {};
}

/** The same for a gateway; it comes last among its options. */
export function engineOptions(): Pick<GatewayOptions, "engine" | "python" | "environment"> {
  return onCPython ? { engine: "cpython", python: cpython.python, environment: engineEnvironment() } : {};
}
