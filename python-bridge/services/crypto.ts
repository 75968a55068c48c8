/** Hashes of passwords for Python, which has none and would hold up its greenlets: Node's, off the thread. */
import { pbkdf2, type ScryptOptions, scrypt } from "node:crypto";
import type { HostService, HostSession } from "./services.ts";

/** `puff._cooperative._hashes` calls it, with the password and the salt as buffers. */
export const cryptoService: HostService = { open: () => session };

const session: HostSession = {
  async call(method, args, [password = none, salt = none]) {
    const hash = method === "scrypt" ? scryptOf(args, password, salt) : pbkdf2Of(args, password, salt);
    return { value: null, buffers: [await hash] };
  },
  close: () => {},
};
const none = new Uint8Array(0);

function pbkdf2Of(args: readonly unknown[], password: Uint8Array, salt: Uint8Array): Promise<Buffer> {
  const [digest, iterations, length] = args as [digest: string, iterations: number, length: number]; // as _hashes.py writes them
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, length, digest, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function scryptOf(args: readonly unknown[], password: Uint8Array, salt: Uint8Array): Promise<Buffer> {
  const [options, length] = args as [options: ScryptOptions, length: number]; // likewise
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
