/** A process of its own that serves the reference planner, to be sent signals. Prints its URL. */
import { startReferenceServer } from "./http.ts";

const server = await startReferenceServer(
  { deadline: 10_000 },
  {
    stopDeadline: 3_000,
    onStopped: async () => {
      process.stdout.write("stopped\n");
    },
  },
);
process.stdout.write(`${server.url}\n`);
