// A chapter's cells on the page: each one that can run has "Edit and run". Loaded after python.js.
(() => {
"use strict";
const { make, editor, runner, KEYS, ENDLESS } = globalThis.pybackpropPython;
const cells = []; // from the top of the page: { text }
// What pb.verify measures differs in its last digits from processor to processor.
const ROUNDED = /largest error [0-9.e+-]+/g;

function begin() {
  for (const part of document.querySelectorAll(".cell.pb-runs")) offer(part);
}

function offer(part) {
  const code = part.querySelector(".cell_input .highlight"), printed = printedBy(part), place = cells.length;
  const start = code.querySelector("pre").textContent.replace(/\n$/, "");
  const cell = { text: () => start };
  cells.push(cell);
  const room = make("div", { class: "pybackprop-interactive pb-cell", "data-ready": "cell" });
  const opening = make("button", { type: "button", class: "pb-button pb-open", "aria-label": `Edit and run: ${start.split("\n")[0]}` }, "Edit and run");
  opening.addEventListener("click", () => open(part, { cell, code, start, printed, place, room }));
  room.append(opening);
  code.closest('[class*="highlight-"]').after(room);
}

function printedBy(part) {
  const texts = part.querySelectorAll(".cell_output .output:is(.stream, .text_plain) pre");
  const shown = [...texts].filter((text) => !text.closest(".pybackprop-interactive"));
  const drawn = part.querySelector(".cell_output img") !== null;
  // A figure's text is its summary, "<Figure size ...>".
  return drawn && !part.querySelector(".stream") ? "" : shown.map((text) => text.textContent).join("");
}

function open(part, { cell, code, start, printed, place, room }) {
  const keys = make("p", { class: "pb-keys", id: `keys-cell-${place}` }, KEYS);
  const label = `cell ${place + 1}: ${start.split("\n")[0]}`;
  const written = editor({ text: start, label: `Code of ${label}`, describedBy: keys.id, change() {}, run: () => run() });
  const { line, printed: output, stopping, restarting, button, print, start: ask, busy } = runner({ label });
  const made = make("div", { class: "pb-made" });
  cell.text = written.get;
  const run = () => {
    if (busy()) return;
    made.replaceChildren();
    ask("cell", [cells.slice(0, place + 1).map(({ text }) => text())], finished);
  };
  const finished = ({ value, html, error, above, figures = [], stopped, seconds, failed }) => {
    if (failed) return void (line.textContent = `Python stopped: ${failed}. Run starts it anew.`);
    if (stopped) return void (line.textContent = seconds ? `Stopped: ${ENDLESS(seconds)}` : "Stopped.");
    if (error) {
      print(error);
      line.textContent = above === undefined ? "Python stopped at an error, shown below."
        : `A cell above stopped at an error, shown below. It begins: ${cells[above].text().split("\n")[0]}`;
      return;
    }
    if (value !== undefined) print(value);
    for (const svg of figures) made.append(make("img", { class: "dark-light", src: `data:image/svg+xml;base64,${base64(svg)}`, alt: "What this cell drew when you ran it" }));
    if (html !== undefined) {
      const shown = make("div");
      made.append(shown);
      globalThis.pybackpropReplace(shown, html);
    }
    line.textContent = compare(output, printed, figures.length, html !== undefined, part.classList.contains("tag_nbval-ignore-output"));
  };
  code.hidden = true;
  room.replaceChildren(
    written.field, keys,
    make("p", { class: "pb-row" }, button("Run", run), stopping, restarting, button("Reset", () => written.set(start)), line),
    output, made,
  );
  written.field.focus();
}

// Says how an output differs from the printed one, and marks the lines that do.
function compare(output, printed, figures, part, measured) {
  const lines = output.textContent.trimEnd().split("\n"), before = printed.trimEnd().split("\n");
  const same = (one, two) => one?.replace(ROUNDED, "") === two?.replace(ROUNDED, "");
  const other = lines.filter((line, k) => !same(line, before[k])).length, less = Math.max(0, before.length - lines.length);
  const drawn = figures ? ` ${figures > 1 ? `${figures} figures are` : "The figure is"} drawn anew.` : part ? " It is made anew." : "";
  if (!output.textContent && !printed) return drawn.trim() || "It ran, and printed nothing, as before.";
  if (measured) return `Measured anew on this machine.${drawn}`;
  if (!other && !less) return `The same as printed${lines.join() === before.join() || !ROUNDED.test(printed) ? "" : ", up to rounding"}.${drawn}`;
  output.replaceChildren(...lines.flatMap((line, k) => [same(line, before[k]) ? line : make("mark", {}, line), "\n"]));
  const words = [other && `${other} of ${lines.length} lines ${other > 1 ? "differ" : "differs"}`, less && `${less} ${less > 1 ? "are" : "is"} missing`];
  return `Not as printed: ${words.filter(Boolean).join(", ")}.${drawn}`;
}

function base64(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

globalThis.pybackpropCells = cells;
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
})();
