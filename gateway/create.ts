/** The gateway as one Fastify plugin. */
import cluster from "node:cluster";
import type { FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { type Gateway, RunningGateway } from "./gateway.ts";
import { loadHost } from "./host-module.ts";
import { Guard } from "./http/guard.ts";
import { addRoutes } from "./http/plugin.ts";
import { TrustedProxies } from "./http/proxies.ts";
import { addStaticRoute } from "./http/static.ts";
import type { GatewayOptions } from "./options.ts";
import { readSettings } from "./settings.ts";
import { createSocketRoutes } from "./websockets/routes.ts";
import { addWsgiRoutes } from "./wsgi/routes.ts";

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
 * const app = fastify();
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
      const gateway = new RunningGateway(settings, await loadHost(options.host), app);
      // Registered first, so that whatever has started by the time another part fails is stopped, too.
      app.addHook("onClose", () => gateway.close());
      await gateway.start();
      app.decorate("puff", gateway);
      gateway.metrics?.addTo(app); // before the routes that it measures
      gateway.routes = await addRoutes(app, {
        apis: settings.schemas.map(({ name, url, playgroundUrl, subscriptionsUrl }) => ({
          ...{ url, playgroundUrl, subscriptionsUrl },
          planner: () => gateway.planner(name),
          explain: settings.maskErrors
            ? null
            : (request, caller, signal) => gateway.explain(name, request, caller, signal),
        })),
        checks: gateway.checks(),
        deadline: settings.limits.requestDeadline,
        bodyLimit: settings.limits.bodyBytes,
        subscriberLimit: settings.limits.subscribers,
        operationLimit: settings.limits.socketOperations,
        queueLimit: settings.limits.subscriberQueue,
        corsOrigins: settings.corsOrigins,
        guard,
        application: createSocketRoutes({
          python: () => gateway.python,
          service: gateway.sockets,
          workers: settings.workers,
          deadline: settings.limits.requestDeadline,
          queueLimit: settings.limits.subscriberQueue,
          log: app.log,
        }),
      });
      for (const files of await gateway.findStaticFiles()) {
        await addStaticRoute(app, files, guard);
      }
      if (settings.wsgi !== null || settings.django?.start === "serve") {
        await addWsgiRoutes(app, {
          guard,
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
