// A stepper shows one frame of a run. A run is a set of columns: one value for all frames, a list with one
// a frame, a sparse column { at, v } that holds its value until the next, or a packed one { d, k } of
// differences in units of 10^-k. A column's values are numbers or text, unless it declares that they are
// { markup: column } of trees, or { template: column } of text, column, text, ..., column, text.
// Python drew the picture and the table, and marked what changes:
//   data-t="c [n w]"       holds column c; text of more than n characters is pressed into the width w
//   data-at="c a b [d e f]"  moved to a + b * column c, e + f * column d
//   data-d="c"             path is column c
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

// A tree as Python wrote it: text, or [tag, attributes, children].
function grow(tree, space = "http://www.w3.org/1999/xhtml") {
  if (typeof tree === "string") return tree;
  const [tag, attributes, children] = tree;
  if (tag === "svg") space = "http://www.w3.org/2000/svg";
  const element = document.createElementNS(space, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children.map((child) => grow(child, space)));
  return element;
}

KINDS.stepper = ({ model, data, poster, el, signal }) => {
  const { choices, runs, cols: shared } = data;
  if (!runs.length || runs.some((one) => !(one.n > 0))) throw new Error("there are no frames");
  const chosen = choices.map((choice) => choice.start ?? 0);
  let run, frame = 0, timer = 0, speed = 1, lit = new Map();

  const column = (name) => run.cols[name] ?? shared[name];
  const pick = (one, at = frame) => {
    if (Array.isArray(one)) return one[at];
    return one?.v ? one.v[one.at.findLastIndex((first) => first <= at)] : one;
  };
  // What is not declared as anything else is text.
  const content = (name) => {
    const one = column(name);
    if (one?.markup) return pick(one.markup);
    if (!one?.template) return show(pick(one));
    return pick(one.template).map((part, k) => (k % 2 ? content(part) : part)).join("");
  };

  for (const { cols } of runs) {
    for (const [name, column] of Object.entries(cols)) {
      let sum = 0;
      if (column?.d) cols[name] = column.d.map((step) => (sum += step) / 10 ** column.k);
    }
  }

  // What changes inside an element, as a function that brings it to this frame.
  function bind(root) {
    const updates = [];
    const each = (mark, make) => root.querySelectorAll(`[data-${mark}]`).forEach((node) => {
      const { value, apply } = make(node, ...node.getAttribute(`data-${mark}`).split(" "));
      let last = updates; // nothing that a value can be
      updates.push(() => {
        const now = value();
        if (now !== last) apply(last = now);
      });
    });
    const place = (name, a, b, at) => {
      const value = pick(column(name), at);
      return value == null ? null : Math.round(10 * (+a + b * value)) / 10;
    };
    each("t", (node, name, most, width) => {
      let inside = () => {};
      updates.push(() => inside());
      return {
        value: () => content(name),
        apply: (now) => {
          if (typeof now === "string") {
            node.textContent = now;
            if (now.length > most) node.setAttribute("textLength", width);
            else if (most) node.removeAttribute("textLength");
          } else {
            node.replaceChildren(...now.map((tree) => grow(tree)));
            inside = bind(node);
            inside();
          }
        },
      };
    });
    each("d", (node, name) => ({ value: () => pick(column(name)), apply: (path) => node.setAttribute("d", path) }));
    each("w", (node, name) => ({
      value: () => pick(column(name)),
      apply: (weight) => {
        node.setAttribute("stroke-width", Math.round(10 * Math.min(5, 0.4 + Math.abs(weight))) / 10);
        node.setAttribute("stroke-dasharray", weight < 0 ? "4 3" : "none");
      },
    }));
    each("k", (node, name) => ({
      value: () => lit.get(name),
      apply: (role) => role ? node.setAttribute("data-on", role) : node.removeAttribute("data-on"),
    }));
    each("run", (node, ...numbers) => ({
      value: () => numbers.includes(String(runs.indexOf(run))),
      apply: (visible) => { node.style.display = visible ? "" : "none"; },
    }));
    each("at", (node, c, a, b, d, e, f) => ({
      value: () => {
        const [x, y] = [place(c, a, b), d ? place(d, e, f) : 0];
        return x == null || y == null ? null : `translate(${x},${y})`;
      },
      apply: (move) => {
        node.style.display = move ? "" : "none";
        if (move) node.setAttribute("transform", move);
      },
    }));
    each("trail", (node, c, a, b, d, e, f) => ({
      value: () => {
        const points = [];
        for (let at = 0; at <= frame; at++) {
          const [x, y] = [place(c, a, b, at), place(d, e, f, at)];
          if (x != null && y != null) points.push(`${x},${y}`);
        }
        return points.join(" ");
      },
      apply: (points) => node.setAttribute("points", points),
    }));
    return () => updates.forEach((update) => update());
  }
  // Markup in the still grows anew, with what changes inside it.
  poster.querySelectorAll("[data-t]").forEach((node) => { if (node.firstElementChild) node.textContent = ""; });
  const update = bind(poster);

  // The controls.
  const say = poster.querySelector(".pb-say"), picture = poster.querySelector(".pb-picture");
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
  picture.after(controls);
  // Where pages have Python.
  globalThis.pybackpropOthers?.(el, controls);
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
    frame = Math.max(0, Math.min(run.n - 1, Math.trunc(to) || 0));
    lit = new Map((pick(column("lit")) ?? "").split(" ").map((one) => one.split(":")));
    update();
    slider.value = frame;
    const where = column("where") && content("where"); // explorers name a place, not a step
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

  // A picture that is wider than its place scrolls; by keyboard, too.
  const wide = () => picture.scrollWidth > picture.clientWidth + 1;
  const room = new ResizeObserver(() => {
    if (wide()) picture.tabIndex = 0;
    else picture.removeAttribute("tabindex");
  });
  room.observe(picture);
  signal.addEventListener("abort", () => room.disconnect());

  // Keys, wherever the focus is inside.
  poster.tabIndex = 0;
  poster.setAttribute("role", "group");
  poster.setAttribute("aria-label", `${data.title}. Arrow keys step, Home and End jump, space plays.`);
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab keeps its own arrow keys out
  el.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || target.tagName === "SELECT") return;
    if (key === " " && (target.closest("button, summary, a"))) return;
    if (target === picture && ["ArrowLeft", "ArrowRight"].includes(key)) return;
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
    const [name, a, b] = node.dataset.drag.split(" ");
    const follow = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(node.getScreenCTM().inverse()).x;
      const far = (at) => Math.abs(+a + b * pick(column(name), at) - x);
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

  // A link names the stepper, the frame and the choices: #forward-1=12,0. It keeps what else an address holds.
  function address() {
    const same = [...document.querySelectorAll(`.pybackprop-interactive[data-name="${data.name}"]`)];
    return `${data.name}-${same.indexOf(el) + 1}=${[frame, ...chosen].join(",")}`;
  }
  function copyLink(event) {
    event.preventDefault();
    const others = location.hash.slice(1).split("&").filter((part) => part.includes("=") && !/^[^=]*-\d+=/.test(part));
    link.href = `#${[...others, address()].join("&")}`;
    history.replaceState(null, "", link.href);
    navigator.clipboard?.writeText(link.href).catch(() => {});
    link.textContent = "Link copied";
    setTimeout(() => { link.textContent = "Link to this step"; }, 1500);
  }
  function follow() {
    let hash = location.hash.slice(1);
    try {
      hash = decodeURIComponent(hash); // on its way a comma may have become %2C
    } catch { /* no address that decodes is one of a stepper's */ }
    const name = address().split("=")[0];
    const state = hash.split("&").find((part) => part.startsWith(`${name}=`))?.split("=")[1];
    if (!state) return;
    const [to, ...options] = state.split(",").map(Number);
    options.forEach((option, c) => { if (choices[c]?.options[option] != null) chosen[c] = option; });
    pause();
    frame = to;
    choose();
    el.scrollIntoView({ block: "center" });
    poster.focus({ preventScroll: true });
  }

  frame = model.get("frame") ?? data.start ?? 0;
  choose();
  model.on("change:frame", () => { if (!signal.aborted && model.get("frame") !== frame) go(model.get("frame")); });
  signal.addEventListener("abort", pause);
  // What plays by itself begins when it is seen, and leaves those alone who asked for less motion.
  if (data.plays && model.page && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const seen = new IntersectionObserver((entries) => {
      if (!entries.at(-1).isIntersecting) return;
      seen.disconnect();
      if (!frame && !timer) play();
    }, { threshold: 0.5 });
    seen.observe(picture);
    signal.addEventListener("abort", () => seen.disconnect());
  }
  if (link) {
    addEventListener("hashchange", follow, { signal });
    follow();
  }
};
