// Have Plone do something in the background, and wait for what comes of it.

const PAUSE_MS = 1000;

/**
 * Send a request that may be answered later; return its Response.
 *
 * `url` has ++api++ in it, `options` are as for `fetch`.  `told`, a function,
 * is called with the process whenever it has been asked for.
 */
export async function inBackground(url, options = {}, told = () => {}) {
  const headers = { Accept: "application/json", ...options.headers };
  const started = await fetch(url, {
    ...options,
    headers: { ...headers, Prefer: "respond-async" },
  });
  if (started.status !== 202) {
    // Refused, or by a service that answers at once.
    return started;
  }
  const address = started.headers.get("Location");
  let process = await started.json();
  while (["queued", "running"].includes(process.state)) {
    told(process);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    process = await (await fetch(address, { headers })).json();
  }
  told(process);
  return fetch(process.links.result, { headers });
}

// node in-background.mjs METHOD URL TOKEN [BODY]
if (globalThis.process?.argv[1]?.endsWith("in-background.mjs")) {
  const [method, url, token, body] = globalThis.process.argv.slice(2);
  const headers = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
  };
  const result = await inBackground(url, { method, headers, body }, (told) => {
    console.log(`${told.title}: ${told.state}, ${told.progress ?? "?"} %`);
  });
  console.log(result.status, await result.text());
}
