// What a page says beside its content: seen in one place, spoken in another.

export function write(element, text) {
  if (element && element.textContent !== text) {
    element.textContent = text;
  }
}

export class Notices {
  #notice;
  #spoken;
  #texts;
  #link;
  #isAway = false;

  // The element that is seen, the live region, the texts by name, and the link
  // for those whose page does not change by itself.
  constructor(notice, spoken, texts, link) {
    this.#notice = notice;
    this.#spoken = spoken;
    this.#texts = texts;
    this.#link = link;
  }

  // Shows a text, or nothing.
  show(text) {
    write(this.#notice, text);
    this.#notice.hidden = !text;
  }

  // Has news spoken, if there are any.
  say(news, separator = " ") {
    if (news.length > 0) {
      this.#spoken.textContent = news.join(separator);
    }
  }

  tell(text) {
    this.show(text);
    this.say([text]);
  }

  // Whoever has been logged out is led to the login, if the page knows where
  // that is.
  loggedOut(url) {
    this.tell(this.#texts.loggedOutText);
    if (url) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = this.#texts.logIn;
      this.#notice.append(" ", link);
    }
  }

  // The server does not answer: that is told once, until it does again.
  away() {
    this.#link.hidden = false;
    if (!this.#isAway) {
      this.#isAway = true;
      this.tell(this.#texts.away);
    }
  }

  // The server answers: returns what is new by that.
  back() {
    const news = this.#isAway ? [this.#texts.back] : [];
    this.#isAway = false;
    this.#link.hidden = true;
    this.show("");
    return news;
  }
}
