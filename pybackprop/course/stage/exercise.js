// Exercises answered on the page, and the reader's progress, kept in this browser.
// Python has computed every answer and what each known mistake gives; this reads and compares.

const STORE = "pybackprop-progress"; // one JSON object: exercise id -> { status, typed, variant, ... }
const progress = {
  kept: {}, // stands in where the browser keeps nothing (private windows, some pages opened from disk)
  all() {
    try {
      const all = JSON.parse(localStorage.getItem(STORE) ?? "null") ?? this.kept;
      return typeof all === "object" ? all : {};
    } catch {
      return this.kept;
    }
  },
  write(all) {
    this.kept = all;
    try {
      localStorage.setItem(STORE, JSON.stringify(all));
    } catch { /* the page still works, for as long as it is open */ }
    dispatchEvent(new Event(STORE));
  },
  note(id, change) {
    const all = this.all(), old = all[id];
    all[id] = { ...old, ...change };
    if (old?.status === "solved" && change.status === "tried") all[id].status = "solved";
    this.write(all);
  },
};

// What people type for a number: 1/3, 1e-3, 2·10^-3, 0,25, a true minus sign, spaces, 25 %.
function readNumber(typed) {
  let text = typed.replace(/[\s\u00a0\u2009\u202f_]/g, "").replace(/[−–—]/g, "-").replace(/^[=≈~]/, "");
  text = text.replace(/[×·*x]10(?:\^|\*\*)?\(?([-+]?\d+)\)?/i, "e$1");
  if (/^[^.]*,[^,.]*$/.test(text)) text = text.replace(",", ".");
  else text = text.replace(/,(?=\d{3}(\D|$))/g, "");
  const percent = text.endsWith("%");
  const parts = (percent ? text.slice(0, -1) : text).split("/");
  const plain = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
  if (parts.length > 2 || !parts.every((part) => plain.test(part))) return null;
  const value = (parts.length > 1 ? parts[0] / parts[1] : +parts[0]) / (percent ? 100 : 1);
  const decimals = parts.length > 1 || percent || /e/i.test(text) ? Infinity : (text.split(".")[1] ?? "").length;
  return Number.isFinite(value) ? { value, decimals } : null;
}

// A shape: (3, 2), [3,2], 3 x 2, 3×2, (3,).
function readShape(typed) {
  const text = typed.trim().replace(/^[([]\s*|\s*[)\]]$/g, "");
  return /^\d+(\s*[,;x×\s]\s*\d+)*\s*,?$/i.test(text) ? text.match(/\d+/g).map(Number) : null;
}

function judgeNumber(data, variant, typed) {
  const { answer, mistakes } = variant, message = (k) => (k < 0 ? undefined : data.messages[k]);
  if (Array.isArray(answer)) {
    const shape = readShape(typed);
    if (!shape) return { unread: "This is not a shape I can read. Type one like (3, 2)." };
    const same = (other) => String(other) === String(shape);
    return same(answer) ? { right: true } : { reply: message(mistakes.findIndex(same)) };
  }
  const number = readNumber(typed);
  if (!number) return { unread: "This is not a number I can read. Type one like 0.25, 1/4 or 2.5e-1." };
  const near = (value, tolerance = data.tolerance) => Math.abs(number.value - value) <= tolerance;
  if (near(answer)) return { right: true };
  const known = mistakes.findIndex((value) => near(value));
  if (known >= 0) return { reply: message(known) };
  if (number.decimals < data.digits && near(answer, 0.5 * 10 ** -number.decimals)) {
    return { reply: `right as far as it goes. ${data.digits} decimals are asked for.` };
  }
  if (data.digits && near(answer, 10 * data.tolerance)) {
    return { reply: "very near. Carry more digits on the way, and round at the end." };
  }
  return {};
}

