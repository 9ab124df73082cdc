// On a static page: bring each part to life with the same render() and a model that lives in the page.
const ends = new WeakMap(); // part -> what takes its listeners away

function start() {
  for (const el of document.querySelectorAll("div.pybackprop-interactive:not([data-ready])")) {
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
}
// Another part in the place of one: its static form.
globalThis.pybackpropReplace = (place, html) => {
  for (const old of place.children) ends.get(old)?.();
  place.innerHTML = html;
  start();
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
