import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, apply, resumeQuery, standings, type Board, type Clock, type Frame, type Row } from "./board.js";
import { leader, news } from "./news.js";
import { span, timesAt } from "./times.js";

const CLOCK: Clock = { t_s: 0, at: "2027-03-01T09:00:00Z", rate: 1, runs: true, duration_s: 3600, starts_at: null, ended_at: null };
const NOW = Date.parse("2027-03-01T09:10:00Z");

function row(team: string, rank: number, points: number, tasks: Row["tasks"] = {}): Row {
  return { team, name: team.toUpperCase(), partner: null, rank, points, tasks, services: {}, last_solve: null, solved: 0 };
}

function hello(resume = false): Frame {
  const life = { state: "running", frozen: false, clock: CLOCK };
  return { type: "hello", epoch: "e", head: 5, resume, audience: "public", server_time: "2027-03-01T09:10:02Z", ...life };
}

const SNAPSHOT: Frame = {
  type: "snapshot", seq: 5, epoch: "e", frozen: false, standings: [row("a", 1, 50), row("b", 2, 10)],
  tasks: { t1: { value: 100, solves: 0, category: "web", title: { nb: "Finn", en: "Find" } } }, timeline: [], services: {}, latest: [],
};

const SOLVE: Frame = {
  type: "facts", from: 6, to: 7, order: ["b", "a"], rows: [row("b", 1, 110, { t1: { points: 100, order: 1 } }), row("a", 2, 50)],
  facts: [{ seq: 7, at: "2027-03-01T09:10:00Z", t: 600, kind: "submitted", team: "b", payload: { task: "t1", right: true } }],
};

function after(...frames: Frame[]): Board {
  return frames.reduce((board, frame) => apply(board, frame, NOW), EMPTY);
}

test("a snapshot and the facts after it give rows, order and movement", () => {
  const board = after(hello(), SNAPSHOT, SOLVE);
  assert.deepEqual(standings(board).map((one) => [one.team, one.points]), [["b", 110], ["a", 50]]);
  assert.deepEqual(board.moved, { b: { by: 1, at: NOW }, a: { by: -1, at: NOW } });
  assert.deepEqual(board.history.b, [[NOW - 602_000, 0], [NOW, 10], [NOW, 110]]);
  assert.equal(board.skew, 2000);
  assert.equal(resumeQuery(board), "?after=7&epoch=e&message=0");
});

test("the board given is never changed", () => {
  const before = after(hello(), SNAPSHOT);
  const copy = structuredClone(before);
  apply(before, SOLVE, NOW);
  assert.deepEqual(before, copy);
});

test("facts that do not follow are not counted, and show as a gap", () => {
  const board = after(hello(), SNAPSHOT, { ...SOLVE, from: 7 } as Frame);
  assert.equal(board.gap, true);
  assert.equal(board.seq, 5);
  assert.equal(standings(board)[0]?.team, "a");
  assert.equal(apply(board, hello(true), NOW).gap, false);
});

test("without a resume nothing is built upon, but the screen keeps its rows until the snapshot", () => {
  const board = apply(after(hello(), SNAPSHOT, SOLVE), hello(false), NOW);
  assert.equal(board.seq, null);
  assert.equal(standings(board).length, 2);
  assert.equal(resumeQuery(board), "");
});

test("a team that leaves the order leaves the board", () => {
  const board = after(hello(), SNAPSHOT, { ...SOLVE, order: ["b"] } as Frame);
  assert.deepEqual(standings(board).map((one) => one.team), ["b"]);
});

test("a message that comes twice is shown once, in order of id", () => {
  const message = (id: number): Frame => ({ type: "message", id, at: "2027-03-01T09:00:00Z", t: 0, inject: null, from: null, title: null, text: { nb: "Hei" } });
  const board = after(hello(), message(3), message(2), message(3));
  assert.deepEqual(board.messages.map((one) => one.id), [2, 3]);
});

test("news say who solved what, and who was first", () => {
  const board = after(hello(), SNAPSHOT, SOLVE);
  assert.deepEqual(news(board, "nb", 5).map((one) => one.text), ["B løste Finn først"]);
  assert.equal(leader(board, "en"), "B leads with 110 points");
});

test("a service that turns is news, one that is first looked at is not", () => {
  const looked = (seq: number, state: "up" | "down" | "error"): Frame => {
    const rows = [{ ...row("b", 2, 10), services: { web: state } }];
    return { type: "facts", from: seq, to: seq, facts: [], rows, order: ["a", "b"] };
  };
  const board = after(hello(), SNAPSHOT, looked(6, "up"), looked(7, "down"), looked(8, "error"), looked(9, "down"), looked(10, "up"));
  assert.deepEqual(news(board, "en", 5).map((one) => one.text), ["B: “web” up", "B: “web” down"]);
});

test("places won and lost within a minute are added up", () => {
  const back: Frame = { ...SOLVE, from: 8, to: 8, facts: [], order: ["a", "b"], rows: [row("a", 1, 120), row("b", 2, 110)] } as Frame;
  const board = after(hello(), SNAPSHOT, SOLVE);
  assert.deepEqual(apply(board, back, NOW + 59_000).moved.a, { by: 0, at: NOW + 59_000 });
  assert.deepEqual(apply(board, back, NOW + 61_000).moved.a, { by: 1, at: NOW + 61_000 });
});

test("exercise time runs from the clock, corrected by the server's time", () => {
  assert.deepEqual(timesAt(CLOCK, "running", NOW, 2000), { t_s: 602, left_s: 2998 });
  assert.deepEqual(timesAt({ ...CLOCK, runs: false, at: null, t_s: 90 }, "paused", NOW, 0), { t_s: 90, left_s: 3510 });
  const soon = { ...CLOCK, runs: false, at: null, starts_at: "2027-03-01T09:12:00Z" };
  assert.deepEqual(timesAt(soon, "scheduled", NOW, 0), { t_s: -120, left_s: null });
  assert.deepEqual(timesAt({ ...soon, starts_at: null }, "scheduled", NOW, 0), { t_s: null, left_s: null });
  assert.equal(span(-3725), "1:02:05");
});
