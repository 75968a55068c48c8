import { EventEmitter, once } from "node:events";

/** A listener that remembers, and can be waited for. */
export class Ear extends EventEmitter {
  readonly heard: string[] = [];
  missedCount = 0;

  message({ channel, data }: { channel: string; data: Buffer }): void {
    this.heard.push(`${channel}: ${data}`);
    this.emit("changed");
  }

  missed(): void {
    this.missedCount++;
    this.emit("changed");
  }

  async until(done: (ear: this) => boolean): Promise<void> {
    while (!done(this)) {
      await once(this, "changed");
    }
  }
}
