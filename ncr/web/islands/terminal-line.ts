/** The way to one shell: gets a ticket, talks to the service, and comes back to the same shell when the network fails. */

import { Intake, Outbox } from "./terminal-flow.js";
import { Refused, START, type Control, type Means, type Memory, type Screen, type State, type Wire } from "./terminal-state.js";

const PATIENCE_MS = 15_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
const POUR_MS = 20;

export class Line {
  state: State = START;
  private readonly intake = new Intake();
  private readonly outbox = new Outbox();
  private wire: Wire | null = null;
  private memory: Memory | null = null;
  private isResuming = false;
  private timer = 0;
  private pouring = 0;
  private failures = 0;
  private attempt = 0;

  constructor(
    private readonly means: Means,
    private readonly screen: Screen,
  ) {}

  /** Open: the shell that `memory` knows of, where there is one, else a new one. */
  start(memory: Memory | null = null): void {
    this.failures = 0;
    this.outbox.empty();
    this.memory = memory;
    this.tell({ ...START, mode: this.state.mode });
    if (memory) this.dial(memory.url);
    else void this.begin();
  }

  /** Let go for good: the service ends the shell. */
  stop(): void {
    if (this.state.phase === "open") this.say({ type: "end" });
    this.hangUp();
    this.forget();
  }

  /** Let go of the line and keep the shell: the page goes, and may come back. */
  leave(): void {
    this.remember();
    this.hangUp();
  }

  /** What is typed while it opens goes out once it is open. */
  type(bytes: Uint8Array): void {
    const { phase, mode, held } = this.state;
    if ((phase !== "open" && phase !== "opening") || mode === "watch" || held) return;
    this.outbox.put(bytes);
    if (phase === "open") this.pour();
    // Who types on has seen what was said.
    if (phase === "open" && (this.state.isCut || this.state.isAnother)) this.tell({ isCut: false, isAnother: false });
  }

  resize(columns: number, rows: number): void {
    if (this.state.phase === "open" && this.state.mode === "own") this.say({ type: "resize", columns, rows });
  }

  /** The network is gone, as the browser says: wait for it without another word. */
  drop(): void {
    if (this.state.phase === "open") this.lose();
  }

  /** Try now instead of later: the network is back. */
  hurry(): void {
    if (this.state.phase === "lost") this.again();
  }

  /** Keep what brings us back as things stand. */
  remember(): void {
    if (!this.memory?.secret) return;
    this.memory = { ...this.memory, received: this.intake.drawn };
    this.means.keep(this.memory);
  }

  private async begin(): Promise<void> {
    this.hangUp();
    const attempt = this.attempt;
    try {
      const { ticket, url } = await this.means.ticket();
      if (attempt === this.attempt) this.dial(url, ticket);
    } catch (problem) {
      if (attempt !== this.attempt) return;
      if (problem instanceof Refused) this.close(problem.reason, problem.message);
      else this.lose();
    }
  }

  private dial(url: string, ticket?: string): void {
    this.hangUp();
    this.isResuming = ticket === undefined;
    let wire: Wire | null = null;
    const isCurrent = () => wire !== null && this.wire === wire;
    wire = this.means.dial(url, {
      opened: () => isCurrent() && this.greet(url, ticket),
      text: (data) => isCurrent() && this.heed(JSON.parse(data) as Control),
      bytes: (data) => isCurrent() && this.take(data),
      closed: () => isCurrent() && this.lose(),
    });
    this.wire = wire;
    this.timer = this.means.later(() => this.lose(), PATIENCE_MS);
  }

  private greet(url: string, ticket: string | undefined): void {
    const size = this.screen.size();
    if (ticket !== undefined) {
      this.memory = { url, secret: "", received: 0 };
      this.say({ type: "open", ticket, ...size });
    } else if (this.memory) {
      // What is on its way to the screen will be there; only a page that was loaded anew has less.
      const received = Math.max(this.memory.received, this.intake.received);
      this.say({ type: "resume", secret: this.memory.secret, received, ...size });
    }
  }

  private heed(said: Control): void {
    switch (said.type) {
      case "opened":
        return this.opened(said);
      case "company":
        return this.tell({ watching: said.watching ?? [], joined: said.joined ?? [] });
      case "held":
        return this.tell({ held: said.why });
      case "released":
        return this.tell({ held: null });
      case "size":
        return this.screen.resize(said.columns, said.rows);
      case "closed":
        return this.closed(said);
    }
  }

  private opened(said: Extract<Control, { type: "opened" }>): void {
    this.means.never(this.timer);
    this.failures = 0;
    if (!this.isResuming) this.screen.clear();
    this.intake.goOn(said.from, !this.isResuming);
    this.memory = { url: this.memory?.url ?? "", secret: said.secret, received: this.intake.drawn };
    this.means.keep(this.memory);
    if (said.mode !== "own") this.screen.resize(said.columns, said.rows);
    this.tell({ phase: "open", mode: said.mode, session: said.session, held: null });
    this.pour();
  }

  private closed(said: Extract<Control, { type: "closed" }>): void {
    if (said.reason === "refused" && this.isResuming) return this.another();
    this.close(said.reason, said.detail ?? "", said.exit_code ?? null);
  }

  /** The shell we came back for is gone. */
  private another(): void {
    this.forget();
    this.tell({ phase: "opening", isAnother: true });
    void this.begin();
  }

  private close(reason: string, detail = "", exitCode: number | null = null): void {
    this.hangUp();
    this.forget();
    this.tell({ phase: "closed", reason, detail, exitCode, held: null, watching: [], joined: [] });
  }

  private lose(): void {
    this.hangUp();
    const isCut = this.outbox.empty() || this.state.isCut;
    const wait_ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.5 + this.means.random());
    this.failures += 1;
    this.timer = this.means.later(() => this.again(), wait_ms);
    this.tell({ phase: "lost", isCut });
  }

  private again(): void {
    if (this.memory?.secret) this.dial(this.memory.url);
    else void this.begin();
  }

  private hangUp(): void {
    this.attempt += 1;
    this.means.never(this.timer);
    this.means.never(this.pouring);
    this.pouring = 0;
    const wire = this.wire;
    this.wire = null;
    wire?.close();
  }

  private forget(): void {
    this.memory = null;
    this.outbox.empty();
    this.means.keep(null);
  }

  private take(bytes: Uint8Array): void {
    const drawn = this.intake.take(bytes.length);
    this.screen.draw(bytes, () => {
      const received = drawn();
      if (received === null || this.state.phase !== "open") return;
      this.say({ type: "ack", received });
      this.remember();
    });
  }

  private pour(): void {
    this.means.never(this.pouring);
    this.pouring = 0;
    if (this.wire && this.outbox.pour(this.wire)) this.pouring = this.means.later(() => this.pour(), POUR_MS);
  }

  private say(control: object): void {
    this.wire?.send(JSON.stringify(control));
  }

  private tell(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    this.screen.changed(this.state);
  }
}
