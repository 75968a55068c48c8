/**
 * Finds marks of a translated style in code, comments, messages and docs: `npm run check house`. Each mark has a plain
 * form, which is told with it.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const systems = "Django|JavaScript|Node|Postgres|Puff|Python|Redis|SQLAlchemy|asyncio|psycopg2";

const marks: readonly (readonly [mark: RegExp, plain: string])[] = [
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|such\b)[a-z]/i, "say what it is not: is not a, are not"],
  [new RegExp(String.raw`\bof (?:${systems})'s\b`), "put the owner first, or name it without 's"],
  [/\bwhoever\b/i, "name the doer"],
  [/(?:\/\/|\*|\.) Who (?!(?:are|can|is|may|sees|wrote)\b)/, "name the doer"],
  [/\b(?:is|are|was|were) answered with\b/, "the doer answers with it, or sends it"],
  [/\bso many\b/i, "this many, or a number"],
  [/\bfor so long\b/i, "for this long, or a number"],
  [/\b(?:None|null|undefined|false|true) where (?:it|there|they)\b/i, "if"],
  [/@throws \S+ where\b/, "if"],
];

/** The API reference is made from the code, and the changelog tells what was. */
const leftOut = /^(?:docs\/api\/|CHANGELOG\.md$|scripts\/english\.ts$)/;

const listed = spawnSync("git", ["ls-files", "*.md", "*.py", "*.ts", "*.tsx"], { cwd: root, encoding: "utf8" });
const files = listed.stdout.split("\n").filter((file) => file !== "" && !leftOut.test(file));
let found = 0;
for (const file of files) {
  for (const [index, line] of readFileSync(join(root, file), "utf8").split("\n").entries()) {
    for (const [mark, plain] of marks) {
      const [text] = mark.exec(line) ?? [];
      if (text !== undefined) {
        console.log(`${file}:${index + 1}: "${text}" — ${plain}`);
        found++;
      }
    }
  }
}
console.log(`${found} marks in ${files.length} files`);
process.exitCode = found === 0 && files.length > 0 ? 0 : 1;
