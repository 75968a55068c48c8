/** The entry of the command `puff-gateway`. */
import { CommanderError } from "commander";
import { createProgram, endOptions, wantsDebug } from "./program.ts";
import { reportFailure } from "./support/terminal.ts";

// `puff-gateway config | head` closes the pipe early: that is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = createProgram();
try {
  await program.parseAsync(endOptions(program, process.argv));
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  } else {
    reportFailure(error, wantsDebug(program));
    process.exitCode = 1;
    // What a failed start leaves open must not keep the process: it ends by itself, or in a second.
    setTimeout(() => process.exit(), 1000).unref();
  }
}
