/** Bytes into and out of a terminal: what is drawn and may be acknowledged, what is typed and waits for the network; pure. */

/** The most bytes in one frame of keystrokes, and the most that wait in the browser's own socket. */
export const FRAME_BYTES = 3 * 1024;
export const MOST_WAITING_BYTES = 64 * 1024;
const ACKNOWLEDGED_BYTES = 32 * 1024;

/** Counts a session's output: what came, and what the screen has drawn of it. */
export class Intake {
  received = 0;
  private undrawn = 0;
  private acknowledged = 0;
  private session = 0;

  /** Bytes of this session that are on the screen. */
  get drawn(): number {
    return this.received - this.undrawn;
  }

  /** What comes next is byte `from`; of a `fresh` session, what was on its way to the screen counts no more. */
  goOn(from: number, fresh: boolean): void {
    if (fresh) {
      this.session += 1;
      this.undrawn = 0;
    }
    this.received = from;
    this.acknowledged = Math.min(from, this.drawn);
  }

  /** Take `bytes`; call what is returned once they are drawn: it gives the count to acknowledge, when one is due. */
  take(bytes: number): () => number | null {
    const session = this.session;
    this.received += bytes;
    this.undrawn += bytes;
    return () => (session === this.session ? this.drew(bytes) : null);
  }

  private drew(bytes: number): number | null {
    this.undrawn -= bytes;
    if (this.drawn - this.acknowledged < ACKNOWLEDGED_BYTES) return null;
    this.acknowledged = this.drawn;
    return this.drawn;
  }
}

/** Keystrokes and pastes in their order, given to the network in small frames and never faster than it takes them. */
export class Outbox {
  private readonly waiting: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) this.waiting.push(bytes.subarray(at, at + FRAME_BYTES));
  }

  /** Send what the network takes now; whether something still waits. */
  pour(line: { send(bytes: Uint8Array): void; buffered(): number }): boolean {
    while (this.waiting[0] && line.buffered() < MOST_WAITING_BYTES) line.send(this.waiting.shift() as Uint8Array);
    return !this.isEmpty;
  }

  /** Forget what waits; whether there was something. */
  empty(): boolean {
    return this.waiting.splice(0).length > 0;
  }
}
