/** What benchmarks write: a table for people, and the same as JSON. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, type } from "node:os";
import { join } from "node:path";

const folder = join(import.meta.dirname, "results");

export interface Report {
  /** File name in bench/results, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Whatever else is worth keeping. */
  readonly details?: unknown;
}

/** Prints a report as a Markdown table, and writes it to bench/results as `.md` and `.json`. */
export function writeReport(report: Report): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${type()} ${release()}, Node ${process.version}`;
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  const table = [line(report.columns), line(report.columns.map(() => "---")), ...report.rows.map(line)].join("\n");
  const text = `## ${report.title}\n\n${table}\n\n${machine}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${report.name}.md`), text);
  writeFileSync(join(folder, `${report.name}.json`), `${JSON.stringify({ machine, ...report }, null, 2)}\n`);
  console.log(`\n${text}`);
}
