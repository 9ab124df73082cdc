// Exercises answered on the page, and the reader's progress, kept in this browser.
// Python has computed every answer and what each known mistake gives; this reads and compares.

const STORE = "pybackprop-progress"; // one JSON object: exercise id -> { status, typed, variant, ... }
const isCount = (value) => Number.isInteger(value) && value >= 0;
const KEPT_FIELDS = { // what may be kept of an exercise; a file or another program may have put anything there
  status: (value) => value === "solved" || value === "tried",
  typed: (value) => (typeof value === "string" ? value.length <= 200 : isCount(value)),
  variant: isCount,
  hints: isCount,
  checked: (value) => typeof value === "boolean",
  draft: (value) => typeof value === "string" && value.length <= 1e5, // code not yet solved
};
function sound(states) {
  if (states === null || typeof states !== "object" || Array.isArray(states)) return {};
  const fields = (state) => Object.entries(KEPT_FIELDS)
    .filter(([name, good]) => Object.hasOwn(state, name) && good(state[name]))
    .map(([name]) => [name, state[name]]);
  const entries = Object.entries(states)
    .filter(([, state]) => state !== null && typeof state === "object")
    .map(([id, state]) => [id, Object.fromEntries(fields(state))]);
  return Object.fromEntries(entries.filter(([, state]) => Object.keys(state).length));
}
const progress = {
  kept: {}, // stands in where the browser keeps nothing (private windows, some pages opened from disk)
  all() {
    try {
      return sound(JSON.parse(localStorage.getItem(STORE) ?? "null") ?? this.kept);
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

// What people type for a number: 1/3, 1e-3, 2·10^-3, 2×10⁻³, 0,25, a true minus sign, spaces, 25 %.
// Gives { value, decimals }, or { ask } where it can be read in two ways, or null.
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", LEVEL = "0123456789+-";
function readNumber(typed) {
  let text = typed.trim()
    .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)) // as East Asian keyboards type
    .replace(/[−–—]/g, "-")
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+/g, (raised) => `^${[...raised].map((c) => LEVEL[RAISED.indexOf(c)]).join("")}`)
    .replace(/^[=≈~]/, "")
    .replace(/(\d)[\s_]+(?=\d)/g, "$1_") // between digits a space may only set off thousands
    .replace(/\s/g, "")
    .replace(/(^|[^\d.,_])\(([-+]?[\d.,_]+)\)(?![\d.,_])/g, "$1$2");
  const percent = text.endsWith("%");
  if (percent) text = text.slice(0, -1);
  const parts = text.split("/").map(readPart), asking = parts.find((part) => part?.ask);
  if (parts.length > 2 || parts.includes(null)) return null;
  if (asking) return asking;
  const value = (parts.length > 1 ? parts[0].value / parts[1].value : parts[0].value) / (percent ? 100 : 1);
  if (!Number.isFinite(value)) return null;
  return { value, decimals: parts.length > 1 || percent ? Infinity : parts[0].decimals };
}
function readPart(text) {
  const power = /^([-+]?)10(?:\^|\*\*)([-+]?\d+)$/.exec(text);
  if (power) return { value: +`${power[1]}1e${power[2]}`, decimals: Infinity };
  const whole = /^([-+]?)([\d.,_]+)(?:e([-+]?\d+)|[×·*x]10(\^|\*\*)?([-+]?\d+))?$/i.exec(text);
  if (!whole) return null;
  const [, sign, digits, exponent, mark, raised] = whole, plain = readDigits(digits);
  if (!plain || plain.ask) return plain;
  if (raised && !mark) return { ask: `A power of ten takes a ^, as in ${digits}*10^${raised}. Or type the product itself.` };
  const e = exponent ?? raised;
  return { value: +`${sign}${plain}e${e ?? 0}`, decimals: e ? Infinity : (plain.split(".")[1] ?? "").length };
}
function readDigits(text) { // thousands may be set off by spaces, commas or points
  if (/^(\d+\.?\d*|\.\d+)$/.test(text)) return text;
  if (/^\d{1,3}(_\d{3})+([.,]\d*)?$/.test(text)) return text.replaceAll("_", "").replace(",", ".");
  if (/^\d{1,3}(,\d{3})+\.\d*$/.test(text) || /^\d{1,3}(,\d{3}){2,}$/.test(text)) return text.replaceAll(",", "");
  if (/^\d{1,3}(\.\d{3})+,\d*$/.test(text) || /^\d{1,3}(\.\d{3}){2,}$/.test(text)) {
    return text.replaceAll(".", "").replace(",", ".");
  }
  if (!/^(\d+,\d*|,\d+)$/.test(text)) return null;
  const [plain, point] = [text.replace(",", ""), text.replace(",", ".")];
  return /^[1-9]\d{0,2},\d{3}$/.test(text) ? { ask: `${text} can be read in two ways: type ${plain} or ${point}.` } : point;
}

// A shape: (3, 2), [3,2], 3 x 2, 3×2, (3,).
function readShape(typed) {
  const text = typed.trim()
    .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/^[([]\s*|\s*[)\]]$/g, "");
  if (/(^|\D)0\d/.test(text)) return null; // 1,000 is no shape
  return /^\d+(\s*[,;x×\s]\s*\d+)*\s*,?$/i.test(text) ? text.match(/\d+/g).map(Number) : null;
}

