/** `--watch`: loads the user's files again when one is saved. */
import { basename, dirname, extname } from "node:path";
import { watch } from "chokidar";
import type { Logger } from "pino";
import { describeError, PuffError } from "../../../schema/index.ts";
import type { Gateway } from "../../app/gateway.ts";
import type { Configuration } from "../config/config.ts";
import { tracebackOf } from "../support/terminal.ts";

/** Milliseconds without a further change after which files are loaded: editors write several at once. */
const quietTime = 50;

/**
 * Watches the folders of the imported Python files and of templates. What fails to load is reported, and the last good version goes on.
 *
 * @returns stops watching
 * @example const stop = await watchFiles(config, app.puff, log);
 */
export async function watchFiles(config: Configuration, gateway: Gateway, log: Logger): Promise<() => Promise<void>> {
  const needRestart = [config.file, config.hostModule, config.values.init_sql].filter((file) => file !== null);
  // Folders, and not the files alone, so that a module that is missing is seen when it comes.
  const folders = () => [...new Set(gateway.python.files.map((file) => dirname(file)))];
  // In a folder of templates, what is of their kind: a program may well keep a log beside its modules.
  const kinds = () => new Set(gateway.python.files.map(kindOf));
  let known = kinds();
  const isLoaded = (path: string) => path.endsWith(".py") || known.has(kindOf(path));
  const watcher = watch([...folders(), ...needRestart], {
    ignoreInitial: true,
    depth: 0,
    ignored: (path, stats) => stats?.isFile() === true && !isLoaded(path) && !needRestart.includes(path),
  });
  const reload = debounceReload(async (changed) => {
    const begin = performance.now();
    const names = [...changed].map((file) => basename(file)).join(", ");
    try {
      await gateway.reload();
      known = kinds();
      watcher.add(folders());
      log.info(`loaded ${names} in ${Math.round(performance.now() - begin)} ms`);
    } catch (error) {
      const message = error instanceof PuffError ? describeError(error) : String(error);
      const traceback = error instanceof PuffError ? tracebackOf(error) : null;
      log.error(
        traceback === null ? {} : { traceback },
        `${names} can't be loaded; the last good version stays in service: ${message}`,
      );
      log.debug({ err: error }, "the error in full");
    }
  });
  watcher.on("all", (_event, path) => {
    if (needRestart.includes(path)) {
      log.warn(`${basename(path)} has changed: restart to use it`);
    } else if (isLoaded(path)) {
      reload(path);
    }
  });
  watcher.on("error", (error) => log.warn({ err: error }, "files can't be watched: restart after a change"));
  await new Promise((resolve) => watcher.once("ready", () => resolve(null)));
  return () => watcher.close();
}

/** A file's folder and the end of its name. */
function kindOf(path: string): string {
  return `${dirname(path)}\0${extname(path)}`;
}

/** Gathers changes while it is quiet or a reload runs, so that one reload runs at a time and the last change counts. */
function debounceReload(reload: (changed: ReadonlySet<string>) => Promise<void>): (path: string) => void {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  const run = async () => {
    if (running || changed.size === 0) {
      return;
    }
    running = true;
    const batch = changed;
    changed = new Set();
    await reload(batch);
    running = false;
    void run();
  };
  return (path) => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => void run(), quietTime);
  };
}
