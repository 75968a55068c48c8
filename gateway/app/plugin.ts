/** The gateway as one Fastify plugin. */
import cluster from "node:cluster";
import type { FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { PuffError } from "../../schema/index.ts";
import { BodyRoom } from "../fairness/body-room.ts";
import { hasUploads } from "../http/deadlines.ts";
import { Guard } from "../http/guard/guard.ts";
import { TrustedProxies } from "../http/guard/proxies.ts";
import { addRoutes } from "../http/plugin.ts";
import { currentLog } from "../http/routes.ts";
import { Subscribers } from "../http/sockets/subscribers.ts";
import { addStaticRoute } from "../http/static.ts";
import type { GatewayOptions } from "../options/options.ts";
import { readSettings } from "../options/settings.ts";
import { createSocketRoutes } from "../websockets/routes.ts";
import { addWsgiRoutes } from "../wsgi/routes.ts";
import { type Gateway, RunningGateway } from "./gateway.ts";
import { loadHost } from "./host-module.ts";

declare module "fastify" {
  interface FastifyInstance {
    readonly puff: Gateway;
  }
}

/**
 * A Fastify plugin that serves GraphQL and WSGI from Python. Registered, it starts interpreters and connects to databases;
 * `app.close()` stops them.
 *
 * @throws PuffError on `ready()` for a user's mistake, with place, cause and remedy.
 * @example
 * const app = fastify({ pluginTimeout: 0 }); // Fastify's own 10 s are short for a first start
 * await app.register(createGateway({
 *   schemas: [{ spec: "schema.py" }],
 *   databases: [{ name: "default", url: "postgres://localhost/blog" }],
 * }));
 * await app.listen({ port: 7777 });
 */
export function createGateway(options: GatewayOptions): FastifyPluginAsync {
  return fastifyPlugin(
    async (app) => {
      const settings = readSettings(options);
      const { allowedHosts, trustProxy } = settings;
      const guard = new Guard({ allowedHosts, proxies: new TrustedProxies(trustProxy) });
      const subscribers = new Subscribers(settings.limits.subscribers, settings.limits.clientShare);
      const routes = { endSubscriptions: () => subscribers.endAll("reloaded"), currentLog };
      const bodyRoom = new BodyRoom(settings.limits.waitingBytes, settings.limits.clientShare);
      const gateway = new RunningGateway(settings, await loadHost(options.host), app, routes);
      // Registered first, so that whatever has started by the time another part fails is stopped, too.
      app.addHook("onClose", () => gateway.close());
      await startInTime(gateway.start(), app.initialConfig.pluginTimeout ?? 0);
      app.decorate("puff", gateway);
      gateway.metrics?.addTo(app); // before the routes that it measures
      await addRoutes(app, {
        apis: settings.schemas.map(({ name, url, playgroundUrl, subscriptionsUrl }) => ({
          ...{ url, playgroundUrl, subscriptionsUrl },
          planner: () => gateway.planner(name),
          trusted: () => gateway.trusted.of(name),
          explain: settings.maskErrors
            ? null
            : (request, caller, signal) => gateway.explain(name, request, caller, signal),
        })),
        checks: gateway.checks(),
        deadline: settings.limits.requestDeadline,
        bodyLimit: settings.limits.bodyBytes,
        bodyRoom,
        subscribers,
        operationLimit: settings.limits.socketOperations,
        queueLimit: settings.limits.subscriberQueue,
        persistedQueryBytes: settings.persistedQueries ? settings.limits.persistedQueryBytes : null,
        corsOrigins: settings.corsOrigins,
        guard,
        bodyDeadline: hasUploads(settings) ? settings.limits.requestDeadline : null,
        application: createSocketRoutes({
          python: () => gateway.python,
          service: gateway.sockets,
          workers: settings.workers,
          share: settings.limits.clientShare,
          deadline: settings.limits.requestDeadline,
          queueLimit: settings.limits.subscriberQueue,
          log: app.log,
        }),
      });
      for (const files of await gateway.findStaticFiles()) {
        await addStaticRoute(app, files, guard);
      }
      if (hasUploads(settings)) {
        await addWsgiRoutes(app, {
          guard,
          bodyRoom,
          python: () => gateway.python,
          exchanges: gateway.exchanges,
          workers: settings.workers,
          multiprocess: settings.workers > 1 || cluster.isWorker,
          deadline: settings.limits.requestDeadline,
          concurrency: settings.limits.wsgiRequests,
          queueLimit: settings.limits.wsgiQueue,
          share: settings.limits.clientShare,
          maskErrors: settings.maskErrors,
        });
      }
    },
    { name: "puff-gateway", fastify: "5.x" },
  );
}

/** Says what to do where Fastify would soon say only that a plugin did not start in time. */
async function startInTime(start: Promise<void>, patience: number): Promise<void> {
  if (patience === 0) {
    await start;
    return;
  }
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const time = `${patience / 1000} s`;
    late.reject(
      new PuffError("PUFF_CONFIG_INVALID", `the gateway did not start within the ${time} that Fastify gives a plugin`, {
        remedy: "Give it more: fastify({ pluginTimeout: 0 }). A first start takes a snapshot of the interpreter.",
      }),
    );
  }, patience * 0.9);
  try {
    await Promise.race([start, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
