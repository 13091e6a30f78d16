// Keeps the overview alive: asks for the state every second, and touches nothing that has not changed.
const BOTTOM_M = 409.5, TOP_M = 413, WATER_BOTTOM = 150, WATER_TOP = 40;
const WIDTH = 640, HEIGHT = 120, POINTS = 119;
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const written = (value, decimals) =>
  new Intl.NumberFormat(document.documentElement.lang, {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false,
  }).format(value);

function set(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function draw(now) {
  const top = WATER_BOTTOM - (clamp(now.level, BOTTOM_M, TOP_M) - BOTTOM_M) / (TOP_M - BOTTOM_M) * (WATER_BOTTOM - WATER_TOP);
  const water = document.querySelector("[data-water]");
  water.setAttribute("y", top.toFixed(1));
  water.setAttribute("height", (WATER_BOTTOM - top).toFixed(1));
  document.querySelector("[data-gate]").setAttribute("y", (118 - now.gate / 100 * 28).toFixed(1));
}

function show(told) {
  const now = told.now;
  const status = document.querySelector("[data-status]");
  set(status, told.status);
  const wrong = !now || now.tripped || now.high || now.low;
  status.classList.toggle("wrong", wrong);
  document.getElementById("plant").setAttribute("class", "plant " + (!now || now.tripped ? "stopped" : "turning"));
  for (const element of document.querySelectorAll("[data-value]")) {
    set(element, now ? written(now[element.dataset.value], Number(element.dataset.decimals)) : "–");
  }
  if (now) draw(now);
  document.querySelector("[data-trend]").setAttribute("points", told.trend.slice().reverse().map((level, ago) =>
    `${(WIDTH * (1 - ago / POINTS)).toFixed(1)},${(HEIGHT * (1 - (clamp(level, 411, 413) - 411) / 2)).toFixed(1)}`).join(" "));
}

async function follow() {
  try {
    const answer = await fetch("/api/tilstand", {signal: AbortSignal.timeout(4000)});
    if (answer.ok) show(await answer.json());
  } catch {
    // The next second asks again.
  }
  setTimeout(follow, 1000);
}

if (document.querySelector("[data-status]")) follow();
