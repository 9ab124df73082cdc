// Python on the page. Nothing of it is loaded before a reader first presses Run or Check.
// Loaded before interactive.js, which hands each exercise in code to pybackpropCode.
(() => {
"use strict";
const { dataset, src: here } = document.currentScript;
const SECONDS = { check: 20, try_out: 30, numbers: 30, cell: 600 }; // after which a job counts as one that never ends
const PARTS = { matplotlib: "figures", contourpy: "figures" }; // what is loaded only when code asks for it -> its script

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
  const stream = new ReadableStream({ start(way) { way.enqueue(bytes); way.close(); } }); // WebKit reads no blob from disk
  return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

// The one worker of the page, and what it is asked: { job, given, show, print, done }, one at a time.
const jobs = [];
let worker = null, program = null, compiled, plain = false, ready = false, state = "", timer = 0;

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
    worker.postMessage({ files, compiled, plain });
  } catch (error) {
    end({ failed: error.message });
  }
}

function hear(message) {
  if (message.state) show(message.state);
  if (message.compiled) compiled = message.compiled;
  if (message.plain) plain = true;
  if (message.running) watch(message.running);
  if (message.printed) jobs[0]?.print(message.printed);
  if (message.failed) end({ failed: message.failed });
  if (message.ready) {
    ready = true;
    show("");
    next();
  }
  if (message.installed) send();
  if (message.report) finish(message.report);
}

function next() {
  if (jobs.length && !timer) send();
}

function send() {
  const [{ job, given }] = jobs;
  watch("Running");
  worker.postMessage({ job, given });
}

// Each cell has its time, also of those that run before the one that was asked for.
function watch(words) {
  const [job] = jobs, seconds = SECONDS[job.job];
  job.show(words);
  clearTimeout(timer);
  timer = setTimeout(() => stop(job, seconds), 1000 * seconds);
}

function finish(report) {
  const [job] = jobs, part = ["cell", "numbers"].includes(job.job) && PARTS[report.missing];
  if (part && job.brought !== part) {
    job.brought = part;
    return bring(job, report.missing, part);
  }
  clearTimeout(timer);
  timer = 0;
  jobs.shift().done(report);
  next();
}

// A package that was not needed before: its script, then the worker, then the job once more.
async function bring(job, name, part) {
  const known = { ...globalThis.pybackpropFiles }, mine = worker;
  watch(`Loading ${name} (${dataset[`${part}Size`]} MB, the first time)`);
  try {
    await load(dataset[part]);
    if (worker !== mine || jobs[0] !== job) return;
    const more = Object.entries(globalThis.pybackpropFiles).filter(([file]) => !(file in known));
    worker.postMessage({ more: Object.fromEntries(more), name });
  } catch (error) {
    if (worker === mine && jobs[0] === job) finish({ error: error.message });
  }
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

// Everything anew: what runs is ended, and Python forgets all names.
function restart() {
  if (!worker) return;
  for (const job of jobs.splice(ready ? 1 : 0)) job.done({ stopped: true, seconds: 0 });
  end({ stopped: true, seconds: 0 });
  if (!worker) begin();
}

// A place to write in. At first a plain field; CodeMirror takes its place when it is focused.
function editor({ text, label, describedBy, signal, change, run }) {
  const field = make("textarea", {
    class: "pb-field", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "soft",
    "aria-label": label, "aria-describedby": describedBy,
  });
  const fit = () => { field.rows = field.value.split("\n").length + 1; };
  let kept = { get: () => field.value, set: (value) => { field.value = value; fit(); } };
  kept.set(text);
  field.addEventListener("input", () => { fit(); change(); }, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    run();
  }, { signal });
  field.addEventListener("focus", async () => {
    try {
      await load(dataset.editor);
    } catch {
      return; // the plain field stays
    }
    if (field.isConnected) kept = globalThis.pybackpropEditor(field, { label, describedBy, change, run });
  }, { signal });
  return { field, get: () => kept.get(), set: (value) => kept.set(value) };
}

// A place for a formula: one line, and Enter checks it.
function formulaField({ text, name, label, describedBy, signal, change, run }) {
  const input = make("input", {
    type: "text", class: "pb-line", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "1000",
    enterkeyhint: "go", "aria-label": label, "aria-describedby": describedBy,
  });
  input.value = text;
  input.addEventListener("input", change, { signal });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    run();
  }, { signal });
  const field = make("div", { class: "pb-formula" }, make("code", {}, `${name} =`), input);
  return { field, get: () => input.value, set: (value) => { input.value = value; } };
}

