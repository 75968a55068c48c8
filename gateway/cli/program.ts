/** The commands, their flags and their help. Each command's code is loaded when it runs, so that `--help` is quick. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { PuffError } from "../../schema/index.ts";
import { type Configuration, resolveConfig } from "./config/config.ts";
import { suggest } from "./config/file.ts";
import { optionName, type SettingKey, settingKeys, settings } from "./config/settings.ts";
import { style } from "./support/terminal.ts";

/**
 * The program, ready to parse a command line.
 *
 * @example await createProgram().parseAsync(["node", "puff-gateway", "--schema", "schema.py"]);
 */
export function createProgram(): Command {
  const program = new Command("puff-gateway")
    .description("Serve GraphQL from a Python file. Its resolvers return plans, which the gateway runs on Postgres.")
    .usage("[options] [command]")
    .argument("[command]")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "help for a command")
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => style("bold", title),
      // Options that other tools need too, such as --version, come last.
      sortSubcommands: false,
    })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", examples);
  for (const key of settingKeys) {
    program.addOption(createOption(key));
  }
  // Without this heading the two options of commander's own would be the first group.
  program.optionsGroup("Other:");

  program.action(async (command: string | undefined) => {
    if (command !== undefined) {
      throw unknownCommand(command, program);
    }
    const config = await readConfig(program);
    await (await import("./serve/serve.ts")).serveCommand(config);
  });
  addCommands(program);
  return program;
}

interface CheckFlags {
  readonly indexes?: true;
  readonly update?: true;
  readonly authToken?: string;
  readonly name?: string;
}

/** Whether the command line or the environment asks for stacks of errors. */
export function wantsDebug(program: Command): boolean {
  const level = program.opts()["logLevel"] ?? process.env["PUFF_LOG_LEVEL"];
  return level === "debug" || level === "trace";
}

/** Commands whose options are another program's. */
const foreign = ["django", "pip", "pytest"];

/**
 * The command line with the options ended after `django`, `pip` or `pytest`: what follows is for them, `--help` too.
 *
 * @example endOptions(program, ["node", "puff-gateway", "django", "test", "-v2"]); // […, "django", "--", "test", "-v2"]
 */
export function endOptions(program: Command, argv: readonly string[]): string[] {
  for (let index = 2; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-")) {
      return foreign.includes(word) ? [...argv.slice(0, index + 1), "--", ...argv.slice(index + 1)] : [...argv];
    }
    const option = program.options.find(({ long }) => long === word);
    const hasValue =
      option?.required === true || (option?.optional === true && argv[index + 1]?.startsWith("-") === false);
    index += hasValue ? 1 : 0;
  }
  return [...argv];
}

