/** The screen of a terminal: xterm.js with our colours, its size, its keys, and the clipboard. */

import { FitAddon } from "@xterm/addon-fit";
import { SerializeAddon } from "@xterm/addon-serialize";
import { Terminal, type ITheme } from "@xterm/xterm";
import type { Screen, State } from "./terminal-state.js";
import { openAt } from "./terminal-sheets.js";

const SETTLED_MS = 120;
const LINES_KEPT = 400;
const MOST_KEPT = 256 * 1024;
const ARROWS: Record<string, string> = { up: "A", down: "B", right: "C", left: "D" };

/** Whom the screen tells what happens on it. */
export interface Ear {
  typed(bytes: Uint8Array): void;
  sized(columns: number, rows: number): void;
  changed(state: State): void;
  /** Who sits at the keys wants out. */
  left(): void;
}

export interface Options {
  title: string;
  fontSize: number;
  readsAloud: boolean;
  tooMuchOutput: string;
}

export class TerminalScreen implements Screen {
  /** The next key is a control key: the phone's Ctrl. */
  isControl = false;
  private readonly terminal: Terminal;
  private readonly fitting = new FitAddon();
  private readonly serializing = new SerializeAddon();
  private readonly watcher: ResizeObserver;
  private settling = 0;
  /** Somebody else's screen has the size that they see. */
  private hasOwnSize = true;

  constructor(root: ShadowRoot, place: HTMLElement, private readonly ear: Ear, options: Options) {
    Terminal.strings.promptLabel = options.title;
    Terminal.strings.tooMuchOutput = options.tooMuchOutput;
    this.terminal = new Terminal({
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: token(place, "--font-mono", "monospace"),
      fontSize: options.fontSize,
      // Programs choose colours for a background they do not know.
      minimumContrastRatio: 4.5,
      screenReaderMode: options.readsAloud,
      scrollback: 2000,
      theme: theme(place),
      // A lab's links lead into the lab, where this browser is not.
      linkHandler: { activate: () => undefined },
    });
    this.terminal.loadAddon(this.fitting);
    this.terminal.loadAddon(this.serializing);
    openAt(place, this.terminal, root);
    this.terminal.textarea?.setAttribute("aria-describedby", "way-out");
    this.terminal.attachCustomKeyEventHandler((event) => this.mayPass(event));
    this.terminal.onData((text) => this.typed(text));
    this.terminal.onBinary((text) => ear.typed(Uint8Array.from(text, (sign) => sign.charCodeAt(0))));
    this.terminal.onResize(({ cols, rows }) => ear.sized(cols, rows));
    this.watcher = new ResizeObserver(() => this.settle());
    this.watcher.observe(place);
    this.fit();
  }

  size(): { columns: number; rows: number } {
    return { columns: this.terminal.cols, rows: this.terminal.rows };
  }

  clear(): void {
    this.terminal.reset();
  }

  draw(bytes: Uint8Array, drawn: () => void): void {
    this.terminal.write(bytes, drawn);
  }

  resize(columns: number, rows: number): void {
    this.hasOwnSize = false;
    this.terminal.resize(columns, rows);
  }

  changed(state: State): void {
    const isOver = state.phase === "lost" || state.phase === "closed";
    this.terminal.options.disableStdin = isOver || state.mode === "watch" || state.held !== null;
    this.ear.changed(state);
  }

  /** What is shown, for a page that is loaded anew. */
  shown(): string {
    const text = this.serializing.serialize({ scrollback: LINES_KEPT });
    return text.length <= MOST_KEPT ? text : this.serializing.serialize({ scrollback: 0 });
  }

  show(text: string): void {
    this.terminal.write(text);
  }

  focus(): void {
    this.terminal.focus();
  }

  /** Whether the keyboard's Tab reaches the shell on its way through the page. */
  set isOnTheWay(on: boolean) {
    if (this.terminal.textarea) this.terminal.textarea.tabIndex = on ? 0 : -1;
  }