KINDS.exercise = ({ model, data, poster, el, signal }) => {
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab keeps its own keys out
  const answer = poster.querySelector(".pb-answer"), id = data.id;
  const kept = { ...(data.solved && { status: "solved" }), ...progress.all()[id] };
  const reply = make("p", { class: "pb-reply", role: "status", id: `reply-${id}` });
  const say = (status, html) => {
    poster.dataset.status = status;
    reply.innerHTML = html;
  };
  const note = (change) => progress.note(id, change);
  const settle = (right, text, change) => {
    note({ ...change, status: right ? "solved" : "tried" });
    const why = text ? `: ${text}` : right ? "." : ". A hint may help.";
    say(right ? "solved" : "tried", `<b>${right ? "✓ Right" : "✗ Not yet"}</b>${why}`);
  };
  const form = (submit, ...children) => {
    const element = make("form", {}, ...children);
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    }, { signal });
    element.addEventListener("keydown", (event) => { // JupyterLab takes this key from forms
      if (event.key !== "Enter" || !event.target.matches("input")) return;
      event.preventDefault();
      submit();
    }, { signal });
    answer.replaceChildren(element, reply);
  };
  const button = (text, type = "submit") => make("button", { type, class: "pb-button" }, text);

  const title = poster.querySelector(".pb-title");
  if (model.page && !title.querySelector("a")) {
    title.append(make("a", { href: `progress.html#progress-${id}`, "aria-label": `Your progress: ${data.title}` }, "Progress"));
  }

  // Each hint appears once the one before it has been read; how many were read is kept.
  const folds = [...poster.querySelectorAll("details")], hints = poster.querySelectorAll(".pb-hint");
  let read = kept.hints ?? 0;
  const draw = () => hints.forEach((hint, k) => { hint.hidden = k > read; });
  hints.forEach((hint, k) => hint.addEventListener("toggle", () => {
    if (!hint.open || k < read) return;
    read = k + 1;
    note({ hints: read });
    draw();
  }, { signal }));
  draw();

  if (data.type === "numeric") {
    const shape = Array.isArray(data.variants[0].answer);
    const wanted = shape ? "a shape" : data.digits ? `${data.digits} decimals` : "a whole number";
    let variant = (kept.variant || 0) % data.variants.length;
    const input = make("input", {
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: 14, enterkeyhint: "go",
      "aria-label": `Your answer, ${wanted}`, "aria-describedby": reply.id, placeholder: wanted,
    });
    const again = button("New numbers", "button");
    const fill = () => {
      const shown = data.variants[variant];
      poster.querySelector(".pb-question").innerHTML = shown.question;
      hints.forEach((hint, k) => { hint.querySelector("div").innerHTML = shown.hints[k]; });
      poster.querySelector(".pb-solution div").innerHTML = shown.solution;
    };
    const judge = () => {
      const { right, reply: text, unread } = judgeNumber(data, data.variants[variant], input.value);
      if (unread) say("", unread);
      else settle(right, text, { typed: input.value, variant, checked: true });
    };
    form(() => {
      if (input.value.trim()) judge();
      else say("", "Type an answer first.");
      input.focus();
    }, input, button("Check"), again);
    input.addEventListener("input", () => note({ typed: input.value, variant, checked: false }), { signal });
    again.addEventListener("click", () => {
      variant = (variant + 1) % data.variants.length;
      note({ variant, typed: "", checked: false });
      input.value = "";
      fill();
      folds.forEach((fold) => { fold.open = false; });
      say("", "New numbers.");
      input.focus();
    }, { signal });
    fill();
    input.value = kept.typed ?? "";
    if (kept.checked) judge();
  }

  if (data.type === "choice") {
    const radios = data.options.map((option, k) => make("input", { type: "radio", name: `choice-${id}`, value: k }));
    const labels = data.options.map((option, k) => {
      const text = make("span");
      text.innerHTML = option.text;
      return make("label", {}, radios[k], text);
    });
    const judge = (k) => settle(k === data.right, data.options[k].reply, { typed: k });
    poster.querySelector(".pb-options")?.remove();
    form(() => {
      const k = radios.findIndex((radio) => radio.checked);
      if (k < 0) say("", "Choose an answer first.");
      else judge(k);
    }, make("fieldset", {}, make("legend", { class: "pb-hidden" }, data.title), ...labels), button("Check"));
    if (radios[kept.typed]) {
      radios[kept.typed].checked = true;
      judge(kept.typed);
    }
  }

  if (data.type === "code") {
    const box = make("input", { type: "checkbox", checked: kept.status === "solved" });
    form(() => {}, make("label", {}, box, make("span", {}, "I solved it in the notebook")));
    const show = () => { poster.dataset.status = box.checked ? "solved" : ""; };
    box.addEventListener("change", () => {
      progress.write({ ...progress.all(), [id]: { hints: read, status: box.checked ? "solved" : "tried" } });
      show();
    }, { signal });
    show();
  }
};

