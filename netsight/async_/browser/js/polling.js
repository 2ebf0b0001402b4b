// When and how the server is asked for the state of a process.

const LONGEST_MS = 5_000;
const GROWTH = 1.1;
const HIDDEN_MS = 15_000; // while nobody looks at the tab
const NOT_WHILE_HIDDEN = null;
const ANSWER_MS = 15_000; // a server that needs longer does not answer

// Ways in which an answer can say that there is nothing to wait for.
export const GONE = "gone";
export const LOGGED_OUT = "loggedOut";

// As AbortSignal.timeout, which came in 2022.
function timeout(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

// Resolves to the Response of a GET, GONE or LOGGED_OUT; rejects without an
// answer.
export async function get(url, accept) {
  const response = await fetch(url, {
    headers: { Accept: accept },
    cache: "no-store",
    redirect: "manual", // a redirect leads to the login form
    signal: timeout(ANSWER_MS),
  });
  const { status, type } = response;
  if (type === "opaqueredirect" || status === 401 || status === 403) {
    return LOGGED_OUT;
  }
  if (status >= 500 || status === 408 || status === 429) {
    throw new Error(`the server answered ${status}`);
  }
  return response.ok ? response : GONE;
}

// Resolves to the status, GONE or LOGGED_OUT; rejects without an answer.
export async function ask(url) {
  const response = await get(url, "application/json");
  if (response === GONE || response === LOGGED_OUT) {
    return response;
  }
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return isJson ? response.json() : LOGGED_OUT;
}

// Calls `poll` now and again until it resolves to true: after `first`
// milliseconds, then less and less often; at once when the tab is looked at.
// While nobody does, it is called each `hidden` milliseconds, or not at all if
// that is null.
export function repeat(poll, first, hidden = HIDDEN_MS) {
  let wait = first;
  let timer = null;
  let isPolling = false;
  let isDone = false;

  function schedule() {
    clearTimeout(timer);
    if (!document.hidden) {
      timer = setTimeout(run, wait);
    } else if (hidden !== null) {
      timer = setTimeout(run, hidden);
    }
  }

  async function run() {
    clearTimeout(timer);
    isPolling = true;
    isDone = await poll();
    isPolling = false;
    if (!isDone) {
      schedule();
      wait = Math.min(wait * GROWTH, LONGEST_MS);
    }
  }

  document.addEventListener("visibilitychange", () => {
    wait = first;
    if (isPolling || isDone) {
      return;
    }
    if (document.hidden) {
      schedule();
    } else {
      run();
    }
  });
  run();
}

// Keeps a part of a page up to date: asks `address()` now and again, but not
// while the tab is hidden, until `show` is true of an answer.  `show` also gets
// what else there is to say.  The notices tell when no server answers, and when
// one has to log in again, at `login`.
export function follow({ address, first, notices, login, show }) {
  async function poll() {
    let answer;
    try {
      answer = await ask(address());
    } catch {
      notices.away();
      return false;
    }
    const again = notices.back();
    if (answer === LOGGED_OUT || answer === GONE) {
      notices.loggedOut(login);
      return true;
    }
    return show(answer, again);
  }

  repeat(poll, first, NOT_WHILE_HIDDEN);
}
