// The front end of pybackprop's interactive parts. Python has computed every number; this draws.
// Written as one ES module in anywidget's form. On a static page the same text runs as a classic script.

const KINDS = {}; // kind -> function({ model, data, poster, el, signal }); each kind has a file of its own

// make("button", { class: "x", onclick: f }, "text", child, ...)
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A reader sees the still picture and a reason, never an empty box.
function complain(el, error) {
  el.append(make("p", { class: "pb-error", role: "alert" },
    `This part could not start (${error.message}). The picture and the table above still hold.`));
}

// On a static page el holds the poster already; live, the model brings it.
function render({ model, el }) {
  let controller;
  const draw = () => {
    const again = Boolean(controller);
    controller?.abort();
    controller = new AbortController();
    el.classList.add("pybackprop-interactive");
    if (again || !el.querySelector(".pb-poster")) el.innerHTML = model.get("poster");
    const poster = el.querySelector(".pb-poster");
    try {
      const kind = model.get("kind");
      if (!KINDS[kind]) throw new Error(`no drawing for the kind "${kind}"`);
      KINDS[kind]({ model, data: model.get("data"), poster, el, signal: controller.signal });
      el.dataset.ready = kind;
    } catch (error) {
      complain(el, error);
      console.error(error);
    }
  };
  draw();
  model.on("change:data", draw);
  return () => {
    controller.abort();
    model.off("change:data", draw);
  };
}
