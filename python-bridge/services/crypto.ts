/** Hashes of passwords for Python, which has none and would hold up its greenlets: Node's, off the thread. */
import { pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { number, object, text } from "./kinds.ts";
import { method, methods } from "./methods.ts";
import type { HostService, HostSession } from "./services.ts";

/** `puff._cooperative._hashes` calls it, with the password and the salt as buffers. */
export const cryptoService: HostService = { open: () => session };

const none = new Uint8Array(0);
const hashWithPbkdf2 = promisify(pbkdf2);
const hashWithScrypt = promisify<Uint8Array, Uint8Array, number, ScryptCost, Buffer>(scrypt);

interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly maxmem: number;
}

const session: HostSession = {
  call: methods("crypto", {
    pbkdf2: method(
      [text, number, number],
      async ([digest, iterations, length], { buffers: [password = none, salt = none] }) => ({
        value: null,
        buffers: [await hashWithPbkdf2(password, salt, iterations, length, digest)],
      }),
    ),
    scrypt: method(
      [object({ N: number, r: number, p: number, maxmem: number }), number],
      async ([cost, length], { buffers: [password = none, salt = none] }) => ({
        value: null,
        buffers: [await hashWithScrypt(password, salt, length, cost)],
      }),
    ),
  }),
  close: () => {},
};
