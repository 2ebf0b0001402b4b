// Shows how far the processes of a list are.  Only rows that have not ended
// are asked for; of one whose state changes, the server's own row is put in.

const POLL_MILLISECONDS = 2000;
const POLL_MOST_MILLISECONDS = 5000;

const list = document.querySelector(".netsight-async-list");
const said = list?.querySelector(".netsight-async-said");

// As the server writes it: hours, minutes and seconds.
function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function showProgress(row, status) {
  if (status.started !== null) {
    row.querySelector(".netsight-async-took").textContent = duration(
      status.elapsed,
    );
  }
  const bar = row.querySelector("progress");
  if (bar !== null && status.progress !== null) {
    bar.value = status.progress;
    row.querySelector(".netsight-async-percent").textContent =
      `${status.progress}%`;
  }
  const message = row.querySelector(".netsight-async-message");
  if (message !== null) {
    message.textContent = status.message ?? "";
  }
}

async function load(url) {
  const response = await fetch(url, { cache: "no-store" });
  return response.ok ? response : null;
}

function say(row) {
  const title = row.querySelector("th > :first-child").textContent;
  const state = row.querySelector(".badge").textContent;
  said.textContent = `${title}: ${state}`;
}

// The page itself knows the texts, links and buttons of each state.
async function renewRows(ids) {
  const page = await load(window.location.href);
  if (page === null) {
    return;
  }
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  for (const id of ids) {
    const row = document.getElementById(id);
    const renewed = parsed.getElementById(id);
    if (renewed !== null) {
      const hasFocus = row.contains(document.activeElement);
      row.replaceWith(document.adoptNode(renewed));
      if (hasFocus) {
        renewed.querySelector("a, button")?.focus();
      }
      say(renewed);
    }
  }
}

async function poll(wait) {
  let next = Math.min(wait * 1.5, POLL_MOST_MILLISECONDS);
  const rows = [...list.querySelectorAll("tr[data-status-url]")];
  const changed = [];
  if (!document.hidden) {
    for (const row of rows) {
      try {
        const response = await load(row.dataset.statusUrl);
        const status = await response?.json();
        if (status && status.state !== row.dataset.state) {
          changed.push(row.id);
        } else if (status) {
          showProgress(row, status);
        }
      } catch {
        // The server is away, perhaps for a restart: look again.
      }
    }
  }
  if (changed.length > 0) {
    next = POLL_MILLISECONDS;
    try {
      await renewRows(changed);
    } catch {
      // As above.
    }
  }
  if (rows.length > 0) {
    window.setTimeout(poll, next, next);
  }
}

if (list !== null) {
  poll(POLL_MILLISECONDS);
}
