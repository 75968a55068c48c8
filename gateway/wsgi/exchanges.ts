/** The host service `wsgi`: how Python reads a request's body and sends a response piece by piece. */
import {
  type HostService,
  type HostSession,
  method,
  methods,
  Numbered,
  nothing,
  number,
  trusted,
} from "../../python-bridge/index.ts";
import type { Exchange, Head } from "./exchange.ts";

/** The exchanges under way, by the number under which Python knows them. */
export class Exchanges extends Numbered<Exchange> implements HostService {
  open(): HostSession {
    return {
      call: methods("wsgi", {
        read: method([number, number], async ([id, size]) => {
          const piece = await this.#find(id).read(size);
          return { value: null, buffers: piece.length === 0 ? [] : [piece] };
        }),
        start: method([number, trusted<Head>("a response's head")], ([id, head]) => {
          this.get(id)?.start(head); // a client may leave while its response is under way
          return nothing;
        }),
        write: method([number], ([id], { buffers }) => {
          const exchange = this.get(id);
          for (const buffer of buffers) {
            exchange?.write(buffer);
          }
          return nothing;
        }),
        drain: method([number], async ([id]) => {
          await this.#find(id).drain();
          return nothing;
        }),
      }),
      close: () => {},
    };
  }

  #find(id: number): Exchange {
    const exchange = this.get(id);
    if (exchange === undefined) {
      throw new Error("the request has ended");
    }
    return exchange;
  }
}
