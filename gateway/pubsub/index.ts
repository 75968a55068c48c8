export { openPubSub } from "./open.ts";
export type { Listener, Message, PubSub, Unsubscribe } from "./pubsub.ts";
export { PubSubService } from "./pubsub-service.ts";
