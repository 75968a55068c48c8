/**
 * Which part of the house may import which: arrows point downwards, folders and files form no circles, and what comes
 * from outside is imported in one place each. Type imports count. `tests/house.test.ts` breaks each rule once.
 */
const folders = ["schema", "planner", "python-bridge", "gateway"];

/** A folder of the house may import those named, and no others. */
const below = (name, ...allowed) => ({
  name: `below-${name}`,
  comment: "Arrows point downwards only: gateway -> python-bridge, planner -> schema.",
  severity: "error",
  from: { path: `^${name}/` },
  to: { path: `^(${folders.filter((other) => other !== name && !allowed.includes(other)).join("|")})/` },
});

/** A package that one file alone imports. */
const once = (name, path) => ({
  name: `once-${name}`,
  comment: `Only ${path} imports ${name}.`,
  severity: "error",
  from: { path: "^(schema|planner|python-bridge|gateway)/", pathNot: [`^${path}$`, "\\.test\\.ts$"] },
  to: { path: `(^|/)node_modules/${name}/` },
});

export default {
  forbidden: [
    below("schema"),
    below("planner", "schema"),
    below("python-bridge", "schema"),
    {
      name: "through-index",
      comment: "Import another folder of the house through its index.ts.",
      severity: "error",
      from: { path: "^(schema|planner|python-bridge|gateway)/" },
      to: { path: "^(schema|planner|python-bridge|gateway)/", pathNot: ["^$1/", "^[^/]+/index\\.ts$"] },
    },
    once("pg", "gateway/postgres/wire/raw-client.ts"),
    once("ioredis", "gateway/redis/redis-connection.ts"),
    once("pyodide", "python-bridge/interpreter/interpreter.ts"),
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-circles-of-folders", severity: "error", scope: "folder", from: {}, to: { circular: true } },
  ],
  options: {
    // TypeScript 7 has no API yet, and without it only swc sees type imports.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.test\\.ts$" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
