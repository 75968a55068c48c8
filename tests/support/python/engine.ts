/** Which engine the tests start interpreters of: `PUFF_ENGINE=cpython npm test -- bridge`. */
import type { EngineChoice } from "../../../python-bridge/index.ts";
import { pythonPackages } from "./native-python.ts";

export const onCPython = process.env["PUFF_ENGINE"] === "cpython";

export const cpython: EngineChoice = { kind: "cpython", python: process.env["PUFF_PYTHON"] ?? "python3", project: [] };

export const testEngine: EngineChoice = onCPython ? cpython : { kind: "pyodide" };

/** Where that Python finds greenlet. */
export function greenletFolder(): string {
  return pythonPackages("cpython-packages", "greenlet==3.5.*");
}

/** What the environment of a test's interpreters has for their engine. */
export function engineEnvironment(): { readonly [name: string]: string } {
  return onCPython ? { PYTHONPATH: greenletFolder() } : {};
}
