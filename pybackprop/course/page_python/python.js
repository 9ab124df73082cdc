// Python on the page. Nothing of it is loaded before a reader first presses Run or Check.
// Loaded before interactive.js, which hands each exercise in code to pybackpropCode.
(() => {
"use strict";
const { dataset, src: here } = document.currentScript;
const SECONDS = { check: 20, try_out: 30, numbers: 30 }; // after which a job counts as one that never ends

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const scripts = {}; // name of a file beside this one -> a promise that its script has run
function load(name) {
  scripts[name] ??= new Promise((resolve, reject) => {
    const script = make("script", { src: new URL(name, here) });
    script.onload = resolve;
    script.onerror = () => {
      delete scripts[name]; // the next press tries again
      script.remove();
      reject(new Error(`the file ${name} of this book could not be loaded`));
    };
    document.head.append(script);
  });
  return scripts[name];
}

async function unpackText(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// The one worker of the page, and what it is asked: { job, given, show, print, done }, one at a time.
const jobs = [];
let worker = null, program = null, compiled, ready = false, state = "", timer = 0;

function show(text) {
  state = text;
  for (const job of jobs) job.show(text);
}

function ask(job) {
  jobs.push(job);
  job.show(state || "Loading Python");
  if (ready) next();
  else if (!worker) begin();
}

async function begin() {
  worker = "on its way";
  try {
    show("Loading Python (15 MB, the first time)");
    await Promise.all([load(dataset.runtime), load(dataset.package)]);
    const files = globalThis.pybackpropFiles;
    program ??= URL.createObjectURL(new Blob(
      ["/* sloppy */;\n", ...(await Promise.all(["pyodide.js", "pyodide.asm.js", "worker.js"].map((name) => unpackText(files[name])))).flatMap((text) => [text, "\n"])],
      { type: "text/javascript" },
    ));
    const mine = worker = new Worker(program);
    worker.onmessage = ({ data }) => worker === mine && hear(data);
    worker.onerror = (event) => end({ failed: event.message || "its worker could not start" });
    worker.postMessage({ files, compiled });
  } catch (error) {
    end({ failed: error.message });
  }
}

function hear(message) {
  if (message.state) show(message.state);
  if (message.compiled) compiled = message.compiled;
  if (message.printed) jobs[0]?.print(message.printed);
  if (message.failed) end({ failed: message.failed });
  if (message.ready) {
    ready = true;
    show("");
    next();
  }
  if (message.report) finish(message.report);
}

function next() {
  const [job] = jobs;
  if (!job || timer) return;
  job.show("Running");
  timer = setTimeout(() => stop(job, SECONDS[job.job]), 1000 * SECONDS[job.job]);
  worker.postMessage({ job: job.job, given: job.given });
}

function finish(report) {
  clearTimeout(timer);
  timer = 0;
  jobs.shift()?.done(report);
  next();
}

// A worker cannot be interrupted, so it is ended, and another one takes its place.
function end(report) {
  clearTimeout(timer);
  worker.terminate?.();
  const started = ready, over = started ? jobs.splice(0, 1) : jobs.splice(0);
  [worker, ready, timer, state] = [null, false, 0, ""];
  for (const job of over) job.done(report);
  if (started) begin();
}

function stop(job, seconds = 0) {
  const place = jobs.indexOf(job);
  if (place === 0 && timer) end({ stopped: true, seconds });
  else if (place >= 0) jobs.splice(place, 1)[0].done({ stopped: true, seconds });
}

globalThis.pybackpropPython = { ask, stop };

// An exercise in code: its stub becomes an editor, and the verdict appears below it.
const GREETINGS = { passed: "✓ Right", "not attempted": "Not attempted yet", mistake: "✗ Not yet", wrong: "✗ Not yet" };

globalThis.pybackpropCode = ({ data, kept, poster, answer, reply, note, signal }) => {
  const start = poster.querySelector(".pb-stub").textContent;
  const keys = make("p", { class: "pb-keys", id: `keys-${data.id}` },
    "np is NumPy, pb is pybackprop. Ctrl, ⌘ or Shift with Enter runs. Tab indents; Escape, then Tab leaves.");
  const described = { label: `Your code: ${data.title}`, describedBy: keys.id };
  const field = make("textarea", {
    class: "pb-field", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "soft",
    "aria-label": described.label, "aria-describedby": described.describedBy,
  });
  let text = kept.draft ?? start;
  const fit = () => { field.rows = field.value.split("\n").length + 1; };
  let editor = { get: () => field.value, set: (value) => { field.value = value; fit(); } };
  editor.set(text);

  // Drafts are kept with the progress.
  let saving = 0;
  const save = () => {
    clearTimeout(saving);
    if (editor.get() === text) return;
    text = editor.get();
    note({ draft: text === start ? undefined : text });
  };
  const change = () => {
    clearTimeout(saving);
    saving = setTimeout(save, 300);
  };
  field.addEventListener("input", () => { fit(); change(); }, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    begin("try_out");
  }, { signal });
  addEventListener("pagehide", save, { signal });
  field.addEventListener("focus", async () => {
    try {
      await load(dataset.editor);
    } catch {
      return; // the plain field stays
    }
    if (field.isConnected) editor = globalThis.pybackpropEditor(field, { ...described, change, run: () => begin("try_out") });
  }, { signal });

  const line = make("p", { role: "status", class: "pb-progress-line" });
  const printed = make("pre", { class: "pb-printed", tabindex: "0", role: "region", "aria-label": `Output: ${data.title}`, hidden: "" });
  const button = (label, act, attributes) => {
    const element = make("button", { type: "button", class: "pb-button", ...attributes }, label);
    element.addEventListener("click", act, { signal });
    return element;
  };
  let running = null;
  const stopping = button("Stop", () => running && stop(running), { "aria-disabled": "true" });
  const print = (piece) => {
    printed.hidden = false;
    printed.append(piece); // text, whatever it is
  };
  const tell = (status, greeting, message = "", mistake = "") => {
    const [first, ...rest] = message.split("\n");
    reply.replaceChildren(make("b", {}, greeting), first ? `: ${first}` : "");
    if (mistake) reply.append(" ", make("span", { class: "pb-mistake" }, mistake));
    if (rest.length) reply.append(make("span", { class: "pb-case" }, rest.join("\n")));
    if (status) {
      poster.dataset.status = status;
      note({ status });
    }
  };
  const begin = (job) => {
    if (running) return;
    save();
    reply.replaceChildren();
    printed.replaceChildren();
    printed.hidden = true;
    stopping.setAttribute("aria-disabled", "false");
    running = {
      job,
      given: job === "check" ? [editor.get(), data.id] : [editor.get()],
      show: (words) => { line.textContent = words && `${words} …`; },
      print,
      done: (report) => {
        running = null;
        line.textContent = "";
        stopping.setAttribute("aria-disabled", "true");
        finished(job, report);
      },
    };
    ask(running);
  };
  const finished = (job, { value, error, status, message, mistake, stopped, seconds, failed }) => {
    if (failed) tell("", "Python stopped", `${failed}. Press again to start it anew.`);
    else if (stopped && seconds) tell(job === "check" ? "tried" : "", job === "check" ? GREETINGS.wrong : "Stopped", `it was stopped after ${seconds} seconds; does a loop in it never end?`);
    else if (stopped) tell("", "Stopped", "");
    else if (error) {
      print(error);
      tell(job === "check" ? "tried" : "", job === "check" ? GREETINGS.wrong : "Error", "Python stopped at an error, shown below.");
    } else if (job === "check") {
      const kept = { passed: "solved", "not attempted": "" }[status] ?? "tried";
      tell(kept, GREETINGS[status], message, mistake ?? "");
    } else {
      if (value !== undefined) print(value);
      if (printed.hidden) line.textContent = "It ran, and printed nothing.";
    }
  };

  poster.querySelector(".pb-stub").replaceWith(field);
  answer.replaceChildren(
    keys,
    make("p", { class: "pb-row" }, button("Check", () => begin("check")), button("Run", () => begin("try_out")), stopping,
      button("Reset", () => { editor.set(start); save(); }), line),
    reply, printed,
  );
  if (kept.status) poster.dataset.status = kept.status;
};
})();
