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
import { exitOnSignals } from "../support/signals.ts";
import { print, style } from "../support/terminal.ts";
import { chooseSchema, withGateway } from "./quiet-gateway.ts";

/** Prints the schema in SDL, sorted, so that two prints can be compared line by line. */
export async function printCommand(config: Configuration, name: string | null): Promise<void> {
  print(printSchema(lexicographicSortSchema(await loadSchema(config, name))));
}

/**
 * Compares the schema with an older one in a file; a change that breaks clients makes the exit code 1.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` where the file can't be read or is not a schema.
 */
export async function checkCommand(config: Configuration, name: string | null, file: string): Promise<void> {
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
