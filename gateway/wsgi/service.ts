/** The host service `wsgi`: how Python reads a request's body and sends a response piece by piece. */
import { type HostService, type HostSession, Numbered } from "../../python-bridge/index.ts";
import type { Exchange, Head } from "./exchange.ts";

/** The exchanges under way, by the number under which Python knows them. */
export class Exchanges extends Numbered<Exchange> implements HostService {
  open(): HostSession {
    return {
      call: async (method, args, buffers) => {
        // As puff._serve.wsgi sends them.
        const [id, argument] = args as readonly [number, unknown];
        const exchange = this.get(id);
        if (exchange === undefined) {
          throw new Error("the request has ended");
        }
        switch (method) {
          case "read": {
            const piece = await exchange.read(argument as number);
            return { value: null, buffers: piece.length === 0 ? [] : [piece] };
          }
          case "start":
            exchange.start(argument as Head);
            return { value: null };
          case "write":
            for (const buffer of buffers) {
              exchange.write(buffer);
            }
            return { value: null };
          case "drain":
            await exchange.drain();
            return { value: null };
          default:
            throw new Error(`the service wsgi has no method ${method}`);
        }
      },
      close: () => {},
    };
  }
}