function judgeNumber(data, variant, typed) {
  const { answer, mistakes } = variant, message = (k) => (k < 0 ? undefined : data.messages[k]);
  if (Array.isArray(answer)) {
    const shape = readShape(typed);
    if (!shape) return { unread: "This is not a shape I can read. Type one like (3, 2)." };
    const same = (other) => other !== null && String(other) === String(shape);
    const known = mistakes.findIndex(same);
    return same(answer) ? { right: true } : { reply: message(known), behind: data.behind?.[known] };
  }
  const number = readNumber(typed);
  if (!number) return { unread: "This is not a number I can read. Type one like 0.25, 1/4 or 2.5e-1." };
  if (number.ask) return { unread: number.ask };
  const near = (value, tolerance = data.tolerance) => value !== null && Math.abs(number.value - value) <= tolerance;
  if (near(answer)) return { right: true };
  const known = mistakes.findIndex((value) => near(value));
  if (known >= 0) return { reply: message(known), behind: data.behind?.[known] };
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
  // A named mistake leads to the page of misconceptions.
  const why = (behind) => {
    const page = behind && document.querySelector("meta[name=pybackprop-misconceptions]")?.content;
    if (page) reply.append(make("a", { href: `${page}#${behind}`, class: "pb-why" }, "Why this happens"));
  };
  const settle = (right, text, change, behind) => {
    note({ ...change, status: right ? "solved" : "tried" });
    const said = text ? `: ${text}` : right ? "." : ". A hint may help.";
    say(right ? "solved" : "tried", `<b>${right ? "✓ Right" : "✗ Not yet"}</b>${said}`);
    if (!right) why(behind);
  };
  const form = (submit, ...children) => {
    const element = make("form", {}, ...children);
    // Not "submit": the frame of a learning platform may forbid that, and Enter comes as a click, too.
    element.querySelector("[type=submit]")?.addEventListener("click", (event) => {
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

  const title = poster.querySelector(".pb-title"), list = document.querySelector("meta[name=pybackprop-progress]")?.content;
  if (list && !title.querySelector("a")) {
    title.append(make("a", { href: `${list}#progress-${id}`, "aria-label": `Your progress: ${data.title}` }, "Progress"));
  }

  // Each hint appears once the one before it has been read; how many were read is kept.
  const folds = [...poster.querySelectorAll("details")], hints = poster.querySelectorAll(".pb-hint");
  let read = Math.min(kept.hints ?? 0, hints.length);
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
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: 14, maxlength: 200, enterkeyhint: "go",
      "aria-label": `Your answer, ${wanted}`, "aria-describedby": reply.id, placeholder: wanted,
    });
    const again = button("New numbers", "button");
    const fill = () => {
      const shown = data.variants[variant];
      poster.querySelector(".pb-question").innerHTML = shown.question;
      hints.forEach((hint, k) => { hint.querySelector("div").innerHTML = shown.hints[k]; });
      const solution = poster.querySelector(".pb-solution div"); // a sheet for a class has none
      if (solution) solution.innerHTML = shown.solution;
    };
    const judge = () => {
      const { right, reply: text, behind, unread } = judgeNumber(data, data.variants[variant], input.value);
      if (unread) say("", unread);
      else settle(right, text, { typed: input.value, variant, checked: true }, behind);
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
    input.value = typeof kept.typed === "string" ? kept.typed : "";
    if (kept.checked && input.value.trim()) judge();
  }

  if (data.type === "choice") {
    const radios = data.options.map((option, k) => make("input", { type: "radio", name: `choice-${id}`, value: k }));
    const labels = data.options.map((option, k) => {
      const text = make("span");
      text.innerHTML = option.text;
      return make("label", {}, radios[k], text);
    });
    const judge = (k) => settle(k === data.right, data.options[k].reply, { typed: k }, data.behind?.[k]);
    poster.querySelector(".pb-options")?.remove();
    form(() => {
      const k = radios.findIndex((radio) => radio.checked);
      if (k < 0) say("", "Choose an answer first.");
      else judge(k);
    }, make("fieldset", {}, make("legend", { class: "pb-hidden" }, data.title), ...labels), button("Check"));
    if (isCount(kept.typed) && radios[kept.typed]) {
      radios[kept.typed].checked = true;
      judge(kept.typed);
    }
  }

  // A page that has Python brings an editor (page_python/python.js).
  const code = data.type === "code" && poster.querySelector(".pb-stub") && globalThis.pybackpropCode;
  if (code) code({ data, kept, poster, answer, reply, why, note, signal });
  else if (data.type === "code") {
    const box = make("input", { type: "checkbox", checked: kept.status === "solved" });
    form(() => {}, make("label", {}, box, make("span", {}, "I solved it in the notebook")));
    const show = () => { poster.dataset.status = box.checked ? "solved" : ""; };
    box.addEventListener("change", () => {
      const all = progress.all();
      progress.write({ ...all, [id]: { ...all[id], status: box.checked ? "solved" : "tried" } });
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
    return join(sound(Object.fromEntries(all)), progress.all());
  };
  // What is solved in either stays solved, and what only one of them knows is kept.
  const join = (one, two) => {
    const all = { ...one, ...two };
    for (const id in one) {
      all[id] = { ...one[id], ...two[id] };
      if (one[id].status === "solved") all[id].status = "solved";
    }
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
      const good = Object.entries(sound(given)).filter(([id]) => ids.has(id));
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
