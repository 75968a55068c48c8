export type { CallAnswer, CallOptions } from "./jobs/call.ts";
export { examinePython } from "./lanes/native-python.ts";
export { findSitePackages, installFolder } from "./packages.ts";
export type { LogRecord } from "./protocol/messages.ts";
export { longestTimer, TimeLimit } from "./protocol/timers.ts";
export { type EngineChoice, type Python, type PythonOptions, type PythonUsage, startPython } from "./python.ts";
export { checkRuntime } from "./runtime.ts";
export type { HostFunction } from "./services/host-functions.ts";
export {
  flag,
  json,
  list,
  nullable,
  number,
  object,
  optional,
  record,
  text,
  trusted,
  type ValueOf,
} from "./services/kinds.ts";
export { method, methods, nothing, variadic } from "./services/methods.ts";
export { Numbered } from "./services/numbered.ts";
export type { HostAnswer, HostService, HostSession } from "./services/services.ts";
