/** The host service `websocket`: how a Python function receives and sends. */
import { type HostAnswer, type HostService, type HostSession, Numbered } from "../../python-bridge/index.ts";
import { SocketClosed, type SocketConnection } from "./connection.ts";

/** The sockets that functions serve, by the number under which Python knows them. */
export class SocketService extends Numbered<SocketConnection> implements HostService {
  open(): HostSession {
    return {
      call: async (method, args, [data = new Uint8Array()], signal): Promise<HostAnswer> => {
        // As puff._serve.websockets sends them.
        const [id, first, second] = args as readonly [number, unknown, unknown];
        const connection = this.get(id);
        if (connection === undefined) {
          throw new SocketClosed(1000, "the function that served it has ended");
        }
        switch (method) {
          case "receive": {
            const message = await connection.receive(first as number | null, signal);
            return message === null ? { value: null } : { value: message.isBinary, buffers: [message.data] };
          }
          case "send":
            await connection.send({ data: Buffer.from(data), isBinary: first as boolean });
            return { value: null };
          case "accept":
            await connection.accept(first as string | null);
            return { value: null };
          case "close":
            await connection.close(first as number, second as string);
            return { value: null };
          default:
            throw new Error(`the service websocket has no method ${method}`);
        }
      },
      close: () => undefined,
    };
  }
}
