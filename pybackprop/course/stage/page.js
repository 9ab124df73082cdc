// On a static page: bring each part to life with the same render() and a model that lives in the page.
const ends = new WeakMap(); // part -> what takes its listeners away

function start(el) {
  try {
    const state = JSON.parse(el.querySelector(":scope > script").textContent);
    const listeners = {};
    const model = {
      page: true,
      get: (name) => (name === "kind" ? el.dataset.kind : name === "data" ? state : state[name]),
      set: (name, value) => {
        state[name] = value;
        (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
      },
      on: (event, listener) => (listeners[event] ??= []).push(listener),
      off: (event, listener) => {
        listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
      },
      save_changes: () => {},
    };
    ends.set(el, render({ model, el }));
  } catch (error) {
    complain(el, error);
    console.error(error);
  }
}
const parts = (place) => [...place.querySelectorAll("div.pybackprop-interactive:not([data-ready])")];

// A browser lays out a section that it has left out as soon as a field is in it, to see whether the
// field can be filled in. So only the first stepper and what is seen start at once, the rest after
// the first view, whenever there is time.
function startAll() {
  const all = parts(document), stepper = all.find((el) => el.dataset.kind === "stepper");
  const seen = (el) => el === stepper || el.checkVisibility?.({ contentVisibilityAuto: true }) !== false;
  const first = all.filter(seen), rest = all.filter((el) => !first.includes(el));
  const later = globalThis.requestIdleCallback ?? setTimeout;
  const next = (idle) => {
    do rest.splice(0, 1).forEach(start);
    while (rest.length && idle?.timeRemaining() > 5);
    if (rest.length) later(next);
  };
  first.forEach(start);
  if (document.readyState === "complete") later(next);
  else addEventListener("load", () => requestAnimationFrame(() => later(next)));
  addEventListener("beforeprint", () => rest.splice(0).forEach(start));
}
// Another part in the place of one: its static form.
globalThis.pybackpropReplace = (place, html) => {
  for (const old of place.children) ends.get(old)?.();
  place.innerHTML = html;
  parts(place).forEach(start);
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
else startAll();
