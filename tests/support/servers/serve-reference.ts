/** A process of its own that serves the reference planner, to be sent signals: [stop deadline]. Prints its URL. */
import { startReferenceServer } from "./http.ts";

const server = await startReferenceServer(
  { deadline: 60_000 },
  {
    stopDeadline: Number(process.argv[2] ?? 60_000),
    leave: 20_000, // clients on a busy machine are late
    onStopped: async () => {
      process.stdout.write("stopped\n");
    },
  },
);
process.stdout.write(`${server.url}\n`);
