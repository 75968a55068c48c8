/** A manifest from the files of a front end that hold its operations and fragments. */
import { hash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  Source,
  visit,
} from "graphql";
import { PuffError } from "../../schema/index.ts";

export interface BuildOptions {
  /** As a shell has them: `src/*.graphql`. */
  readonly patterns: readonly string[];
  readonly cwd: string;
  /** Whether `__typename` is added to each object, as Apollo's and urql's caches ask for it. */
  readonly typenames: boolean;
}

/** A manifest in Apollo's format. */
export interface BuiltManifest {
  readonly format: "apollo-persisted-query-manifest";
  readonly version: 1;
  readonly operations: readonly BuiltOperation[];
}

export interface BuiltOperation {
  /** SHA-256 of the body. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly body: string;
}

/**
 * Each operation with the fragments that it spreads, whichever file they are in.
 *
 * @throws PuffError `PUFF_DOCUMENTS_INVALID`: a file is not GraphQL, an operation has no name or another's, a fragment is
 * missing or there twice.
 * @example const { operations } = await buildManifest({ patterns: ["src/*.graphql"], cwd: "/project", typenames: false });
 */
export async function buildManifest({ patterns, cwd, typenames }: BuildOptions): Promise<BuiltManifest> {
  const definitions = await readDefinitions(patterns, cwd);
  const fragments = new Map<string, Placed<FragmentDefinitionNode>>();
  const operations = new Map<string, Placed<OperationDefinitionNode>>();
  for (const { definition, file } of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      add(fragments, "fragment", definition.name.value, { definition, file });
    } else if (definition.kind !== Kind.OPERATION_DEFINITION) {
      throw invalid(file, `${definition.kind} is neither an operation nor a fragment`);
    } else if (definition.name === undefined) {
      throw invalid(file, "an operation has no name, by which clients find its id");
    } else {
      add(operations, "operation", definition.name.value, { definition, file });
    }
  }
  const built = [...operations].map(([name, placed]): BuiltOperation => {
    const document: DocumentNode = {
      kind: Kind.DOCUMENT,
      definitions: [placed.definition, ...spreadBy(placed, fragments)],
    };
    const body = print(typenames ? visit(document, { SelectionSet: { leave: withTypename } }) : document);
    return { id: hash("sha256", body, "hex"), name, type: placed.definition.operation, body };
  });
  built.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { format: "apollo-persisted-query-manifest", version: 1, operations: built };
}

interface Placed<T> {
  readonly definition: T;
  readonly file: string;
}

async function readDefinitions(patterns: readonly string[], cwd: string): Promise<Placed<DefinitionNode>[]> {
  const files: string[] = [];
  for await (const file of glob([...patterns], { cwd, exclude: ["**/node_modules/**"] })) {
    files.push(file);
  }
  if (files.length === 0) {
    throw invalid(cwd, `no file matches ${patterns.join(", ")}`);
  }
  const read = files.sort().map(async (file) => {
    try {
      const { definitions } = parse(new Source(await readFile(join(cwd, file), "utf8"), file));
      return definitions.map((definition) => ({ definition, file }));
    } catch (error) {
      const { message, locations } = error instanceof GraphQLError ? error : { ...unreadable, locations: undefined };
      const [line] = locations ?? [];
      throw invalid(line === undefined ? file : `${file}:${line.line}:${line.column}`, message, error);
    }
  });
  return (await Promise.all(read)).flat();
}

const unreadable = { message: "the file can't be read" };

function add<T>(known: Map<string, Placed<T>>, kind: string, name: string, placed: Placed<T>): void {
  const first = known.get(name);
  if (first !== undefined) {
    throw invalid(placed.file, `there are two ${kind}s named ${name}, the first in ${first.file}`);
  }
  known.set(name, placed);
}

/** The fragments that an operation needs, in the order in which it comes to them. */
function spreadBy(
  { definition, file }: Placed<OperationDefinitionNode>,
  fragments: ReadonlyMap<string, Placed<FragmentDefinitionNode>>,
): FragmentDefinitionNode[] {
  const found = new Map<string, FragmentDefinitionNode>();
  const look = (within: OperationDefinitionNode | FragmentDefinitionNode, at: string): void => {
    visit(within, {
      FragmentSpread({ name: { value: name } }) {
        const fragment = fragments.get(name);
        if (fragment === undefined) {
          throw invalid(at, `there is no fragment ${name}, which ${within.name?.value} spreads`);
        }
        if (!found.has(name)) {
          found.set(name, fragment.definition);
          look(fragment.definition, fragment.file);
        }
      },
    });
  };
  look(definition, file);
  return [...found.values()];
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/** Not on the operation's root, whose type clients know. */
function withTypename(
  node: SelectionSetNode,
  _key: unknown,
  parent: { readonly kind?: unknown } | readonly unknown[] | undefined,
): SelectionSetNode | undefined {
  const ofOperation = parent !== undefined && "kind" in parent && parent.kind === Kind.OPERATION_DEFINITION;
  const has = node.selections.some((selection) => selection.kind === Kind.FIELD && isTypename(selection));
  return ofOperation || has ? undefined : { ...node, selections: [...node.selections, typename] };
}

function isTypename({ name, alias }: FieldNode): boolean {
  return name.value === "__typename" && alias === undefined;
}

function invalid(place: string, message: string, cause?: unknown): PuffError {
  return new PuffError("PUFF_DOCUMENTS_INVALID", message, {
    place,
    remedy: "A manifest is made of files with operations and fragments, each with a name of its own.",
    cause,
  });
}
