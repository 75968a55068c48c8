/** Finds out what happened to the jobs of an interpreter that died, and which of them is the cause. */
import type { Job } from "../jobs/job.ts";
import type { Lane } from "../lanes/lane.ts";
import { Control } from "../protocol/messages.ts";

export interface LostJob {
  readonly job: Job;
  /**
   * `bystander`: it had begun, and another is the cause. `suspect`: it had begun, and the cause is not known. `guilty`: it
   * is the cause. `overdue`: the interpreter was ended because of it.
   */
  readonly state: "waiting" | "bystander" | "suspect" | "guilty" | "overdue";
}

/** A job that was sent and not answered; `position`: how many were sent up to it. */
export interface SentJob {
  readonly job: Job;
  readonly position: number;
}

/** @param overdue The id of the job that the interpreter was ended for; 0: of none. */
export function findLost(sent: readonly SentJob[], lane: Lane, overdue: number): LostJob[] {
  const entered = lane.look(Control.entered);
  const origin = lane.look(Control.origin);
  const begun = sent.filter(({ position }) => position <= entered);
  const stateOf = (id: number): LostJob["state"] => {
    if (id === overdue) {
      return "overdue";
    }
    if (origin === 0) {
      return begun.length === 1 ? "guilty" : "suspect";
    }
    return id === origin ? "guilty" : "bystander";
  };
  return sent.map(({ job, position }) => ({
    job,
    state: position <= entered ? stateOf(job.id) : "waiting",
  }));
}
