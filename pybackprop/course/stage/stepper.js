// A stepper shows one frame of a run. A run is a set of columns: a list with one value a frame, a sparse
// column { at, v } that holds its value until the next, a packed one { d, k } of differences in units of
// 10^-k, or a template with {other columns} in it.
// Python drew the picture and the table, and marked what changes:
//   data-t="c"             text is column c            data-h="c"     HTML is column c
//   data-x="c a b" data-y  moved to a + b * column c   data-d="c"     path is column c
//   data-trail="c a b d e f"  line through all (c, d) up to this frame
//   data-w="c"             line as strong as a weight, dashed below 0
//   data-run="0 2"         shown in these runs only
//   data-k="name"          lit when the column "lit" has name:role   data-pick="3"  a click chooses run 3
//   data-drag="c a b"      dragging along x goes to the frame whose column c is nearest

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

// Numbers come rounded; this writes them as Python's num() does.
function show(value) {
  if (value == null) return "–";
  if (typeof value !== "number") return value;
  const size = Math.abs(value);
  const text = size && (size < 1e-4 || size >= 1e6) ? value.toExponential() : String(value);
  return text.replace(/e\+?(-?)(\d+)/, (_, sign, digits) =>
    "×10" + (sign && "⁻") + digits.replace(/\d/g, (digit) => SUPERSCRIPT[digit])).replace("-", "−");
}

const ICONS = {
  First: "M7 5v14M19 5 9 12l10 7z", Previous: "M16 5 6 12l10 7z", Play: "M7 4v16l13-8z",
  Pause: "M7 5h3v14H7zM14 5h3v14h-3z", Next: "M8 5l10 7-10 7z", Last: "M17 5v14M5 5l10 7-10 7z",
};