function addCommands(program: Command): void {
  // Settings make no difference to these, or stand in the help of their own commands.
  const brief = { ...program.configureHelp(), showGlobalOptions: false };
  const schema = program.command("schema").description("print or compare the GraphQL schema").configureHelp(brief);
  schema
    .command("print")
    .description("print the schema in GraphQL's schema definition language, sorted by name")
    .option("--name <name>", "which schema, if puff.toml has several")
    .action(async (options: { name?: string }) => {
      const { printCommand } = await import("./commands/schema-commands.ts");
      await printCommand(await readConfig(program), options.name ?? null);
    });
  schema
    .command("check [old.graphql]")
    .description("compare with an older schema; exit with 1 if a change breaks clients, or something else is worse")
    .option("--indexes", "look for indexes that the filters, orders and pages of collections want")
    .option("--update", "with --documents: keep what they take from now on, beside the manifest")
    .option("--auth-token <token>", "with --documents: the caller's token, as in Authorization: Bearer")
    .option("--name <name>", "which schema, if puff.toml has several")
    .action(async (file: string | undefined, options: CheckFlags) => {
      const { checkCommand } = await import("./commands/schema-commands.ts");
      const checksDocuments = takeFlag(program, "documents");
      await checkCommand(await readConfig(program), {
        name: options.name ?? null,
        file: file ?? null,
        indexes: options.indexes === true,
        documents: checksDocuments ? { update: options.update === true, authToken: options.authToken ?? null } : null,
      });
    });
  const documents = program
    .command("documents")
    .description("build a manifest of trusted documents")
    .configureHelp(brief);
  documents
    .command("build <patterns...>")
    .description(
      "collect the operations of .graphql files, such as 'src/**/*.graphql', in a manifest in Apollo's format",
    )
    .option("--output <file>", "the manifest", "manifest.json")
    .option("--typenames", "add __typename to each object, as Apollo Client and urql do")
    .configureHelp(brief)
    .action(async (patterns: readonly string[], options: { output: string; typenames?: true }) => {
      const { documentsBuildCommand } = await import("./commands/documents-build.ts");
      await documentsBuildCommand({ patterns, output: options.output, typenames: options.typenames === true });
    });
  const cache = program.command("cache").description("print triggers for the response cache").configureHelp(brief);
  cache
    .command("triggers [tables...]")
    .description("print SQL by which writes of other programs end the responses that @graphql.cache keeps")
    .option("--name <name>", "whose database, if puff.toml has several schemas")
    .action(async (tables: readonly string[], options: { name?: string }) => {
      const { cacheTriggersCommand } = await import("./commands/cache-triggers.ts");
      await cacheTriggersCommand(await readConfig(program), { tables, name: options.name ?? null });
    });
  program
    .command("explain <query>")
    .description("run an operation and show how each field was planned, the Python calls, the SQL and its query plan")
    .option("--variables <json>", "the operation's variables", "{}")
    .option("--operation <name>", "which operation, if the document has several")
    .option("--auth-token <token>", "the caller's token, as in Authorization: Bearer")
    .option("--allow-mutation", "run a mutation; its SQL is rolled back, other effects of its resolvers are not")
    .option("--name <name>", "which schema, if puff.toml has several")
    .action(
      async (
        query: string,
        options: { variables: string; operation?: string; authToken?: string; allowMutation?: true; name?: string },
      ) => {
        const { explainCommand } = await import("./commands/explain.ts");
        await explainCommand(await readConfig(program), {
          query,
          variables: options.variables,
          operationName: options.operation ?? null,
          authToken: options.authToken ?? null,
          schemaName: options.name ?? null,
          allowMutation: options.allowMutation === true,
        });
      },
    );
  program
    .command("django [arguments...]")
    .description("run a Django management command, as manage.py does: migrate, createsuperuser, shell, test, …")
    .configureHelp(brief)
    .action(async (given: readonly string[]) => {
      const { djangoCommand } = await import("./python/django.ts");
      await djangoCommand(await readConfig(program), given);
    });
  program
    .command("pytest [arguments...]")
    .description(
      "run the project's tests in the gateway's Python, with GraphQL in process: puff.graphql.global_graphql",
    )
    .configureHelp(brief)
    .action(async (given: readonly string[]) => {
      const { pytestCommand } = await import("./python/pytest.ts");
      await pytestCommand(await readConfig(program), given);
    });
  program
    .command("pip [arguments...]")
    .description(
      "install Python packages for the gateway's Python into .puff/site-packages: pip install -r requirements.txt",
    )
    .configureHelp(brief)
    .action(async (given: readonly string[]) => {
      const { pipCommand } = await import("./python/pip.ts");
      await pipCommand(await readConfig(program), given);
    });
  program
    .command("doctor")
    .description("check versions, database, schema, packages, indexes and port, and suggest remedies")
    .action(async () => {
      const { doctorCommand } = await import("./commands/doctor.ts");
      await doctorCommand(() => readConfig(program));
    });
  program
    .command("config")
    .description("print the effective configuration and where each value comes from")
    .action(async () => {
      const { configCommand } = await import("./commands/config-command.ts");
      configCommand(await readConfig(program));
    });
  program
    .command("new <name>")
    .description("create a working project in a new folder")
    .configureHelp(brief)
    .action(async (name: string) => {
      const { newCommand } = await import("./commands/new.ts");
      await newCommand(name);
    });
  for (const command of schema.commands) {
    command.configureHelp(program.configureHelp());
  }
  for (const command of [...program.commands, ...schema.commands, ...documents.commands, ...cache.commands]) {
    command.helpOption("-h, --help", "print this help").exitOverride();
  }
}

function createOption(key: SettingKey): Option {
  const { flag, help, environment, default: standard, group, repeatable } = settings[key];
  const hasDefault = standard !== null && typeof standard !== "boolean" && !Array.isArray(standard);
  const notes = [`env ${environment.join(", ")}`, ...(hasDefault ? [`default ${standard}`] : [])];
  const option = new Option(flag, `${help} (${notes.join("; ")})`).helpGroup(group);
  if (repeatable === true) {
    option.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  return option;
}

/** Whether a setting's flag is on the command line. Without a value it asks for something to be done, and sets nothing. */
function takeFlag(program: Command, name: string): boolean {
  if (program.getOptionValueSource(name) !== "cli") {
    return false;
  }
  if (program.opts()[name] === true) {
    program.setOptionValueWithSource(name, undefined, "default");
  }
  return true;
}

/** The configuration that the command line, the environment and puff.toml make together. */
function readConfig(program: Command): Promise<Configuration> {
  const given = settingKeys.map(optionName).filter((name) => program.getOptionValueSource(name) === "cli");
  const flags = Object.fromEntries(given.map((name) => [name, program.opts()[name]]));
  return resolveConfig({ flags, environment: process.env, cwd: process.cwd() });
}

function unknownCommand(command: string, program: Command): PuffError {
  const names = program.commands.map((known) => known.name());
  const remedy = /\.py(:|$)/.test(command) ? `Did you mean --schema ${command}?` : suggest(command, names);
  return new PuffError("PUFF_CONFIG_INVALID", `there is no command "${command}"`, { remedy });
}

function version(): string {
  const file = new URL(import.meta.resolve("puff-gateway/package.json"));
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}

const examples = `
Examples:
  puff-gateway new blog                              a working project to begin with
  puff-gateway --schema schema.py --watch            with a Postgres of its own
  puff-gateway --schema blog.api:Schema --database-url postgresql://localhost/blog
  puff-gateway explain '{ posts { title } }'         what an operation does, in the folder of puff.toml
  puff-gateway schema check released.graphql         would a release break clients?

A flag overrides its environment variable, which overrides puff.toml, then the default; "puff-gateway config" prints the
result. A file .env beside puff.toml adds to the environment.
`;
