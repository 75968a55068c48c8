/** What the interpreters of a gateway load, and where they find it. */
import { dirname } from "node:path";
import { findSitePackages, type PythonOptions } from "../../python-bridge/index.ts";
import type { Settings } from "../options/settings.ts";

/** @example const python = await startPython({ ...findPythonSources(settings), … }); */
export function findPythonSources({
  engine,
  python,
  schemas,
  wsgi,
  django,
  pythonPath,
}: Settings): Pick<PythonOptions, "engine" | "schemas" | "wsgi" | "django" | "pythonPath" | "writable"> {
  const files = [...schemas.map(({ spec }) => spec), ...(wsgi === null ? [] : [wsgi])].filter((spec) =>
    /\.py(:|$)/.test(spec),
  );
  const project = [process.cwd(), ...(django === null ? [] : [django.folder])];
  // CPython finds those of its own environment by itself.
  const packages = engine === "cpython" ? [] : project.flatMap((folder) => findSitePackages(folder, process.env));
  return {
    engine: engine === "cpython" ? { kind: engine, python, project } : { kind: engine },
    schemas: schemas.map(({ name, spec, camelCase }) => ({ name, spec, camelCase })),
    wsgi,
    django: django === null || django.start === "nothing" ? null : django.start,
    pythonPath: [...new Set([...pythonPath, ...files.map((spec) => dirname(spec)), ...project, ...packages])],
    // As an application is used to: uploads, logs and new migrations lie in its project.
    writable: wsgi === null && django === null ? [] : project,
  };
}
