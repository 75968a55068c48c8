/** `/livez` and `/readyz`, for what starts, watches and balances the gateway. */
import type { FastifyInstance } from "fastify";

/** One thing that the gateway can't answer without. */
export interface HealthCheck {
  /** As the answer names it: `database default`. */
  readonly name: string;
  /** Whether it works. A throw and an answer that takes longer than {@link checkDeadline} mean that it doesn't. */
  check(): Promise<boolean>;
}

/** Milliseconds that one check may take: less than the deadlines that probes commonly have. */
const checkDeadline = 2_000;

/**
 * Adds the health routes.
 *
 * - `/livez`: 200 while the process answers at all; a supervisor restarts it otherwise.
 * - `/readyz`: 200 when all checks pass, else 503 with the names of those that don't, and 503 from the moment the
 *   gateway begins to stop, so that a balancer sends its requests elsewhere.
 */
export function addHealthRoutes(app: FastifyInstance, checks: readonly HealthCheck[], isStopping: () => boolean): void {
  app.get("/livez", (_request, reply) => {
    reply.header("cache-control", "no-store").send({ status: "live" });
  });
  // Probes that come together share one round of checks, so that they can't load what they ask about.
  let running: Promise<readonly string[]> | null = null;
  app.get("/readyz", async (_request, reply) => {
    running ??= findMissing(checks).finally(() => {
      running = null;
    });
    const missing = isStopping() ? ["the gateway is stopping"] : await running;
    reply.header("cache-control", "no-store").code(missing.length === 0 ? 200 : 503);
    return missing.length === 0 ? { status: "ready" } : { status: "unavailable", missing };
  });
}

async function findMissing(checks: readonly HealthCheck[]): Promise<readonly string[]> {
  const passed = await Promise.all(checks.map((check) => passes(check)));
  return checks.filter((_, index) => !passed[index]).map((check) => check.name);
}

function passes(check: HealthCheck): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), checkDeadline);
    void check
      .check()
      .catch(() => false)
      .then(resolve)
      .finally(() => clearTimeout(timer));
  });
}
