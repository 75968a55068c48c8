/** What a command prints: answers on stdout, problems on stderr, colours only where a person reads them. */
import { styleText } from "node:util";
import { describeError, PuffError } from "../../../schema/index.ts";

type Format = Parameters<typeof styleText>[0];

/** Writes lines to stdout. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Text in a colour or weight; plain where stdout is not a terminal, or NO_COLOR is set. */
export function style(format: Format, value: string): string {
  return styleText(format, value, { stream: process.stdout });
}

/**
 * Reports a failure on stderr: a user's mistake in one message, anything else as the bug that it is.
 *
 * @param debug - show the stack of a user's mistake as well
 */
export function reportFailure(error: unknown, debug: boolean): void {
  process.stderr.write(`${styleText("red", "✗", { stream: process.stderr })} ${describeFailure(error, debug)}\n`);
}

function describeFailure(error: unknown, debug: boolean): string {
  if (error instanceof PuffError && error.code !== "PUFF_INTERNAL") {
    if (debug) {
      return `${describeError(error)}\n${stackOf(error)}`;
    }
    return `${describeError(error)}${tracebackOf(error) === null ? "" : " --log-level debug shows Python's traceback."}`;
  }
  return `This is a bug in puff-gateway. Please report it with what follows.\n${stackOf(error)}`;
}

/** The stack of an error and of those that caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const stack = error.stack ?? String(error);
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`;
}

/** Python's traceback, where code of the user's raised: the stack of the error's cause. */
export function tracebackOf({ cause }: PuffError): string | null {
  return cause instanceof Error && cause.stack?.startsWith("Traceback") === true ? cause.stack : null;
}
