// What is wider than its box scrolls in it; by keyboard, too.
addEventListener("load", () => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".formula, p > .math, .pb-scroll")) observer.observe(box);
});
