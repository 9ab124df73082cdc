// What is wider than its box scrolls in it; by keyboard, too: formulas here, code and tables by the
// theme. A font that comes late changes what is in a box, and may leave the box as it is.
addEventListener("load", () => {
  const boxes = [...document.querySelectorAll(".formula, p .math, .pb-scroll")];
  const wide = (box) => box.scrollWidth > box.clientWidth + 3;
  const mark = (boxes) => boxes.map((box) => [box, wide(box)]).forEach(([box, over]) => {
    if (over) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
  const observer = new ResizeObserver((entries) => mark(entries.map(({ target }) => target)));
  for (const box of boxes) observer.observe(box);
  document.fonts.addEventListener("loadingdone", () => mark(boxes));
});

// The theme's scripts (its menus, the light switch, buttons to copy) wait for the first view.
addEventListener("load", () => requestAnimationFrame(() => setTimeout(() => {
  for (const old of document.querySelectorAll("script[data-later]")) {
    const script = document.createElement("script");
    Object.assign(script, { src: old.src, async: false, onload: () => old.remove() });
    document.head.append(script);
  }
})));

// From disk a browser reads no other page: search finds the pages, and shows no excerpt.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// A link within the page leads to where its target will be: all of the page is laid out first.
addEventListener("click", ({ target }) => {
  if (target.closest?.('a[href^="#"]')) delete document.documentElement.dataset.lazy;
}, true);

// The sections that the first view left out (style.css) are laid out one by one, when there is time.
addEventListener("load", () => {
  const later = window.requestIdleCallback ?? setTimeout;
  const { dataset } = document.documentElement;
  const sections = [...document.querySelectorAll(".bd-article > section > section")];
  const show = () => {
    const section = sections.shift();
    if (!section) return void delete dataset.lazy;
    section.style.contentVisibility = "visible";
    later(show);
  };
  if ("lazy" in dataset) later(show);
});

// On paper nothing can be opened: tables are open, steppers at their last step, and answers, hints and
// solutions stand at the end of the page, where they give nothing away.
const away = []; // what was moved: the fold, and where its content is meanwhile
addEventListener("beforeprint", () => {
  delete document.documentElement.dataset.lazy;
  for (const one of document.querySelectorAll('.pb-controls input[type="range"]')) {
    one.dataset.paper = one.value;
    step(one, one.max);
  }
  moveAnswers();
  for (const one of document.querySelectorAll("details:not([open], .pb-away)")) {
    one.open = true;
    one.dataset.paper = "";
  }
});
addEventListener("afterprint", () => {
  for (const [fold, content] of away.splice(0)) {
    fold.append(...content.childNodes);
    fold.classList.remove("pb-away");
  }
  for (const one of document.querySelectorAll(".pb-answers, .pb-where")) one.remove();
  for (const one of document.querySelectorAll("[data-paper]")) {
    if (one.open) one.open = false;
    else step(one, one.dataset.paper);
    delete one.dataset.paper;
  }
});
function step(slider, value) {
  slider.value = value;
  slider.dispatchEvent(new Event("input"));
}
function moveAnswers() {
  const article = document.querySelector("article"), places = new Map();
  for (const fold of article.querySelectorAll("details:not(.hide, .pb-poster details), .pb-exercise details")) {
    const place = fold.closest(".pb-exercise") ?? fold;
    places.set(place, [...(places.get(place) ?? []), fold]);
  }
  if (!places.size) return;
  const end = box("section", "pb-answers", box("h2", "", "Answers"));
  let k = 0;
  for (const [place, folds] of places) {
    k += 1;
    const title = place.querySelector(".pb-title")?.textContent.replace(/Progress$/, "");
    const section = [...article.querySelectorAll("h2, h3")].filter((h) => h.compareDocumentPosition(place) & 4).at(-1);
    const head = box("h3", "", `${k}. ${title ?? section?.textContent.replace(/#$/, "") ?? "Answer"}`);
    const one = box("div", "pb-one-answer", head);
    one.id = `answer-${k}`;
    const where = box("p", "pb-where", link(`#answer-${k}`, `Answer ${k}, at the end of this chapter`));
    where.id = `question-${k}`;
    head.append(" ", link(`#question-${k}`, "↑"));
    for (const fold of folds) {
      const summary = fold.querySelector("summary"), content = box("div", "");
      if (folds.length > 1) one.append(box("p", "pb-fold", summary.textContent));
      content.append(...[...fold.childNodes].filter((node) => node !== summary));
      one.append(content);
      fold.classList.add("pb-away");
      away.push([fold, content]);
    }
    folds[0].before(where);
    end.append(one);
  }
  article.append(end);
  end.append(document.createComment(" end of answers "));
}
function box(name, kind, ...content) {
  const element = document.createElement(name);
  element.className = kind;
  element.append(...content);
  return element;
}
function link(href, text) {
  const element = box("a", "", text);
  element.href = href;
  return element;
}