// Where code runs: a line that says what happens, what it prints, Stop and Restart.
function runner({ label, signal }) {
  const line = make("span", { role: "status", class: "pb-progress-line" });
  const printed = make("pre", { class: "pb-printed", tabindex: "0", role: "region", "aria-label": `Output: ${label}`, hidden: "" });
  const button = (words, act, attributes) => {
    const element = make("button", { type: "button", class: "pb-button", ...attributes }, words);
    element.addEventListener("click", act, { signal });
    return element;
  };
  let running = null;
  const stopping = button("Stop", () => running && stop(running), { "aria-disabled": "true" });
  const restarting = button("Restart", () => {
    restart();
    line.textContent = "Python has been started anew; it knows nothing from before.";
  });
  const print = (piece) => {
    printed.hidden = false;
    printed.append(piece); // text, whatever it is
  };
  const clear = () => {
    printed.replaceChildren();
    printed.hidden = true;
    line.textContent = "";
  };
  const start = (job, given, done) => {
    if (running) return;
    clear();
    stopping.setAttribute("aria-disabled", "false");
    running = {
      job, given, print,
      show: (words) => { line.textContent = words && `${words} …`; },
      done: (report) => {
        running = null;
        line.textContent = "";
        stopping.setAttribute("aria-disabled", "true");
        done(report);
      },
    };
    ask(running);
  };
  return { line, printed, stopping, restarting, button, print, start, busy: () => running !== null };
}

const KEYS = "np is NumPy, pb is pybackprop. Ctrl, ⌘ or Shift with Enter runs. Tab indents; Escape, then Tab leaves.";
const SIGNS = "@ multiplies matrices, * entry by entry; ** is a power, W.T the transpose, np NumPy. Enter checks.";
const ENDLESS = (seconds) => `it was stopped after ${seconds} seconds; does a loop in it never end?`;

// What a stepper shows, opened on the page where other numbers can be entered.
globalThis.pybackpropOthers = ({ dataset: { address } }, controls) => {
  if (address) controls.append(make("a", { class: "pb-link", href: `your_own_numbers.html#${address}` }, "Other numbers"));
};

globalThis.pybackpropPython = { ask, stop, make, editor, runner, KEYS, ENDLESS };

// An exercise in code: its stub becomes an editor, or of a formula one line; the verdict appears below.
const GREETINGS = { passed: "✓ Right", "not attempted": "Not attempted yet", mistake: "✗ Not yet", wrong: "✗ Not yet" };

globalThis.pybackpropCode = ({ data, kept, poster, answer, reply, why, note, signal }) => {
  const start = data.formula ? "" : poster.querySelector(".pb-stub").textContent;
  const keys = make("p", { class: "pb-keys", id: `keys-${data.id}` }, data.formula ? SIGNS : KEYS);
  let text = kept.draft ?? start, saving = 0;

  // Drafts are kept with the progress.
  const save = () => {
    clearTimeout(saving);
    if (code.get() === text) return;
    text = code.get();
    note({ draft: text === start ? undefined : text });
  };
  const change = () => {
    clearTimeout(saving);
    saving = setTimeout(save, 300);
  };
  const place = { text, describedBy: keys.id, signal, change };
  const code = data.formula
    ? formulaField({ ...place, name: data.formula, label: `Your formula: ${data.title}`, run: () => begin("check") })
    : editor({ ...place, label: `Your code: ${data.title}`, run: () => begin("try_out") });
  addEventListener("pagehide", save, { signal });

  const { line, printed, stopping, restarting, button, print, start: run, busy } = runner({ label: data.title, signal });
  const check = button("Check", () => begin("check"));
  const buttons = data.formula ? [check, stopping] : [
    check, button("Run", () => begin("try_out")), stopping, restarting, button("Reset", () => { code.set(start); save(); }),
  ];
  const tell = (status, greeting, message = "", mistake = "", behind = "") => {
    const [first, ...rest] = message.split("\n");
    reply.replaceChildren(make("b", {}, greeting), first ? `: ${first}` : "");
    if (mistake) reply.append(" ", make("span", { class: "pb-mistake" }, mistake));
    if (rest.length) reply.append(make("span", { class: "pb-case" }, rest.join("\n")));
    why(behind);
    if (status) {
      poster.dataset.status = status;
      note({ status });
    }
  };
  const begin = (job) => {
    if (busy()) return;
    save();
    reply.replaceChildren();
    run(job, job === "check" ? [code.get(), data.id] : [code.get()], (report) => finished(job, report));
  };
  const finished = (job, { value, error, status, message, mistake, behind, raised, stopped, seconds, failed }) => {
    if (failed) tell("", "Python stopped", `${failed}. Press again to start it anew.`);
    else if (stopped && seconds) tell(job === "check" ? "tried" : "", job === "check" ? GREETINGS.wrong : "Stopped", ENDLESS(seconds));
    else if (stopped) tell("", "Stopped", "");
    else if (error) {
      print(error);
      tell(job === "check" ? "tried" : "", job === "check" ? GREETINGS.wrong : "Error", "Python stopped at an error, shown below.");
    } else if (job === "check") {
      const kept = { passed: "solved", "not attempted": "" }[status] ?? "tried";
      if (raised) print(raised);
      tell(kept, GREETINGS[status], message, mistake ?? "", behind);
    } else {
      if (value !== undefined) print(value);
      if (printed.hidden) line.textContent = "It ran, and printed nothing.";
    }
  };

  poster.querySelector(".pb-stub").replaceWith(code.field);
  answer.replaceChildren(
    keys,
    make("p", { class: "pb-row" }, ...buttons, line),
    reply, printed,
  );
  if (kept.status) poster.dataset.status = kept.status;
};
})();
