/** What processes have used, as Linux's /proc tells it. */
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc are hundredths of a second on every Linux. */
const tick = 10;

/** Milliseconds of CPU that a process and all its threads have used; 0 where it has ended. */
export function cpuOf(pid: number): number {
  const fields = statOf(pid);
  return fields === null ? 0 : tick * (Number(fields[11]) + Number(fields[12]));
}

/** The same of Postgres: of the postmaster, of its children, and of those that have ended. */
export function cpuOfPostgres(postmaster: number): number {
  const fields = statOf(postmaster);
  const ended = fields === null ? 0 : tick * (Number(fields[13]) + Number(fields[14]));
  return childrenOf(postmaster).reduce((sum, pid) => sum + cpuOf(pid), ended + cpuOf(postmaster));
}

/** Megabytes that are in memory. */
export function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && Number(statOf(pid)?.[1]) === parent);
}

/** The fields after the name, from the state on: the name may hold spaces. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
