// Shows how far the processes of a list are, and new ones.  One request asks for
// all rows; of one that has changed, the server's own row is put in.

import { localizeTimes, percent } from "./format.js";
import { Notices, write } from "./notices.js";
import { follow } from "./polling.js";
import { askFirst } from "./question.js";

const FIRST_MS = 2_000;
const AIM_MS = 1_000;

const list = document.querySelector(".netsight-async-list");
const table = list?.querySelector("table");
const body = list?.querySelector("tbody");
const newButton = list?.querySelector(".netsight-async-new");
const reload = document.querySelector(".netsight-async-reload");
const texts = JSON.parse(list?.dataset.texts ?? "{}");
const notices = new Notices(
  list?.querySelector(".netsight-async-notice"),
  list?.querySelector(".netsight-async-said"),
  texts,
  reload,
);
// New rows that wait until nobody aims at what they would move.
const waiting = document.createElement("tbody");

// What is asked

const ID_PREFIX = "netsight-async-";
const idOf = (row) => row.id.slice(ID_PREFIX.length);
const rowsOf = (parent) => [...parent.querySelectorAll(`[id^=${ID_PREFIX}][data-mark]`)];
const allRows = () => [...rowsOf(waiting), ...rowsOf(body)];

function address() {
  const url = new URL(list.dataset.url, document.baseURI);
  const known = allRows().map((row) => `${idOf(row)}~${row.dataset.mark}`);
  url.searchParams.set("known", known.join(" "));
  return url;
}

// What is seen

// As the server writes it: hours, minutes and seconds.
function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function showProgress(row, { progress, message, elapsed }) {
  const part = (name) => row.querySelector(`.netsight-async-${name}`);
  write(part("took"), duration(elapsed));
  write(part("percent"), progress === null ? "" : percent(progress));
  write(part("message"), message ?? "");
  const bar = row.querySelector("progress");
  if (progress === null) {
    bar?.removeAttribute("value");
  } else {
    bar?.setAttribute("value", progress);
  }
}

// What is said: that processes have ended, all in one sentence

function newsOf(row) {
  const title = row.querySelector("th > :first-child").textContent;
  return `${title}: ${row.querySelector(".badge").textContent}`;
}

// Rows that have changed

const sameButton = (row, { name }) =>
  name ? row.querySelector(`button[name="${name}"]`) : null;

function hold(button) {
  button.disabled = true;
  setTimeout(() => {
    button.disabled = false;
  }, AIM_MS);
}

// Who aims at a button must not press another that has come into its place.
function holdNewButtons(row, renewed) {
  for (const button of renewed.querySelectorAll("button")) {
    if (sameButton(row, button) === null) {
      hold(button);
    }
  }
}

function replace(row, renewed) {
  const focused = document.activeElement;
  const hadFocus = row.contains(focused);
  holdNewButtons(row, renewed);
  row.replaceWith(renewed);
  if (hadFocus) {
    const name = renewed.querySelector("th");
    name.tabIndex = -1;
    (sameButton(renewed, focused) ?? name.querySelector("a") ?? name).focus();
  }
}

// The row of a process that was removed, or is not for this visitor any more.
function withoutState(row) {
  const left = row.cloneNode(true);
  delete left.dataset.live;
  left.dataset.mark = "";
  const state = left.querySelector(".netsight-async-state");
  const badge = state.querySelector(".badge");
  badge.className = "badge text-bg-secondary badge-secondary";
  badge.textContent = texts.notHere;
  state.replaceChildren(badge);
  left.querySelector(".netsight-async-actions").replaceChildren();
  return left;
}

// New rows

const hasMouse = window.matchMedia("(hover: hover)").matches;

function isAimedAt() {
  return (
    table.contains(document.activeElement) ||
    (hasMouse && table.matches(":hover"))
  );
}

