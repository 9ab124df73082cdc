// Exercises answered on the page, and the reader's progress, kept in this browser.
// Python has computed every answer and what each known mistake gives; this reads and compares.

const STORE = "pybackprop-progress"; // one JSON object: exercise id -> { status, typed, variant }
const progress = {
  kept: {}, // stands in where the browser keeps nothing (private windows, some pages opened from disk)
  all() {
    try {
      return JSON.parse(localStorage.getItem(STORE)) ?? {};
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

// A shape: (3, 2), [3,2], 3 x 2, 3×2.
function readShape(typed) {
  const text = typed.trim().replace(/^[([]|[)\]]$/g, "");
  return /^\d+(\s*[,;x×\s]\s*\d+)*\s*,?\s*$/i.test(text) ? text.match(/\d+/g).map(Number) : null;
}

function judgeNumber(data, variant, typed) {
  if (Array.isArray(variant.answer)) {
    const shape = readShape(typed);
    if (!shape) return { reply: "This is not a shape I can read. Type one like (3, 2)." };
    const same = (other) => other.length === shape.length && other.every((n, k) => n === shape[k]);
    if (same(variant.answer)) return { right: true };
    return { reply: data.messages[variant.mistakes.find(({ value }) => same(value))?.k] };
  }
  const number = readNumber(typed);
  if (!number) return { reply: "This is not a number I can read. Type one like 0.25, 1/4 or 2.5e-1." };
  const near = (value, tolerance = data.tolerance) => Math.abs(number.value - value) <= tolerance;
  if (near(variant.answer)) return { right: true };
  const mistake = variant.mistakes.find(({ value }) => near(value));
  if (mistake) return { reply: data.messages[mistake.k] };
  if (number.decimals < data.digits && near(variant.answer, 0.5 * 10 ** -number.decimals)) {
    return { reply: `Right as far as it goes. ${data.digits} decimals are asked for.` };
  }
  return {};
}

KINDS.exercise = ({ data, poster, el, signal }) => {
  const answer = poster.querySelector(".pb-answer"), id = data.id, kept = progress.all()[id] ?? {};
  const reply = make("p", { class: "pb-reply", role: "status" });
  const say = (status, html) => {
    poster.dataset.status = status;
    reply.innerHTML = html;
  };
  const settle = (right, text, change) => {
    const status = right ? "solved" : "tried";
    progress.note(id, { ...change, status });
    say(status, `<b>${right ? "✓ Right." : "✗ Not yet."}</b> ${text ?? "Try a hint."}`);
  };
  const form = (...children) => {
    const element = make("form", {}, ...children);
    answer.append(element, reply);
    return element;
  };
  const button = (text, type = "submit") => make("button", { type, class: "pb-button" }, text);

  if (data.type === "numeric") {
    const shape = Array.isArray(data.variants[0].answer);
    let variant = (kept.variant ?? 0) % data.variants.length;
    const input = make("input", {
      type: "text", autocomplete: "off", spellcheck: "false", size: 14, enterkeyhint: "go",
      "aria-label": `Your answer: ${data.title}`,
      placeholder: shape ? "a shape" : data.digits ? `${data.digits} decimals` : "a whole number",
    });
    const again = button("New numbers", "button");
    const fill = () => {
      const shown = data.variants[variant];
      poster.querySelector(".pb-question").innerHTML = shown.question;
      poster.querySelectorAll(".pb-hint div").forEach((hint, k) => { hint.innerHTML = shown.hints[k]; });
      poster.querySelector(".pb-solution div").innerHTML = shown.solution;
    };
    const judge = () => {
      const { right, reply: text } = judgeNumber(data, data.variants[variant], input.value);
      settle(right, right ? "" : text, { typed: input.value, variant });
    };
    form(input, button("Check"), again).addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim()) judge();
      else say("", "Type an answer first.");
      input.focus();
    }, { signal });
    again.addEventListener("click", () => {
      variant = (variant + 1) % data.variants.length;
      progress.note(id, { variant, typed: "" });
      input.value = "";
      say("", "");
      fill();
      poster.querySelectorAll("details").forEach((fold) => { fold.open = false; });
      input.focus();
    }, { signal });
    fill();
    if (kept.typed) {
      input.value = kept.typed;
      judge();
    }
  }

  if (data.type === "choice") {
    const list = poster.querySelector(".pb-options");
    const radios = data.options.map((option, k) => make("input", { type: "radio", name: id, value: k }));
    const labels = data.options.map((option, k) => {
      const text = make("span");
      text.innerHTML = option.text;
      return make("label", {}, radios[k], text);
    });
    list.replaceWith(form(
      make("fieldset", {}, make("legend", { class: "pb-hidden" }, data.title), ...labels), button("Check")));
    answer.prepend(poster.querySelector("form"));
    const judge = (k) => settle(k === data.right, data.options[k].reply, { typed: k });
    poster.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const k = radios.findIndex((radio) => radio.checked);
      if (k < 0) say("", "Choose an answer first.");
      else judge(k);
    }, { signal });
    if (radios[kept.typed]) {
      radios[kept.typed].checked = true;
      judge(kept.typed);
    }
  }

  if (data.type === "code") {
    const box = make("input", { type: "checkbox", checked: kept.status === "solved" });
    form(make("label", {}, box, make("span", {}, "I solved it in the notebook")));
    box.addEventListener("change", () => {
      progress.write({ ...progress.all(), [id]: { status: box.checked ? "solved" : "tried" } });
    }, { signal });
  }

  // Each hint appears once the one before it has been read.
  const hints = [...poster.querySelectorAll(".pb-hint")];
  hints.forEach((hint, k) => {
    if (k) hint.hidden = true;
    hint.addEventListener("toggle", () => { if (hint.open && hints[k + 1]) hints[k + 1].hidden = false; }, { signal });
  });
};