KINDS.stepper = ({ model, data, poster, el, signal }) => {
  const { choices, runs, cols: shared } = data;
  if (!runs.length || runs.some((one) => !(one.n > 0))) throw new Error("there are no frames");
  const chosen = choices.map((choice) => choice.start ?? 0);
  let run, frame = 0, timer = 0, speed = 1;

  const raw = (name, at = frame) => {
    const column = run.cols[name] ?? shared[name];
    if (Array.isArray(column)) return column[at];
    return column?.v ? column.v[column.at.findLastIndex((first) => first <= at)] : column;
  };
  const fill = (name) => {
    const value = raw(name);
    return typeof value === "string" ? value.replace(/\{([\w.]+)\}/g, (_, other) => fill(other)) : show(value);
  };

  for (const { cols } of runs) {
    for (const [name, column] of Object.entries(cols)) {
      let sum = 0;
      if (column?.d) cols[name] = column.d.map((step) => (sum += step) / 10 ** column.k);
    }
  }

  // What changes, as a list of functions that each update one element.
  const updates = [];
  const each = (attribute, bind) => poster.querySelectorAll(`[data-${attribute}]`).forEach((node) => {
    const [name, ...rest] = node.getAttribute(`data-${attribute}`).split(" ");
    let last;
    const update = bind(node, name, rest);
    updates.push(() => {
      const value = update.value();
      if (value !== last) update.apply(last = value);
    });
  });
  each("t", (node, name) => ({ value: () => fill(name), apply: (text) => { node.textContent = text; } }));
  each("h", (node, name) => ({ value: () => fill(name), apply: (html) => { node.innerHTML = html; } }));
  each("d", (node, name) => ({ value: () => raw(name), apply: (path) => node.setAttribute("d", path ?? "") }));
  each("w", (node, name) => ({
    value: () => raw(name),
    apply: (weight) => {
      node.setAttribute("stroke-width", Math.round(10 * Math.min(5, 0.4 + Math.abs(weight))) / 10);
      node.setAttribute("stroke-dasharray", weight < 0 ? "4 3" : "none");
    },
  }));
  each("k", (node, name) => ({
    value: () => (` ${raw("lit") ?? ""} `.match(` ${name}:(\\w+) `) ?? [])[1],
    apply: (role) => role ? node.setAttribute("data-on", role) : node.removeAttribute("data-on"),
  }));
  each("run", (node, name, rest) => ({
    value: () => [name, ...rest].includes(String(runs.indexOf(run))),
    apply: (visible) => { node.style.display = visible ? "" : "none"; },
  }));
  const place = (name, [a, b], at) => {
    const value = raw(name, at);
    return value == null ? null : Math.round(10 * (+a + b * value)) / 10;
  };
  poster.querySelectorAll("[data-x], [data-y]").forEach((node) => {
    const [x, y] = ["data-x", "data-y"].map((name) => (node.getAttribute(name) ?? "").split(" "));
    updates.push(() => {
      const [dx, dy] = [x, y].map(([name, ...scale]) => (name ? place(name, scale) : 0));
      node.style.display = dx == null || dy == null ? "none" : "";
      node.setAttribute("transform", `translate(${dx ?? 0},${dy ?? 0})`);
    });
  });
  each("trail", (node, name, [a, b, other, c, d]) => ({
    value: () => `${runs.indexOf(run)} ${frame}`,
    apply: () => {
      const points = [];
      for (let at = 0; at <= frame; at++) {
        const [x, y] = [place(name, [a, b], at), place(other, [c, d], at)];
        if (x != null && y != null) points.push(`${x},${y}`);
      }
      node.setAttribute("points", points.join(" "));
    },
  }));

  // The controls.
  const say = poster.querySelector(".pb-say");
  say.setAttribute("role", "status");
  const slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Step",
    oninput: () => { pause(); go(+slider.value); } });
  const count = make("span", { class: "pb-count" });
  const link = model.page && make("a", { class: "pb-link", onclick: copyLink }, "Link to this step");
  const button = (name, act) => {
    const one = make("button", { type: "button", onclick: act });
    face(one, name);
    return one;
  };
  const face = (one, name) => {
    one.title = name;
    one.setAttribute("aria-label", name);
    one.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  };
  const still = (to) => () => { pause(); go(to()); };
  const player = button("Play", () => (timer ? pause() : play()));
  const speeds = make("select", { "aria-label": "Speed", onchange: () => { speed = +speeds.value; } },
    ...[0.25, 0.5, 1, 2, 4].map((s) => make("option", { value: s, selected: s === 1 }, `${s}×`)));
  const controls = make("div", { class: "pb-controls" },
    make("div", { class: "pb-buttons" },
      button("First", still(() => 0)), button("Previous", still(() => frame - 1)), player,
      button("Next", still(() => frame + 1)), button("Last", still(() => run.n - 1)), speeds),
    make("div", { class: "pb-slide" }, slider, count), ...(link ? [link] : []));
  poster.querySelector(".pb-picture").after(controls);
  const selects = choices.map((choice, c) => make("select",
    { onchange: (event) => { chosen[c] = +event.target.value; choose(); } },
    ...choice.options.map((option, o) => make("option", { value: o }, option))));
  poster.querySelector(".pb-head").append(
    ...choices.map((choice, c) => make("label", {}, `${choice.label} `, selects[c])));
  const table = poster.querySelector("details");
  if (table) table.open = Boolean(data.open);

  function choose() {
    run = runs[chosen.reduce((index, option, c) => index * choices[c].options.length + option, 0)];
    selects.forEach((select, c) => { select.value = chosen[c]; });
    slider.max = run.n - 1;
    go(frame);
  }
  function go(to) {
    frame = Math.max(0, Math.min(run.n - 1, to));
    updates.forEach((update) => update());
    slider.value = frame;
    const where = raw("where") && fill("where"); // explorers name a place, not a step
    slider.setAttribute("aria-valuetext", where ?? `step ${frame + 1} of ${run.n}`);
    count.textContent = where ?? `${frame + 1} / ${run.n}`;
    el.dataset.frame = frame;
    if (link) link.href = `#${address()}`;
    if (model.get("frame") !== frame) {
      model.set("frame", frame);
      model.save_changes();
    }
  }
  function play() {
    if (frame === run.n - 1) go(0);
    say.setAttribute("aria-live", "off"); // a reader hears the last state, not each one on the way
    face(player, "Pause");
    const next = () => {
      timer = setTimeout(() => {
        go(frame + 1);
        if (frame < run.n - 1) next();
        else pause();
      }, data.interval / speed);
    };
    next();
  }
  function pause() {
    clearTimeout(timer);
    timer = 0;
    say.setAttribute("aria-live", "polite");
    face(player, "Play");
  }

  // Keys, wherever the focus is inside.
  poster.tabIndex = 0;
  poster.setAttribute("role", "group");
  poster.setAttribute("aria-label", `${data.title}. Arrow keys step, Home and End jump, space plays.`);
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab keeps its own arrow keys out
  el.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || target.tagName === "SELECT") return;
    if (key === " " && (target.closest("button, summary, a"))) return;
    const act = { ArrowRight: still(() => frame + 1), ArrowUp: still(() => frame + 1),
      ArrowLeft: still(() => frame - 1), ArrowDown: still(() => frame - 1),
      Home: still(() => 0), End: still(() => run.n - 1), " ": () => player.click() }[key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { signal });

  // Pointing at the picture.
  poster.querySelectorAll("[data-pick]").forEach((node) => node.addEventListener("click", () => {
    chosen[0] = +node.dataset.pick;
    frame = 0;
    choose();
  }, { signal }));
  poster.querySelectorAll("[data-drag]").forEach((node) => {
    const [name, ...scale] = node.dataset.drag.split(" ");
    const follow = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(node.getScreenCTM().inverse()).x;
      const far = (at) => Math.abs(place(name, scale, at) - x);
      let best = 0;
      for (let at = 1; at < run.n; at++) if (far(at) < far(best)) best = at;
      pause();
      go(best);
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      follow(event);
    }, { signal });
    node.addEventListener("pointermove", follow, { signal });
  });

  // A link names the stepper, the frame and the choices: #forward-1=12,0
  function address() {
    const same = [...document.querySelectorAll(`.pybackprop-interactive[data-name="${data.name}"]`)];
    return `${data.name}-${same.indexOf(el) + 1}=${[frame, ...chosen].join(",")}`;
  }
  function copyLink(event) {
    event.preventDefault();
    history.replaceState(null, "", link.href);
    navigator.clipboard?.writeText(link.href).catch(() => {});
    link.textContent = "Link copied";
    setTimeout(() => { link.textContent = "Link to this step"; }, 1500);
  }
  function follow() {
    const [name, state] = decodeURIComponent(location.hash.slice(1)).split("=");
    if (!state || name !== address().split("=")[0]) return;
    const [to, ...options] = state.split(",").map(Number);
    options.forEach((option, c) => { if (choices[c]?.options[option] != null) chosen[c] = option; });
    pause();
    frame = to || 0;
    choose();
    el.scrollIntoView({ block: "center" });
    poster.focus({ preventScroll: true });
  }

  frame = model.get("frame") ?? data.start ?? 0;
  choose();
  model.on("change:frame", () => { if (!signal.aborted && model.get("frame") !== frame) go(model.get("frame")); });
  signal.addEventListener("abort", pause);
  if (link) {
    addEventListener("hashchange", follow, { signal });
    follow();
  }
};
