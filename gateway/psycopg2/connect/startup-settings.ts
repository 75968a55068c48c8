/** What a connection asks of its session as it starts: `options` and `application_name`, where it is borrowed. */
import type { ConnectParameters } from "./connect.ts";
import { ConnectFailure } from "./connect-failure.ts";

/** One of `options` in its parts: a letter or two dashes, what it names, and its value. */
const setting = /^(?:-c|--)([\w.-]+)=(.*)$/s;

/**
 * The names and values.
 *
 * @throws ConnectFailure for server switches that are not settings, which only the server's own start knows.
 * @example startupSettings({ options: "-c search_path=blog,public" }); // [["search_path", "blog,public"]]
 */
export function startupSettings({ options = "", ...parameters }: ConnectParameters): (readonly [string, string])[] {
  const { application_name: application } = parameters;
  const settings = words(options).map((word) => {
    const [, name, value] = setting.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      throw new ConnectFailure(
        `"${word}" in the options is not a setting: for the gateway's connections, write "-c name=value"\n`,
      );
    }
    return [name.replaceAll("-", "_"), value] as const;
  });
  return application === undefined ? settings : [...settings, ["application_name", application]];
}

/** As Postgres parts them: at spaces, which a backslash takes as they are; `-c` goes with what follows it. */
function words(options: string): string[] {
  const parts = options.match(/(?:\\.|[^\\\s])+/gs) ?? [];
  const plain = parts.map((part) => part.replaceAll(/\\(.)/gs, "$1"));
  return plain.flatMap((part, index) => {
    if (part === "-c") {
      return [`-c${plain[index + 1] ?? ""}`];
    }
    return plain[index - 1] === "-c" ? [] : [part];
  });
}
