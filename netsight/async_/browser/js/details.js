// Keeps the details of one process up to date.  The server's own page is asked
// for, and of it the parts that differ are put in.

import { localizeTimes } from "./format.js";
import { Notices } from "./notices.js";
import { follow } from "./polling.js";
import { askFirst } from "./question.js";

const FIRST_MS = 1_000;

const details = document.querySelector(".netsight-async-details");
const texts = JSON.parse(details.dataset.texts);
const notices = new Notices(
  details.querySelector(".netsight-async-notice"),
  details.querySelector(".netsight-async-said"),
  texts,
  details.querySelector(".netsight-async-reload"),
);
const partsOf = (parent) => [...parent.querySelectorAll("[data-part]")];
const state = () => details.querySelector(".badge").textContent;

function address() {
  const url = new URL(details.dataset.url, document.baseURI);
  url.searchParams.set("known", "");
  return url;
}

// What in a part is the same as an element of the one before it.
function sameIn(part, { localName, name }) {
  const selector = name ? `${localName}[name="${name}"]` : localName;
  return part.querySelector(selector) ?? part.querySelector("a, button");
}

function replace(part, renewed) {
  if (part.outerHTML === renewed.outerHTML) {
    return;
  }
  const focused = document.activeElement;
  const hadFocus = part.contains(focused);
  part.replaceWith(renewed);
  if (hadFocus) {
    sameIn(renewed, focused)?.focus();
  }
}

// Returns whether there is still something to come.
function renew(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  localizeTimes(parsed);
  const renewed = parsed.querySelector(".netsight-async-details");
  for (const part of partsOf(renewed)) {
    const { part: name } = part.dataset;
    const old = details.querySelector(`[data-part="${name}"]`);
    if (old) {
      replace(old, document.adoptNode(part));
    }
  }
  return "live" in renewed.dataset;
}

function show({ html }, again) {
  if (html === "") {
    notices.tell(texts.removed);
    return true;
  }
  const before = state();
  const isLive = renew(html);
  notices.say(state() === before ? again : [...again, state()]);
  return !isLive;
}

localizeTimes(details);
askFirst(document);
if ("live" in details.dataset) {
  follow({
    address,
    first: FIRST_MS,
    notices,
    login: details.dataset.login,
    show,
  });
}
