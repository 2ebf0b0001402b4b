// Puts the heading of a page of ours before the title of its window.

const headings = document.querySelectorAll(".netsight-async :is(h1, .lead)");
const texts = Array.from(headings, (heading) => heading.textContent.trim());
// where there is no theme, the heading is the title already
document.title = [...new Set([...texts, document.title])].join(" – ");
