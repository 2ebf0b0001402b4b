// The page that waits for a process: shows its state, and goes on at the end.

import { decimal, duration, moment, percent, roughly } from "./format.js";
import { Notices, write } from "./notices.js";
import { GONE, LOGGED_OUT, ask, repeat } from "./polling.js";
import { askFirst } from "./question.js";

const RELOAD_MS = 5_000;

const page = document.querySelector(".netsight-async[data-status-url]");
const { statusUrl, processingUrl, resultUrl, pollSeconds } = page.dataset;
const texts = JSON.parse(page.dataset.texts);
const parts = Object.fromEntries(
  Array.from(page.querySelectorAll("[data-part]"), (element) => [
    element.dataset.part,
    element,
  ]),
);

const ownTitle = withoutHeading(document.title); // names the process
const notices = new Notices(parts.notice, parts.spoken, texts, parts.again);

let shown = { state: page.dataset.state, quarter: quarterOf(shownProgress()) };

// When it was started, and when it began to wait: by the clock of this page.
const began = { elapsed: null, waited: null };

function withoutHeading(title) {
  const heading = `${parts.heading.textContent} – `;
  return title.startsWith(heading) ? title.slice(heading.length) : title;
}

function shownProgress() {
  return parts.progress.hasAttribute("value") ? parts.progress.value : null;
}

function quarterOf(progress) {
  return progress === null ? null : Math.floor(progress / 25) * 25;
}

function percentageText(number) {
  return texts.percentage.replace("#", decimal(number));
}

function aheadText({ ahead, ahead_more: hasMore }) {
  const number = decimal(ahead);
  return hasMore ? texts.orMore.replace("#", number) : number;
}

// The state, as the heading and the window have it.
function stateOf(status) {
  if (status.state === "queued") {
    return texts.waiting;
  }
  return status.state === "running" ? texts.processing : texts[status.state];
}

// What there is to say beside that.
function activityOf(status) {
  if (status.held) {
    return texts.held;
  }
  if (status.paused) {
    return texts.paused;
  }
  if (status.not_before) {
    const text = status.retries > 0 ? texts.retry : texts.early;
    return text.replace("#", moment(status.not_before));
  }
  if (status.state === "queued") {
    const text = status.in_turn ? texts.inTurn : texts.queued;
    return text.replace("#", aheadText(status));
  }
  if (status.state !== "running") {
    return status.download ? texts.downloading : "";
  }
  return status.cancelling ? texts.cancelling : status.message || texts.running;
}

// What is seen

function showProgress({ progress, state }) {
  if (progress === null) {
    parts.progress.removeAttribute("value");
  } else {
    parts.progress.value = progress;
  }
  const isTold = progress !== null && state === "running";
  write(parts.percentage, isTold ? percentageText(progress) : "");
}

function setTitle(text) {
  document.title = [text, ownTitle].filter(Boolean).join(" – ");
}

function showState(status) {
  const hasNumber = status.state === "running" && status.progress !== null;
  page.dataset.state = status.state;
  write(parts.heading, stateOf(status));
  setTitle(hasNumber ? percent(Math.floor(status.progress)) : stateOf(status));
}

function showTimes() {
  for (const [name, beginning] of Object.entries(began)) {
    parts[`${name}-row`].hidden = beginning === null;
    if (beginning !== null) {
      const seconds = Math.round((performance.now() - beginning) / 1000);
      write(parts[name], duration(seconds));
    }
  }
}

function noteTimes(status) {
  const before = (seconds) => performance.now() - seconds * 1000;
  const isStarted = status.started !== null;
  const isQueued = status.state === "queued";
  began.elapsed = isStarted ? before(status.elapsed) : null;
  began.waited = isQueued ? before(status.waited) : null;
}

function showLog(log) {
  parts["log-section"].hidden = log === null;
  if (log !== null) {
    write(parts.log, log.lines.join("\n"));
  }
}

function show(status) {
  write(parts.activity, activityOf(status));
  showProgress(status);
  if (parts.log) {
    showLog(status.log);
  }
  showState(status);
  noteTimes(status);
  showTimes();
  parts["left-row"].hidden = status.seconds_left === null;
  if (status.seconds_left !== null) {
    write(parts.left, roughly(status.seconds_left));
  }
  parts.hint.hidden = status.cancelling;
  if (parts.cancel) {
    parts.cancel.hidden = status.cancelling;
  }
}

// What is said: changes of the state, and quarters

function waitsFor(status) {
  return ["held", "paused"].find((name) => status[name]);
}

function saidOf(status) {
  const isTold =
    status.state === "running" || waitsFor(status) || status.not_before;
  const state = isTold ? "" : stateOf(status);
  return [state, activityOf(status)].filter(Boolean).join(". ");
}

function speak(status, news) {
  const state = waitsFor(status) || status.not_before || status.state;
  const now = { state, quarter: quarterOf(status.progress) };
  if (now.state !== shown.state) {
    news.push(saidOf(status));
  } else if (now.quarter !== shown.quarter && now.quarter !== null) {
    news.push(percentageText(now.quarter));
  }
  notices.say(news);
  shown = now;
}

// What happens

function stop(reason) {
  const logIn = parts["log-in"];
  const isUnclear = reason === GONE && logIn;
  const text = texts[isUnclear ? "goneOrLoggedOutText" : `${reason}Text`];
  write(parts.heading, texts[reason]);
  notices.tell(text);
  setTitle(texts[reason]);
  parts.card.hidden = true;
  parts.hint.hidden = true;
  parts.again.hidden = false;
  if (logIn) {
    logIn.hidden = false;
  }
  // What runs of somebody who is not logged in any more.
  document.querySelector(".netsight-async-viewlet")?.remove();
}

function end(status) {
  parts.hint.hidden = true;
  if (parts.cancel) {
    parts.cancel.hidden = true;
  }
  if (parts.mail) {
    parts.mail.hidden = true;
  }
  if (status.state === "completed") {
    // A download leaves this page where it is.
    parts.result.hidden = false;
    window.location.replace(resultUrl);
  } else {
    window.location.replace(processingUrl);
  }
}

async function look() {
  let status;
  try {
    status = await ask(statusUrl);
  } catch {
    began.elapsed = began.waited = null;
    notices.away();
    return false;
  }
  const news = notices.back();
  if (status === GONE || status === LOGGED_OUT) {
    stop(status);
    return true;
  }
  show(status);
  speak(status, news);
  const isOver = status.state !== "queued" && status.state !== "running";
  if (isOver) {
    end(status);
  }
  return isOver;
}

// Where this script fails, the page does as it does without.
async function poll() {
  try {
    return await look();
  } catch (error) {
    parts.again.hidden = false;
    setTimeout(() => window.location.reload(), RELOAD_MS);
    throw error;
  }
}

askFirst(parts.cancel);
repeat(poll, Number(pollSeconds) * 1000);
setInterval(showTimes, 1000);
