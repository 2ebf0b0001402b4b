// Polls the state of a process and shows it; goes to the result at the end.

const page = document.querySelector(".netsight-async[data-status-url]");
const pollMilliseconds = Number(page.dataset.pollSeconds) * 1000;
const bar = page.querySelector("progress");
const text = page.querySelector("#netsight-async-progress");
const message = page.querySelector(".netsight-async-message");

function show(status) {
  if (status.progress !== null) {
    bar.value = status.progress;
    text.textContent = page.dataset.progressPattern.replace("#", status.progress);
    text.hidden = false;
  }
  message.textContent = status.message ?? "";
}

async function poll() {
  let wait = pollMilliseconds;
  try {
    const response = await fetch(page.dataset.statusUrl, {
      headers: { Accept: "application/json" },
      cache: "no-store",
    });
    if (response.ok) {
      const status = await response.json();
      if (status.state === "completed") {
        window.location.replace(page.dataset.resultUrl);
        return;
      }
      if (status.state !== "queued" && status.state !== "running") {
        window.location.replace(page.dataset.processingUrl);
        return;
      }
      show(status);
    } else if (response.status < 500) {
      // Logged out or expired: the server's own page says so.
      window.location.replace(page.dataset.processingUrl);
      return;
    }
  } catch {
    // The server is away, perhaps for a restart: look again.
    wait = pollMilliseconds * 2;
  }
  window.setTimeout(poll, wait);
}

poll();
