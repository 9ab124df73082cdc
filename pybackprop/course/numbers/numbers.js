// Your own numbers: the form and the address are sent to Python, and its answer is shown. Python computes.
(() => {
"use strict";
const QUIET = 60; // milliseconds without a key before an entry is sent
// What a link to this page is made of; Python reads each part, and tells what is wrong with it.
const SIGNS = /^[\w\s.,;:=&+*/^()–−×-]{0,20000}$/;

function begin() {
  const part = document.querySelector(".pb-own");
  const form = part?.querySelector("form");
  if (!form) return; // a book without Python for its pages
  const line = part.querySelector(".pb-progress-line"), halt = part.querySelector(".pb-stop");
  const result = part.querySelector(".pb-result"), share = part.querySelector(".pb-share");
  const places = Object.fromEntries([...document.querySelectorAll(".pb-shown")].map((e) => [e.dataset.show, e]));
  const tabs = part.querySelector(".pb-tabs"), radios = [...tabs.querySelectorAll("input")];
  // Which stepper: one of the network's, or another one, which its form names and which has a place of its own.
  const shown = () => new FormData(form).get("show");
  const placed = () => (shown() in places ? shown() : "");
  const known = Object.fromEntries(Object.keys(places).map((show) => [show, sameNetwork(part.dataset.address)]));
  let address = part.dataset.address, running = null, queue = [], sent = {}, started = false, timer = 0;

  const place = () => {
    for (const [show, element] of Object.entries(places)) element.hidden = show !== placed();
    tabs.hidden = !placed();
  };
  const values = () => Object.fromEntries(new FormData(form));
  // In an address a plus is a plus.
  const entries = () => new URLSearchParams(new FormData(form)).toString().replaceAll("+", "%20");
  // Two addresses that differ in what is shown alone have the same network.
  function sameNetwork(text) { return text.replace(/(^|&)show=\w*/, ""); }

  // One entry at a time is with Python. Those that come meanwhile follow, each field once; a link
  // takes the place of all.
  function ask(changed, link = "") {
    clearTimeout(timer);
    if (running) {
      queue = [...(link ? [] : queue.filter(([name]) => name !== changed)), [changed, link]];
      return;
    }
    started = true;
    sent = values();
    part.setAttribute("aria-busy", "true");
    running = {
      job: "numbers",
      given: [link || entries(), changed],
      show: (words) => { line.textContent = words && words !== "Running" ? `${words} …` : line.textContent; },
      print() {},
      done: (report) => {
        answered(report, changed);
        running = null;
        part.removeAttribute("aria-busy");
        if (queue.length) ask(...queue.shift());
      },
    };
    globalThis.pybackpropPython.ask(running);
  }

  function answered({ errors, fields, result: html, stepper, show, address: now, failed, error, stopped }, changed) {
    if (failed || error || stopped) {
      started = false;
      line.textContent = failed || error ? `Python stopped: ${failed || error}. Press Compute to start it anew.` : "Stopped.";
      return;
    }
    const before = placed();
    // What was chosen since then stays.
    if (shown() === sent.show) for (const choice of radios) choice.checked = choice.value === (show ?? sent.show);
    if (fields) {
      refill(fields, changed);
      if (!before !== !placed()) result.replaceChildren(); // of another form
      place();
    }
    const wrong = Object.keys(errors);
    for (const field of form.elements) {
      const words = errors[field.name] ?? "", told = document.getElementById(`wrong-${field.name}`);
      if (!told) continue;
      if (told.textContent !== words) told.textContent = words;
      if (words) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    const old = wrong.length > 0;
    result.classList.toggle("pb-old", old);
    for (const element of Object.values(places)) element.classList.toggle("pb-old", old);
    if (old) {
      // What has no field is told here.
      const named = wrong.map((name) => document.querySelector(`label[for="own-${name}"]`)?.textContent ?? errors[name].replace(/\.$/, ""));
      line.textContent = `Not yet: ${named.join("; ")}.${result.firstChild ? " What stands below is from before." : ""}`;
      return;
    }
    address = now;
    result.innerHTML = html;
    replace(places[show in places ? show : ""], stepper);
    known[show] = sameNetwork(now);
    place();
    share.href = `#${now}`;
    history.replaceState(null, "", share.href);
    line.textContent = "Computed.";
  }

  // A stepper stays at its step and its choice where the new one has them.
  function replace(element, html) {
    const old = element.firstElementChild, frame = old?.dataset.frame, choice = old?.querySelector(".pb-head select")?.selectedIndex;
    globalThis.pybackpropReplace(element, html);
    const fresh = element.firstElementChild;
    if (fresh.dataset.name !== old?.dataset.name || location.hash.includes(`${fresh.dataset.name}-1=`)) return;
    const select = fresh.querySelector(".pb-head select");
    if (select && choice > 0 && choice < select.options.length) {
      select.selectedIndex = choice;
      select.dispatchEvent(new Event("change"));
    }
    const slider = fresh.querySelector(".pb-slide input");
    if (slider && frame > 0) {
      slider.value = frame;
      slider.dispatchEvent(new Event("input"));
    }
  }

  // Other fields; what was typed into them since they were sent stays, but for a link.
  function refill(html, changed) {
    const box = form.querySelector(".pb-fields"), { id, selectionStart, selectionEnd } = document.activeElement;
    const typed = [...box.querySelectorAll("[id][name]")].filter((field) => changed && field.value !== sent[field.name]);
    box.innerHTML = html;
    sent = values();
    for (const { id: where, name, value } of typed) {
      const field = document.getElementById(where);
      if (!field) continue;
      field.value = value;
      if (field.value !== value) field.value = sent[name]; // not among its options
    }
    const focused = box.querySelector(`[id="${id}"]`);
    focused?.focus();
    focused?.setSelectionRange?.(selectionStart, selectionEnd);
  }

  // Enter comes as a click, too; the frame of a learning platform may forbid to submit.
  part.querySelector("[type=submit]").addEventListener("click", (event) => {
    event.preventDefault();
    ask("form");
  });
  // The first entry waits for Compute: it brings Python, 15 MB. After that each one is answered at once.
  form.addEventListener("input", ({ target }) => {
    if (!started || target.name === "sizes" || target.name === "seed") return;
    clearTimeout(timer);
    timer = setTimeout(ask, QUIET, target.name);
  });
  // Sizes and seed change other fields, so they wait until they are entered. A browser tells of the
  // field in focus once more when it is replaced; that value was sent.
  form.addEventListener("change", ({ target }) => {
    if (target.name === "sizes" || target.name === "seed") {
      if (target.value !== sent[target.name]) ask(target.name);
    } else if (!started) line.textContent = "Press Compute: the first time, Python is loaded (15 MB).";
  });
  part.addEventListener("change", ({ target }) => {
    if (target.name !== "show") return;
    place();
    if (known[shown()] !== sameNetwork(address)) ask("show");
  });
  part.addEventListener("click", ({ target }) => {
    if (target === halt && running) {
      queue = [];
      globalThis.pybackpropPython.stop(running);
    }
    if (target.matches(".pb-share")) {
      navigator.clipboard?.writeText(target.href).catch(() => {});
      line.textContent = "The link is in the address, and copied.";
    }
    if (target.matches(".pb-copy")) copy(target);
  });
  async function copy(button) {
    const text = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(text.textContent);
      line.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected: copy it with Ctrl or ⌘ and C";
    }
  }

  // A link with numbers is an entry, too.
  function follow() {
    const hash = location.hash.slice(1);
    if (!/(^|&)(sizes|show)=/.test(hash) || hash === address) return;
    let plain = "<";
    try {
      plain = decodeURIComponent(hash);
    } catch { /* nothing that this page has written */ }
    if (SIGNS.test(plain)) ask("", hash);
    else line.textContent = "This link was not opened: it has signs that no link to this page has, or too many.";
  }
  addEventListener("hashchange", follow);
  // Chosen before, and kept by the browser over a reload, is not what the page shows.
  form.reset();
  place();
  follow();
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
})();