KINDS.progress = ({ data, poster, signal }) => {
  const total = data.chapters.reduce((sum, chapter) => sum + chapter.exercises.length, 0);
  const line = make("p", { role: "status" }), bar = make("progress", { max: total, "aria-label": "Solved exercises" });
  const note = make("p", { role: "status", class: "pb-reply" });
  const file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
  const draw = () => {
    const all = progress.all();
    let solved = 0;
    poster.querySelectorAll("[data-id]").forEach((item) => {
      const status = all[item.dataset.id]?.status;
      solved += status === "solved";
      item.dataset.status = status ?? "";
      item.querySelector(".pb-state")?.remove();
      item.append(make("span", { class: "pb-state" }, { solved: " ✓ solved", tried: " … tried" }[status] ?? ""));
    });
    bar.value = solved;
    line.textContent = `${solved} of ${total} exercises solved`;
  };
  const act = (text, action) => {
    const button = make("button", { type: "button", class: "pb-button" }, text);
    button.addEventListener("click", action, { signal });
    return button;
  };
  const read = async () => {
    try {
      const given = JSON.parse(await file.files[0].text());
      const known = new Set(data.chapters.flatMap((chapter) => chapter.exercises.map((one) => one.id)));
      const good = Object.entries(given).filter(([id, state]) => known.has(id) && typeof state === "object");
      if (!good.length) throw new Error("no exercise of this course is in it");
      progress.write({ ...progress.all(), ...Object.fromEntries(good) });
      note.textContent = `${good.length} exercises imported.`;
    } catch (error) {
      note.textContent = `This file could not be imported: ${error.message}. Choose one that was exported here.`;
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
    const address = URL.createObjectURL(new Blob([JSON.stringify(progress.all(), null, 1)], { type: "application/json" }));
    make("a", { href: address, download: "pybackprop-progress.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  poster.prepend(line, bar, make("p", {}, save, " ", act("Import", () => file.click()), " ", clear, file), note);
  addEventListener(STORE, draw, { signal });
  addEventListener("storage", draw, { signal });
  draw();
};
