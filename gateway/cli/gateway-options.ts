/** From the command's configuration to the options of a gateway. */
import { existsSync } from "node:fs";
import { PuffError } from "../../schema/index.ts";
import type { DatabaseSource, GatewayOptions } from "../options.ts";
import type { Configuration } from "./config.ts";

/**
 * The options of a gateway on the databases given: none, where a command needs the schema alone.
 *
 * @throws PuffError where there is no schema, or its file does not exist: known at once, before anything is started.
 * @example createGateway(toGatewayOptions(config, []));
 */
export function toGatewayOptions(config: Configuration, databases: readonly DatabaseSource[]): GatewayOptions {
  const { values, schemas } = config;
  if (schemas.length === 0) {
    throw new PuffError("PUFF_CONFIG_INVALID", "there is no schema to serve", {
      remedy:
        "Name a Python file: puff-gateway --schema schema.py. Or begin a project: puff-gateway new blog. " +
        "puff-gateway --help shows the rest.",
    });
  }
  for (const { spec, origin } of schemas) {
    const file = /^(.+\.py)(:\w+)?$/.exec(spec)?.[1];
    if (file !== undefined && !existsSync(file)) {
      throw new PuffError("PUFF_SCHEMA_NOT_FOUND", `there is no file ${file}`, {
        place: origin,
        remedy: "Check the path, or create a project with it: puff-gateway new blog.",
      });
    }
  }
  return {
    schemas: schemas.map(({ name, spec, url, playgroundUrl, subscriptionsUrl, database, camelCase }) => ({
      ...{ name, spec, url, playgroundUrl, subscriptionsUrl, camelCase },
      ...(databases.length === 0 ? {} : { database }),
    })),
    databases,
    pythonPath: values.python_path,
    workers: values.workers,
    limits: config.limits,
    verifyPlans: values.verify_plans,
    introspection: values.introspection,
    corsOrigins: values.cors,
    environment: config.environment,
    ...(config.hostModule === null ? {} : { host: config.hostModule }),
    ...(values.suggestions === null ? {} : { suggestions: values.suggestions }),
    ...(values.mask_errors === null ? {} : { maskErrors: values.mask_errors }),
    ...(values.cache_folder === null ? {} : { cacheFolder: values.cache_folder }),
  };
}
