/** The page's islands; each element takes over what the server has rendered inside it. */

import { ExerciseClock } from "./exercise-clock.js";
import { ExerciseTimeline } from "./exercise-timeline.js";
import { InPlace } from "./in-place.js";
import { MessageList } from "./message-list.js";
import { PracticeRun } from "./practice-run.js";
import { PracticeWait } from "./practice-wait.js";
import { RenewRegion } from "./renew-region.js";
import { ScoreBoard } from "./score-board.js";
import { ServiceMatrix } from "./service-matrix.js";
import { SubmitAnswer } from "./submit-answer.js";
import { TeamPlace } from "./team-place.js";
import { TeamPoints } from "./team-points.js";

customElements.define("score-board", ScoreBoard);
customElements.define("service-matrix", ServiceMatrix);
customElements.define("exercise-clock", ExerciseClock);
customElements.define("exercise-timeline", ExerciseTimeline);
customElements.define("message-list", MessageList);
customElements.define("team-points", TeamPoints);
customElements.define("team-place", TeamPlace);
customElements.define("submit-answer", SubmitAnswer);
customElements.define("renew-region", RenewRegion);
customElements.define("in-place", InPlace);
customElements.define("practice-run", PracticeRun);
customElements.define("practice-wait", PracticeWait);
