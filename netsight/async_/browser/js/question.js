// Asks before something is destroyed, in a dialog.  The server says whether to
// ask, and what; without this script it does so in a page.

const QUESTION = ".netsight-async-question";

function shown(form) {
  const dialog = document.createElement("dialog");
  dialog.className = "netsight-async-dialog";
  dialog.setAttribute("aria-labelledby", "netsight-async-question");
  dialog.append(document.adoptNode(form));
  document.body.append(dialog);
  const keep = form.querySelector('[data-part="keep"]');
  keep.setAttribute("role", "button");
  keep.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  keep.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  // What destroys nothing is at hand.
  keep.focus();
}

// Resolves to the form of the question, or null if there is nothing to ask.
async function questionFor(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button.name) {
    fields.append(button.name, button.value);
  }
  fields.append("ask", "1");
  const response = await fetch(form.action, {
    method: "POST",
    body: fields,
    headers: { Accept: "text/html" },
    credentials: "same-origin",
  });
  const html = await response.text();
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector(QUESTION);
}

// Sends a form as its button would have done.
function send(form, button) {
  let field = null;
  if (button.name) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = button.name;
    field.value = button.value;
    form.append(field);
  }
  form.submit();
  field?.remove();
}

// What goes wrong here is told by the answer to the form itself.
async function ask(form, button) {
  let question = null;
  try {
    question = await questionFor(form, button);
  } catch {
    // the server is away, for example
  }
  if (question === null) {
    send(form, button);
  } else {
    shown(question);
  }
}

// Has each form within an element ask that would destroy something.
export function askFirst(element) {
  if (!("HTMLDialogElement" in window)) {
    return;
  }
  element?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && "asks" in button.dataset) {
      event.preventDefault();
      ask(event.target, button);
    }
  });
}