// Ids are in the order of the starts.
function insert(row) {
  const older = rowsOf(body).find((each) => each.id < row.id) ?? null;
  body.insertBefore(row, older);
  if (!hasMouse) {
    row.querySelectorAll("button").forEach(hold);
  }
}

// The list stays as long as a page is: what is behind it is on the next one.
// There may have been no next one until now: the link to it is shown then.
function dropLast() {
  const behind = rowsOf(body)
    .slice(Number(list.dataset.size))
    .filter((row) => !row.contains(document.activeElement));
  behind.forEach((row) => row.remove());
  if (behind.length > 0) {
    document.querySelector(".netsight-async-behind")?.removeAttribute("hidden");
  }
}

function showNew() {
  rowsOf(waiting).forEach(insert);
  dropLast();
  table.hidden = rowsOf(body).length === 0;
  document.querySelector(".netsight-async-empty")?.toggleAttribute("hidden", !table.hidden);
  newButton.hidden = true;
}

function showNewUnlessAimedAt() {
  const count = rowsOf(waiting).length;
  if (count > 0 && !isAimedAt()) {
    showNew();
  }
}

function tellNew(count) {
  write(newButton, texts.showNew.replace("${count}", count));
  newButton.hidden = count === 0;
}

// The list is short of nothing then: the first of the new ones has the focus.
function pressNew() {
  const first = rowsOf(waiting).at(0);
  showNew();
  first?.querySelector("th a")?.focus();
}

// What an answer brings

function rowsIn(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  localizeTimes(parsed);
  const rows = rowsOf(parsed).map((row) => document.adoptNode(row));
  return new Map(rows.map((row) => [idOf(row), row]));
}

// Returns what is to be said of rows that have ended.
function renew({ changed, gone, html }, rows, known) {
  const news = [];
  for (const id of changed) {
    const wasLive = "live" in known.get(id).dataset;
    const row = rows.get(id);
    replace(known.get(id), row);
    if (wasLive && !("live" in row.dataset)) {
      news.push(newsOf(row));
    }
  }
  for (const id of gone.filter((each) => known.get(each).dataset.mark)) {
    const row = withoutState(known.get(id));
    replace(known.get(id), row);
    news.push(newsOf(row));
  }
  return news;
}

function takeNew({ count, new: ids }, rows) {
  if (ids.length === 0) {
    return [];
  }
  waiting.prepend(...ids.map((id) => rows.get(id)));
  for (const each of document.querySelectorAll(".netsight-async-count")) {
    write(each, count);
  }
  tellNew(rowsOf(waiting).length);
  showNewUnlessAimedAt();
  return [texts.saidNew.replace("${count}", ids.length)];
}

// Returns what is to be said.
function take(answer) {
  const known = new Map(allRows().map((row) => [idOf(row), row]));
  const rows = rowsIn(answer.html);
  const news = renew(answer, rows, known);
  for (const [id, status] of Object.entries(answer.rows)) {
    showProgress(rows.get(id) ?? known.get(id), status);
  }
  return [...news, ...takeNew(answer, rows)];
}

const isOver = () =>
  !("newest" in list.dataset) && list.querySelector("tr[data-live]") === null;

function show(answer, again) {
  notices.say([...again, ...take(answer)], "; ");
  return isOver();
}

// What a button has done is said once, and not again after a reload.
function forgetDone() {
  const url = new URL(window.location.href);
  ["done", "count", "more", "new", "which"].forEach((name) =>
    url.searchParams.delete(name),
  );
  window.history.replaceState(window.history.state, "", url);
}

forgetDone();
localizeTimes(document);
askFirst(document);
if (list && !isOver()) {
  newButton.addEventListener("click", pressNew);
  table.addEventListener("pointerleave", showNewUnlessAimedAt);
  table.addEventListener("focusout", () => setTimeout(showNewUnlessAimedAt));
  follow({
    address,
    first: FIRST_MS,
    notices,
    login: list.dataset.login,
    show,
  });
} else if (reload) {
  reload.hidden = true;
}
