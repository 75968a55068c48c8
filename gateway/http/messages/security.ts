/** Security events in the log: one form for all, and so few lines that nobody can attack the log. */
import { type ErrorCode, isSecurityCode } from "../../../schema/index.ts";

export interface SecurityEvent {
  readonly code: ErrorCode;
  /** The client's, as far as trusted proxies tell. */
  readonly address: string;
  /** What was refused; asked only where it is logged. */
  what(): string;
}

interface Log {
  info(fields: object, message: string): void;
}

/** Milliseconds in which that many lines of each code are logged, and then one that counts the others. */
const period = 10_000;
const linesOfPeriod = 10;
/** Characters of what a client sent that a line may hold. */
const longest = 300;

/** Lines of each code in the period at hand. */
const counts = new Map<ErrorCode, number>();

/**
 * Logs a refusal, a limit that was hit or a failed authentication, where its code is among those of the catalogue that
 * are security events.
 *
 * @example noteSecurity(log, { code: "PUFF_CSRF", address: "203.0.113.9", what: () => "a page of another site …" });
 */
export function noteSecurity(log: Log, { code, address, what }: SecurityEvent): void {
  if (!isSecurityCode(code)) {
    return;
  }
  const count = counts.get(code) ?? 0;
  counts.set(code, count + 1);
  if (count === 0) {
    setTimeout(() => endPeriod(log, code), period).unref();
  }
  if (count < linesOfPeriod) {
    write(log, code, address, what());
  }
}

function endPeriod(log: Log, code: ErrorCode): void {
  const more = (counts.get(code) ?? 0) - linesOfPeriod;
  counts.delete(code);
  if (more > 0) {
    write(log, code, null, `${more} more within ${period / 1000} s`);
  }
}

function write(log: Log, code: ErrorCode, address: string | null, what: string): void {
  const shown = what.length > longest ? `${what.slice(0, longest)}…` : what;
  log.info({ event: "security", code, address, what: shown }, "security");
}
