/** The process's log on stdout: lines for a person at a terminal, JSON lines for anything else. */
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { LogLevel } from "../config/settings.ts";

/**
 * A logger.
 *
 * @param target - 1: stdout, 2: stderr, for a command that answers on stdout
 * @param processNumber - which of several processes logs; null: there is one
 */
export function createLogger(level: LogLevel, target: 1 | 2 = 1, processNumber: number | null = null): Logger {
  const base = processNumber === null ? null : { process: processNumber };
  if (!(target === 1 ? process.stdout : process.stderr).isTTY) {
    const destination = pino.destination({ dest: target, sync: true });
    return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  }
  const stream = pretty({
    colorize: process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "",
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname,logger,process,traceback,signal",
    // Python's `print` comes with the logger "stdout", which says nothing to a person.
    messageFormat: (record, key) => {
      const { logger, process: number, traceback } = record;
      const named = typeof logger === "string" && !["stdout", "stderr", "root"].includes(logger);
      const source = number === undefined ? "" : `[${number}] `;
      const message = `${source}${named ? `${logger}: ` : ""}${record[key]}`;
      return typeof traceback === "string" ? `${message}\n${traceback}` : message;
    },
    destination: target,
    sync: true,
  });
  return pino({ level, base }, stream);
}
