/** From the command's configuration to the options of a gateway. */
import { existsSync } from "node:fs";
import { PuffError } from "../../../schema/index.ts";
import { findDjangoSettings } from "../../django/project.ts";
import type { DatabaseSource, DjangoOptions, GatewayOptions } from "../../options/options.ts";
import type { Configuration } from "./config.ts";

/**
 * The options of a gateway on the databases given: none, where a command needs the schema alone.
 *
 * @throws PuffError if there is no schema, or its file does not exist: known at once, before anything is started.
 * @example createGateway(toGatewayOptions(config, []));
 */
export function toGatewayOptions(config: Configuration, databases: readonly DatabaseSource[]): GatewayOptions {
  const { values, schemas } = config;
  const django = chooseDjango(config);
  if (schemas.length === 0 && values.wsgi === null && django === null) {
    throw new PuffError("PUFF_CONFIG_INVALID", "there is no schema to serve", {
      remedy:
        "Name a Python file: puff-gateway --schema schema.py. Or start a project: puff-gateway new blog. " +
        "puff-gateway --help shows the rest.",
    });
  }
  const application = values.wsgi === null ? [] : [{ spec: values.wsgi, origin: config.origins.wsgi }];
  for (const { spec, origin } of [...schemas, ...application]) {
    const file = /^(.+\.py)(:\w+(?:\(\))?)?$/.exec(spec)?.[1];
    if (file !== undefined && !existsSync(file)) {
      throw new PuffError("PUFF_SCHEMA_NOT_FOUND", `there is no file ${file}`, {
        place: origin,
        remedy: "Check the path, or create a project with it: puff-gateway new blog.",
      });
    }
  }
  return {
    schemas: schemas.map(({ name, spec, url, playgroundUrl, subscriptionsUrl, database, camelCase, ...given }) => ({
      ...{ name, spec, url, playgroundUrl, subscriptionsUrl, camelCase },
      ...{ documents: given.documents, documentsOnly: given.documentsOnly },
      ...(databases.length === 0 ? {} : { database }),
    })),
    wsgi: values.wsgi,
    django,
    static: values.static,
    databases,
    redisUrl: values.redis_url,
    requireRedis: values.require_redis,
    metrics: values.metrics,
    pythonPath: values.python_path,
    engine: values.engine,
    python: values.python,
    workers: values.workers,
    limits: config.limits,
    verifyPlans: values.verify_plans,
    persistedQueries: values.persisted_queries,
    introspection: values.introspection,
    corsOrigins: values.cors,
    trustProxy: values.trust_proxy,
    ...(values.allowed_hosts.length === 0 ? {} : { allowedHosts: values.allowed_hosts }),
    environment: config.environment,
    ...(config.hostModule === null ? {} : { host: config.hostModule }),
    ...(values.suggestions === null ? {} : { suggestions: values.suggestions }),
    ...(values.mask_errors === null ? {} : { maskErrors: values.mask_errors }),
    ...(values.cache_folder === null ? {} : { cacheFolder: values.cache_folder }),
  };
}

/**
 * The Django project of the configuration; null: there is none.
 *
 * @throws PuffError if there should be one, but nothing names its settings.
 */
function chooseDjango({ values, origins, folder, environment }: Configuration): DjangoOptions | null {
  if (values.django === false) {
    return null;
  }
  const settings = nameDjangoSettings(values.django, folder, environment);
  if (settings === null) {
    throw new PuffError("PUFF_DJANGO_SETTINGS", `no manage.py in ${folder} names the settings of a Django project`, {
      place: origins.django,
      remedy: 'Name them: --django config.settings, or [django] with settings = "config.settings" in puff.toml.',
    });
  }
  return { settings, folder };
}

/** The settings module: one that was given, else DJANGO_SETTINGS_MODULE, else what manage.py says; null: none. */
export function nameDjangoSettings(
  given: boolean | string,
  folder: string,
  environment: Configuration["environment"],
): string | null {
  return typeof given === "string" ? given : (environment["DJANGO_SETTINGS_MODULE"] ?? findDjangoSettings(folder));
}
