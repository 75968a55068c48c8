/** The host service `wsgi`: how Python reads a request's body and sends a response piece by piece. */
import type { HostService, HostSession } from "../../python-bridge/index.ts";
import type { Exchange, Head } from "./exchange.ts";

/** The exchanges under way, by the number under which Python knows them. */
export class Exchanges implements HostService {
  readonly #exchanges = new Map<number, Exchange>();
  #last = 0;

  /** Makes an exchange known while `work` runs. */
  async with<T>(exchange: Exchange, work: (id: number) => Promise<T>): Promise<T> {
    const id = ++this.#last;
    this.#exchanges.set(id, exchange);
    try {
      return await work(id);
    } finally {
      this.#exchanges.delete(id);
    }
  }

  open(): HostSession {
    return {
      call: async (method, args, buffers) => {
        // As puff._wsgi sends them.
        const [id, argument] = args as readonly [number, unknown];
        const exchange = this.#exchanges.get(id);
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
