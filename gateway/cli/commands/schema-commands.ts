/** `puff-gateway schema print` and `schema check`. */
import { readFile } from "node:fs/promises";
import {
  BreakingChangeType,
  buildSchema,
  DangerousChangeType,
  findSchemaChanges,
  GraphQLError,
  type GraphQLSchema,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { PuffError } from "../../../schema/index.ts";
import type { Configuration } from "../config/config.ts";
import { drawIndexes, findIndexes, summarizeIndexes } from "../indexes/missing-indexes.ts";
import { chooseSchema, withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";
import { print, style } from "../support/terminal.ts";
import { type CheckDocumentsOptions, checkDocuments } from "./check-documents.ts";

/** Prints the schema in SDL, sorted, so that two prints can be compared line by line. */
export async function printCommand(config: Configuration, name: string | null): Promise<void> {
  print(printSchema(lexicographicSortSchema(await loadSchema(config, name))));
}

/** What `schema check` looks at. */
export interface CheckOptions {
  /** Which schema. */
  readonly name: string | null;
  /** An older schema to compare with. */
  readonly file: string | null;
  /** Whether to look for indexes that the schema's collections want. */
  readonly indexes: boolean;
  /** Whether to look at trusted documents; null: no. */
  readonly documents: Omit<CheckDocumentsOptions, "name"> | null;
}

/**
 * Compares the schema with an older one in a file, and looks for missing indexes. A change that breaks clients, and a
 * missing index, make the exit code 1.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` if there is nothing to check, or the file can't be read or is not a schema.
 */
export async function checkCommand(
  config: Configuration,
  { name, file, indexes, documents }: CheckOptions,
): Promise<void> {
  if (file === null && !indexes && documents === null) {
    throw new PuffError("PUFF_CONFIG_INVALID", "schema check has nothing to check", {
      remedy: "Name a file with an older schema, or add --indexes or --documents.",
    });
  }
  if (file !== null) {
    await checkChanges(config, name, file);
  }
  if (indexes) {
    await checkIndexes(config, name);
  }
  if (documents !== null) {
    await checkDocuments(config, { name, ...documents });
  }
}

async function checkIndexes(config: Configuration, name: string | null): Promise<void> {
  const chosen = chooseSchema(config, name);
  exitOnSignals();
  const report = (await findIndexes(config, chosen)).get(chosen);
  if (report === undefined) {
    print("the schema has no collections: nothing to check");
    return;
  }
  print(...drawIndexes(report), summarizeIndexes(report));
  if (report.missing.length > 0) {
    process.exitCode = 1;
  }
}

async function checkChanges(config: Configuration, name: string | null, file: string): Promise<void> {
  const older = await readOlderSchema(file);
  const changes = findSchemaChanges(older, await loadSchema(config, name));
  const breaking = changes.filter(({ type }) => type in BreakingChangeType);
  const dangerous = changes.filter(({ type }) => type in DangerousChangeType && !(type in BreakingChangeType));
  const safe = changes.filter((change) => !breaking.includes(change) && !dangerous.includes(change));
  for (const { description } of breaking) {
    print(`${style("red", "✗ breaks clients")}   ${description}`);
  }
  for (const { description } of dangerous) {
    print(`${style("yellow", "! may surprise")}    ${description}`);
  }
  for (const { description } of safe) {
    print(`${style("green", "✓ safe")}            ${description}`);
  }
  print(`${breaking.length} breaking, ${dangerous.length} dangerous, ${safe.length} safe changes since ${file}`);
  if (breaking.length > 0) {
    process.exitCode = 1;
  }
}

function loadSchema(config: Configuration, name: string | null): Promise<GraphQLSchema> {
  const chosen = chooseSchema(config, name);
  exitOnSignals();
  return withGateway(config, [], async ({ app }) => {
    const planner = app.puff.planners.get(chosen);
    if (planner === undefined) {
      throw new PuffError("PUFF_INTERNAL", `the schema ${chosen} has no planner`);
    }
    return planner.schema;
  });
}

async function readOlderSchema(file: string): Promise<GraphQLSchema> {
  try {
    return buildSchema(await readFile(file, "utf8"));
  } catch (error) {
    const isSyntax = error instanceof GraphQLError;
    const line = isSyntax ? error.locations?.[0]?.line : undefined;
    throw new PuffError("PUFF_CONFIG_INVALID", isSyntax ? error.message : "the file can't be read as a schema", {
      place: line === undefined ? file : `${file}:${line}`,
      remedy: "Make it with: puff-gateway schema print > old.graphql.",
      cause: error,
    });
  }
}
