/** `puff-gateway django …`: Django's management commands, on the terminal. */
import { PuffError } from "../../../schema/index.ts";
import type { Configuration } from "../config/config.ts";
import { nameDjangoSettings } from "../config/gateway-options.ts";
import { commandInPython } from "./python-command.ts";

/**
 * Runs a management command and sets the process's exit status to its own.
 *
 * @param given - what follows `manage.py`
 * @throws PuffError if the gateway does not start; what Django has to say is on the terminal.
 */
export async function djangoCommand(config: Configuration, given: readonly string[]): Promise<void> {
  const { folder, values, environment } = config;
  // Without settings Django says itself what is missing, where a command needs them.
  const settings = nameDjangoSettings(values.django, folder, environment) ?? "";
  await commandInPython(config, async (call) => {
    const run = (start: "setup" | "nothing") =>
      call({
        target: "puff._django.project:manage",
        given,
        django: { settings, folder, start: settings === "" ? "nothing" : start },
        // Other commands have to work while the schema does not load, or its tables are not there.
        schemas: start === "setup" && given[0] === "test",
      });
    if (given.some((word) => /^--(settings|pythonpath)\b/.test(word))) {
      return await run("nothing");
    }
    try {
      // From a snapshot, where there is one: importing Django and the project takes seconds.
      return await run("setup");
    } catch (error) {
      if (error instanceof PuffError && loadCodes.includes(error.code)) {
        return await run("nothing");
      }
      throw error;
    }
  });
}

/** With these the start fails where the project does not load, which Django tells in its own way. */
const loadCodes = ["PUFF_DJANGO_SETTINGS", "PUFF_SCHEMA_SYNTAX", "PUFF_COMPILED_PACKAGE"];
