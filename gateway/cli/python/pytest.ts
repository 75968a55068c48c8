/** `puff-gateway pytest …`: the project's tests in the gateway's Python, on the terminal. */

import { findTestSettings } from "../../django/project.ts";
import type { Configuration } from "../config/config.ts";
import { nameDjangoSettings } from "../config/gateway-options.ts";
import { prepareDatabase } from "../support/init-sql.ts";
import { commandInPython } from "./python-command.ts";

/**
 * Runs pytest and sets the process's exit status to its own.
 *
 * @param given - pytest's arguments
 * @throws PuffError if the gateway does not start, or a schema does not load.
 */
export async function pytestCommand(config: Configuration, given: readonly string[]): Promise<void> {
  const { folder, values, environment } = config;
  // Without a project of the configuration, pytest-django finds the settings itself.
  const settings =
    values.django === false
      ? null
      : (findTestSettings(folder, given, environment) ?? nameDjangoSettings(values.django, folder, environment));
  await commandInPython(config, async (call, databases) => {
    await prepareDatabase(config, databases);
    return await call({
      target: "puff._runtime.pytest:run",
      given,
      django: { settings: settings ?? "", folder, start: settings === null ? "nothing" : "setup" },
      schemas: true,
    });
  });
}