  set fontSize(size: number) {
    this.terminal.options.fontSize = size;
    this.fit();
  }

  set readsAloud(on: boolean) {
    this.terminal.options.screenReaderMode = on;
  }

  recolour(place: HTMLElement): void {
    this.terminal.options.theme = theme(place);
  }

  /** Press a key of the phone's row. */
  press(key: string): void {
    const mode = this.terminal.modes.applicationCursorKeysMode ? "O" : "[";
    const arrow = ARROWS[key];
    this.terminal.input(arrow ? `\x1b${mode}${arrow}` : key);
    this.focus();
  }

  /** Copy what is selected; whether there was something. */
  async copy(): Promise<boolean> {
    const text = this.terminal.getSelection();
    if (!text) return false;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard for scripts without TLS: the browser's own command asks the terminal for its selection.
      this.focus();
      document.execCommand("copy");
    }
    return true;
  }

  /** Paste the clipboard; whether the browser let us. */
  async paste(): Promise<boolean> {
    try {
      this.terminal.paste(await navigator.clipboard.readText());
      return true;
    } catch {
      return false;
    } finally {
      this.focus();
    }
  }

  end(): void {
    window.clearTimeout(this.settling);
    this.watcher.disconnect();
    this.terminal.dispose();
  }

  private mayPass(event: KeyboardEvent): boolean {
    if (event.type !== "keydown" || !event.shiftKey) return true;
    if (event.ctrlKey && event.code === "Comma") {
      event.preventDefault();
      this.ear.left();
      return false;
    }
    if (event.ctrlKey && event.code === "KeyC") {
      event.preventDefault();
      void this.copy();
      return false;
    }
    // The browser pastes by itself, and the terminal takes what it is given.
    return !(event.ctrlKey && event.code === "KeyV");
  }

  private typed(text: string): void {
    const isControl = this.isControl && /^[@-_a-z]$/.test(text);
    this.isControl = false;
    this.ear.typed(new TextEncoder().encode(isControl ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 31) : text));
  }

  private settle(): void {
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.fit(), SETTLED_MS);
  }

  private fit(): void {
    if (this.hasOwnSize) this.fitting.fit();
  }
}

function token(place: HTMLElement, name: string, fallback: string): string {
  return getComputedStyle(place).getPropertyValue(name).trim() || fallback;
}

const LIGHT: ITheme = {
  black: "#131c2b", red: "#b3201f", green: "#0f6b3f", yellow: "#875200", blue: "#1f4fbf", magenta: "#8a2c8f", cyan: "#0b6470", white: "#4b5a6e",
  brightBlack: "#566579", brightRed: "#c42b1c", brightGreen: "#12794a", brightYellow: "#8a6200", brightBlue: "#2b5fd9", brightMagenta: "#9b3aa1", brightCyan: "#0d7280", brightWhite: "#131c2b",
};
const DARK: ITheme = {
  black: "#2a384c", red: "#ff8f8a", green: "#62d69a", yellow: "#f3b951", blue: "#8fb3ff", magenta: "#e2a0f0", cyan: "#6fd6e3", white: "#dbe3ee",
  brightBlack: "#8494a8", brightRed: "#ffb0ac", brightGreen: "#8be8b6", brightYellow: "#f8d083", brightBlue: "#b3ccff", brightMagenta: "#efc1f8", brightCyan: "#9be6ef", brightWhite: "#ffffff",
};

function theme(place: HTMLElement): ITheme {
  const isDark = token(place, "color-scheme", "light").includes("dark");
  const ink = token(place, "--ink", "#131c2b");
  return {
    ...(isDark ? DARK : LIGHT),
    background: token(place, "--surface-raised", "#ffffff"),
    foreground: ink,
    cursor: token(place, "--accent", ink),
    cursorAccent: token(place, "--accent-ink", "#ffffff"),
    selectionBackground: isDark ? "#3a5485" : "#b9cdf7",
    scrollbarSliderBackground: isDark ? "#66788f80" : "#7b8a9d80",
  };
}
