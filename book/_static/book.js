// What is wider than its box scrolls in it; by keyboard, too.
addEventListener("load", () => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth + 3) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".formula, p .math, .pb-scroll")) observer.observe(box);
});

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

// On paper nothing can be opened: answers, solutions and tables are open, steppers at their last step.
addEventListener("beforeprint", () => {
  delete document.documentElement.dataset.lazy;
  for (const one of document.querySelectorAll("details:not([open])")) {
    one.open = true;
    one.dataset.paper = "";
  }
  for (const one of document.querySelectorAll('.pb-controls input[type="range"]')) {
    one.dataset.paper = one.value;
    step(one, one.max);
  }
});
addEventListener("afterprint", () => {
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
