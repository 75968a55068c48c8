/** Which user Postgres runs as, and where that user gets to. */
import { createHash } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PuffError } from "../../../schema/index.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Where root keeps what another user has to reach. */
const sharedFolder = "/var/lib/puff-gateway";
/** In the order of preference. Postgres's initdb wants a user with a name. */
const candidates = ["postgres", "nobody"];

/** The user to run Postgres as: the owner of its data; null: the user of this process. */
export async function chooseOwner(data: string): Promise<Owner | null> {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const existing = await stat(data).catch(() => null);
  if (existing !== null && existing.uid !== 0) {
    return { uid: existing.uid, gid: existing.gid };
  }
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const candidate of candidates) {
    const [, , uid, gid] = users.find(([name]) => name === candidate) ?? [];
    if (uid !== undefined && gid !== undefined) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new PuffError("PUFF_EMBEDDED_POSTGRES", "Postgres refuses to run as root, and there is no user postgres", {
    remedy: "Create it with useradd postgres, run the gateway as another user, or give --database-url.",
  });
}

/** The folder, or one in its stead that the owner can reach; always the same for the same folder. */
export function reachableFolder(folder: string, owner: Owner | null): string {
  if (owner === null || reaches(dirname(resolve(folder)), owner)) {
    return folder;
  }
  const digest = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 12);
  return join(sharedFolder, `${basename(folder)}-${digest}`);
}

/** Whether the owner may pass through a folder and all above it; what doesn't exist will be made so. */
export function reaches(folder: string, owner: Owner): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats !== undefined && (permissions(stats, owner) & 0o1) === 0) {
    return false;
  }
  const parent = dirname(folder);
  return parent === folder || reaches(parent, owner);
}

/** The three bits of a file's mode that hold for the owner. */
export function permissions({ mode, uid, gid }: Stats, owner: Owner): number {
  if (uid === owner.uid) {
    return (mode >> 6) & 0o7;
  }
  return (gid === owner.gid ? mode >> 3 : mode) & 0o7;
}
