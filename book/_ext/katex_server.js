// One line of JSON in ({tex, display}), one line of JSON out ({html} or {error}).
const katex = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    // strict: what is an error here would also look different in JupyterLab and Colab.
    const html = katex.renderToString(tex, { displayMode: display, strict: "error" });
    // What nobody sees or hears: the source, a twentieth of a page's weight.
    answer = { html: html.replace(/<annotation.*?<\/annotation>/s, "") };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
