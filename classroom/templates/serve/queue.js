// The queue of written answers, without a mouse: the page works without this file too.
const articles = [...document.querySelectorAll("article")];
const waiting = document.querySelector("#waiting");

function visit(article) {
  article.focus({ preventScroll: true });
  article.scrollIntoView({ block: "start" });
}

function visitNextWaiting(article) {
  const number = articles.indexOf(article);
  const order = [...articles.slice(number + 1), ...articles.slice(0, number)];
  const next = order.find((other) => other.dataset.state === "waiting");
  visit(next ?? article);
}

async function save(form) {
  const article = form.closest("article");
  const state = form.querySelector(".state");
  const sent = new URLSearchParams(new FormData(form));
  state.textContent = "is being saved …";
  let answer;
  try {
    const response = await fetch(location.pathname, {
      method: "POST",
      body: sent,
      headers: { Accept: "application/json" },
    });
    answer = await response.json();
  } catch (error) {
    answer = { error: "The server does not answer. Is `course serve` still running?" };
  }
  if (answer.error) {
    state.textContent = `Not saved: ${answer.error}`;
    return;
  }
  article.dataset.state = answer.waits ? "waiting" : "graded";
  delete article.dataset.changed;
  state.textContent = answer.waits ? "saved; it waits" : "saved";
  waiting.textContent =
    answer.waiting === 0
      ? "No answer waits."
      : `${answer.waiting} of ${articles.length} answers wait.`;
  if (article.contains(document.activeElement)) visitNextWaiting(article);
}

function press(event, article) {
  const form = article.querySelector("form");
  const { points, comment } = form.elements;
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    visit(articles[articles.indexOf(article) + step] ?? article);
  } else if (/^[0-9]$/.test(event.key)) {
    points.value = event.key;
    article.dataset.changed = "";
    points.focus();
  } else if (event.key === "f") {
    points.value = form.dataset.points;
    article.dataset.changed = "";
    points.focus();
  } else if (event.key === "c") {
    comment.focus();
  } else if (event.key === "s") {
    form.requestSubmit();
  } else {
    return;
  }
  event.preventDefault();
}

for (const article of articles) {
  const form = article.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form);
  });
  form.addEventListener("input", () => {
    article.dataset.changed = "";
  });
  // Letters are keys only while an answer has the focus, and no field in it.
  article.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const typing = event.target.matches("input, textarea");
    if (event.ctrlKey) {
      if (event.key === "Enter") form.requestSubmit();
    } else if (typing && event.key === "Escape") {
      visit(article);
    } else if (!typing) {
      press(event, article);
    }
  });
}

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("article[data-changed]")) event.preventDefault();
});

const first = articles.find((article) => article.dataset.state === "waiting") ?? articles[0];
if (first) visit(first);
