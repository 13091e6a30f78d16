/** The islands of pages with a terminal; on their own, because xterm.js is larger than all the others together. */

import { LabTerminal } from "./lab-terminal.js";
import { OpenTerminals } from "./open-terminals.js";

customElements.define("lab-terminal", LabTerminal);
customElements.define("open-terminals", OpenTerminals);
