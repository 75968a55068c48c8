export type { HostFunction } from "./host.ts";
export type { LogRecord } from "./messages.ts";
export { findSitePackages } from "./packages.ts";
export { type Python, type PythonOptions, startPython } from "./python.ts";
export { checkRuntime } from "./runtime.ts";
