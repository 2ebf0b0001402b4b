// For waiting pages that add-ons have copied from 1.x, under its old name: a
// classic script.  It shows the progress in the element #progress, and goes on
// to the result.  Our own page has waiting.js.

(async () => {
  const [{ percent }, { GONE, LOGGED_OUT, ask, repeat }] = await Promise.all([
    import("./format.js"),
    import("./polling.js"),
  ]);

  const FIRST_MS = 1_000;

  function urlOf(name) {
    const url = new URL(window.location.href);
    url.pathname = url.pathname.replace(/[^/]*$/, name);
    url.hash = "";
    return url;
  }

  const completedUrl = urlOf("completed");
  completedUrl.searchParams.set("output_json", "1");

  function show(completed) {
    const element = document.getElementById("progress");
    if (element && completed !== false) {
      element.textContent = percent(Math.floor(completed));
    }
  }

  // Resolves to true if there is nothing to wait for.
  async function look() {
    let answer;
    try {
      answer = await ask(completedUrl);
    } catch {
      return false; // the server is away
    }
    if (answer === LOGGED_OUT) {
      window.location.reload(); // leads to the login form
      return true;
    }
    const completed = answer === GONE ? "ERROR" : answer.completed;
    if (completed === true || completed === 100 || completed === "ERROR") {
      window.location.replace(urlOf("result")); // or says why there is none
      return true;
    }
    show(completed);
    return false;
  }

  repeat(look, FIRST_MS);
})();
