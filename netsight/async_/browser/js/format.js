// Numbers, times and durations, in the language of our part of the page; as
// browser/numbers.py on the server.

const ours =
  document.querySelector("[class^=netsight-async][lang]") ??
  document.documentElement;
const language = ours.lang.replace("_", "-") || "en";

export function percent(number) {
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumFractionDigits: 1,
  }).format(number / 100);
}

export function decimal(number) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(
    number,
  );
}

// A time in ISO 8601.
export function moment(text) {
  return new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(text));
}

// Writes times that the server has written by its own clock.
export function localizeTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    element.textContent = moment(element.dateTime);
  }
}

// "1 hr 5 min", "2 min 10 sec", "5 sec": the two largest units.
export function duration(seconds) {
  const parts = [
    ["hour", Math.floor(seconds / 3600)],
    ["minute", Math.floor(seconds / 60) % 60],
    ["second", seconds % 60],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  return parts
    .slice(first, first < 0 ? undefined : first + 2)
    .filter(([, count], index) => count > 0 || index === 0)
    .map(([unit, count]) => inUnit(count, unit))
    .join(" ");
}

// An estimate is no more exact than this: 5 seconds, or a minute.
export function roughly(seconds) {
  const step = seconds < 60 ? 5 : 60;
  return duration(Math.max(step, Math.round(seconds / step) * step));
}

function inUnit(count, unit) {
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
  }).format(count);
}
