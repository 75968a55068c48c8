/** What the supervisor and its processes tell each other, as JSON. */
import type { DatabaseSource } from "../../options/options.ts";
import type { Configuration } from "../config/config.ts";

export type ToProcess =
  /** The first message: what to serve. All processes get the same, whatever happens to puff.toml meanwhile. */
  | {
      readonly kind: "start";
      /** Counted from 1; a process takes over the number of the one it replaces. */
      readonly number: number;
      readonly config: Configuration;
      readonly sources: readonly DatabaseSource[];
      readonly embeddedFolder: string | null;
      /** Whether to say where the gateway is. */
      readonly announce: boolean;
    }
  /** Answer `alive`: the event loop turns. */
  | { readonly kind: "ping" }
  /** Stop gracefully. */
  | { readonly kind: "stop" };

export type FromProcess =
  /** It serves; its first message. */
  | { readonly kind: "ready" }
  /** Answers a ping. */
  | { readonly kind: "alive" };
