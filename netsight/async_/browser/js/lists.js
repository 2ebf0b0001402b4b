// Shows how far the processes of a list are.  Only rows that have not ended
// are asked for; of one whose state changes, the server's own row is put in.

import { Notices, write } from "./notices.js";
import { GONE, LOGGED_OUT, ask, get, repeat } from "./polling.js";
import { askFirst } from "./question.js";

const FIRST_MS = 2_000;
const AIM_MS = 1_000;

const list = document.querySelector(".netsight-async-list");
const reload = document.querySelector(".netsight-async-reload");
const texts = JSON.parse(list?.dataset.texts ?? "{}");
const notices = new Notices(
  list?.querySelector(".netsight-async-notice"),
  list?.querySelector(".netsight-async-said"),
  texts,
  reload,
);

// What is seen

// As the server writes it: hours, minutes and seconds.
function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function showProgress(row, { progress, message, started, elapsed }) {
  const part = (name) => row.querySelector(`.netsight-async-${name}`);
  if (started !== null) {
    write(part("took"), duration(elapsed));
  }
  write(part("percent"), progress === null ? "" : `${progress}%`);
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

function isChanged(row, status) {
  const { state, cancelling } = row.dataset;
  return status.state !== state || String(status.cancelling) !== cancelling;
}

const sameButton = (row, { name }) =>
  name ? row.querySelector(`button[name="${name}"]`) : null;

// Who aims at a button must not press another that has come into its place.
function holdNewButtons(row, renewed) {
  for (const button of renewed.querySelectorAll("button")) {
    if (sameButton(row, button) === null) {
      button.disabled = true;
      setTimeout(() => {
        button.disabled = false;
      }, AIM_MS);
    }
  }
}

function replace(row, renewed) {
  const focused = document.activeElement;
  const hadFocus = row.contains(focused);
  holdNewButtons(row, renewed);
  row.replaceWith(document.adoptNode(renewed));
  if (hadFocus) {
    const name = renewed.querySelector("th");
    name.tabIndex = -1;
    (sameButton(renewed, focused) ?? name.querySelector("a") ?? name).focus();
  }
}

// The row of a process that was removed, or that does not match the filter.
function withoutState(row) {
  const left = row.cloneNode(true);
  const state = left.querySelector(".netsight-async-state");
  const badge = state.querySelector(".badge");
  badge.className = "badge text-bg-secondary badge-secondary";
  badge.textContent = texts.notHere;
  state.replaceChildren(badge);
  left.querySelector(".netsight-async-actions").replaceChildren();
  return left;
}

// Resolves to LOGGED_OUT, or to what is to be said.  The page itself knows the
// texts, links and buttons of each state.
async function renew(rows) {
  const page = await get(list.dataset.url, "text/html");
  if (page === GONE || page === LOGGED_OUT) {
    return LOGGED_OUT;
  }
  const html = await page.text();
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const news = [];
  for (const [row, isReadable] of rows) {
    const found = parsed.getElementById(row.id);
    const renewed = found ?? withoutState(row);
    if (!found || !isReadable) {
      delete renewed.dataset.statusUrl;
    }
    replace(row, renewed);
    if (!("statusUrl" in renewed.dataset)) {
      news.push(newsOf(renewed));
    }
  }
  return news;
}

// Resolves to a Map of the rows that have changed, to whether their state can
// be asked for.
async function changesOf(rows) {
  const changed = new Map();
  for (const row of rows) {
    const status = await ask(row.dataset.statusUrl);
    if (status === GONE || status === LOGGED_OUT) {
      changed.set(row, false);
    } else if (isChanged(row, status)) {
      changed.set(row, true);
    } else {
      showProgress(row, status);
    }
  }
  return changed;
}

async function poll() {
  const rows = [...list.querySelectorAll("tr[data-status-url]")];
  let news;
  try {
    const changed = await changesOf(rows);
    news = changed.size > 0 ? await renew(changed) : [];
  } catch {
    notices.away();
    return false;
  }
  const again = notices.back();
  if (news === LOGGED_OUT) {
    notices.tell(texts.loggedOutText);
    return true;
  }
  notices.say([...again, ...news], "; ");
  return list.querySelector("tr[data-status-url]") === null;
}

askFirst(document);
if (list?.querySelector("tr[data-status-url]")) {
  repeat(poll, FIRST_MS);
} else if (reload) {
  reload.hidden = true;
}