KINDS.progress = ({ data, poster, el, signal }) => {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  const items = [...poster.querySelectorAll("[data-id]")];
  const marks = { solved: " ✓ solved", tried: " … tried" };
  const line = make("p", { role: "status" }), note = make("p", { role: "status", class: "pb-reply" });
  const bar = make("progress", { max: items.length, "aria-label": "Solved exercises" });
  const file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
  const states = () => {
    const all = Object.entries(data.checked ?? {}).map(([id, status]) => [id, { status }]);
    return join(Object.fromEntries(all), progress.all());
  };
  // What is solved in either stays solved.
  const join = (one, two) => {
    const all = { ...one, ...two };
    for (const id in all) if (one[id]?.status === "solved") all[id] = { ...all[id], status: "solved" };
    return all;
  };
  const draw = () => {
    const all = states();
    let solved = 0;
    for (const item of items) {
      const status = all[item.dataset.id]?.status ?? "";
      solved += status === "solved";
      item.dataset.status = status;
      item.querySelector(".pb-state")?.remove();
      if (marks[status]) item.append(make("span", { class: "pb-state" }, marks[status]));
    }
    bar.value = solved;
    line.textContent = `${solved} of ${items.length} exercises solved`;
  };
  const act = (text, action) => {
    const button = make("button", { type: "button", class: "pb-button" }, text);
    button.addEventListener("click", action, { signal });
    return button;
  };
  const read = async () => {
    try {
      const given = JSON.parse(await file.files[0].text()), ids = new Set(items.map((item) => item.dataset.id));
      const good = Object.entries(given ?? {}).filter(([id, state]) => ids.has(id) && state && typeof state === "object");
      if (!good.length) throw new Error("no exercise of this course is in it");
      progress.write(join(progress.all(), Object.fromEntries(good)));
      note.textContent = good.length > 1 ? `${good.length} exercises imported.` : "One exercise imported.";
    } catch (error) {
      note.textContent = `This file could not be imported: ${error.message}. Choose one that was exported here, `
        + "or the pybackprop-progress.json of your notebooks.";
    }
    file.value = "";
  };
  file.addEventListener("change", read, { signal });
  let sure = false;
  const clear = act("Clear", () => {
    if (sure) progress.write({});
    clear.textContent = sure ? "Clear" : "Clear everything?";
    note.textContent = sure ? "Cleared." : "Press once more to clear; export first to keep a copy.";
    sure = !sure;
  });
  const save = act("Export", () => {
    const address = URL.createObjectURL(new Blob([JSON.stringify(states(), null, 1)], { type: "application/json" }));
    make("a", { href: address, download: "pybackprop-progress.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    note.textContent = "Exported.";
  });
  poster.prepend(line, bar, make("p", { class: "pb-row" }, save, act("Import", () => file.click()), clear, file), note);
  addEventListener(STORE, draw, { signal });
  addEventListener("storage", draw, { signal });
  draw();
};
