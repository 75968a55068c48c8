/** puff-gateway as a library: a Fastify plugin, and a server around it. */
export type { LayerContext, LayerFunction } from "../planner/index.ts";
export type { HostFunction } from "../python-bridge/index.ts";
export { type ErrorCode, PuffError } from "../schema/index.ts";
export type { Gateway } from "./app/gateway.ts";
export { createGateway } from "./app/plugin.ts";
export {
  type DatabaseSource,
  defaultLimits,
  type EngineName,
  type GatewayOptions,
  type HostModule,
  type Limits,
  type SchemaOptions,
} from "./options/options.ts";
export type { Listener, Message, PubSub, Unsubscribe } from "./pubsub/index.ts";
export { type ListenOptions, type RunningServer, startServer } from "./server/server.ts";
