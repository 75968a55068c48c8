/** The host service `websocket`: how a Python function receives and sends. */
import {
  flag,
  type HostService,
  type HostSession,
  method,
  methods,
  Numbered,
  nothing,
  nullable,
  number,
  text,
} from "../../python-bridge/index.ts";
import { SocketClosed, type SocketConnection } from "./socket-connection.ts";

/** The sockets that functions serve, by the number under which Python knows them. */
export class SocketService extends Numbered<SocketConnection> implements HostService {
  open(): HostSession {
    return {
      call: methods("websocket", {
        receive: method([number, nullable(number)], async ([id, timeout], { signal }) => {
          const message = await this.#find(id).receive(timeout, signal);
          return message === null ? nothing : { value: message.isBinary, buffers: [message.data] };
        }),
        send: method([number, flag], async ([id, isBinary], { buffers: [data = new Uint8Array()] }) => {
          await this.#find(id).send({ data: Buffer.from(data), isBinary });
          return nothing;
        }),
        accept: method([number, nullable(text)], async ([id, subprotocol]) => {
          await this.#find(id).accept(subprotocol);
          return nothing;
        }),
        close: method([number, number, text], async ([id, code, reason]) => {
          await this.#find(id).close(code, reason);
          return nothing;
        }),
      }),
      close: () => undefined,
    };
  }

  #find(id: number): SocketConnection {
    const connection = this.get(id);
    if (connection === undefined) {
      throw new SocketClosed(1000, "the function that served it has ended");
    }
    return connection;
  }
}
