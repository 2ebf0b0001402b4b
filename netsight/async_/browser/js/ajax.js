// Lets what a page sends by jQuery, as the buttons of folder contents do, wait
// for a view in the background: it gets the result in place of the first
// answer, and so does with it what it does with that of any other view.

import { GONE, LOGGED_OUT, ask, repeat } from "./polling.js";

const FIRST_MS = 500;
const JQUERY_MS = 50; // until we look again whether it is there

// Resolves when a process has ended.
function ended(statusUrl) {
  return new Promise((resolve, reject) => {
    async function look() {
      let status;
      try {
        status = await ask(statusUrl);
      } catch {
        return false; // the server is away
      }
      if (status === GONE || status === LOGGED_OUT) {
        reject(new Error(status));
        return true;
      }
      const isOver = status.state !== "queued" && status.state !== "running";
      if (isOver) {
        resolve();
      }
      return isOver;
    }
    repeat(look, FIRST_MS);
  });
}

// Resolves to the Response of a view, or of the process that it has started.
async function answerOf(options, headers, signal) {
  const response = await fetch(options.url, {
    method: options.type,
    headers: { ...headers, Prefer: "respond-async" },
    body: options.data,
    signal,
  });
  if (response.status !== 202) {
    return response;
  }
  const { links } = await response.clone().json();
  await ended(links["process-status"]);
  return fetch(links.result, {
    headers: { Accept: "application/json" },
    signal,
  });
}

// What is refused, or has no result, is told in the words of the server: the
// page has none but "error" for it.
async function told(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!type.startsWith("application/problem+json")) {
    return response;
  }
  const { detail } = await response.json();
  const answer = JSON.stringify({ status: "warning", msg: detail });
  return new Response(answer, {
    headers: { "Content-Type": "application/json" },
  });
}

function headersOf(response) {
  return Array.from(response.headers, (pair) => pair.join(": ")).join("\r\n");
}

function transport(options) {
  const isOurs = options.type === "POST" && typeof options.data === "string";
  if (!isOurs || options.crossDomain || !options.async) {
    return undefined;
  }
  const controller = new AbortController();
  return {
    async send(headers, done) {
      try {
        const response = await told(
          await answerOf(options, headers, controller.signal),
        );
        const { status, statusText } = response;
        const text = await response.text();
        done(status, statusText, { text }, headersOf(response));
      } catch (error) {
        done(0, String(error));
      }
    },
    abort() {
      controller.abort();
    },
  };
}

function install() {
  if (window.jQuery) {
    window.jQuery.ajaxTransport("+*", transport);
  } else {
    setTimeout(install, JQUERY_MS);
  }
}

install();
