// Python for a page, in a worker of its own. It never asks a network: all its files came with its first message.
// The build puts Pyodide's two scripts before this one.

const HOME = "memory:/"; // where Pyodide believes its files are
const say = (message) => postMessage(message);

// Not by way of a blob: WebKit reads none on pages from disk.
function unzip(bytes) {
  const stream = new ReadableStream({ start(way) { way.enqueue(bytes); way.close(); } });
  return new Response(stream.pipeThrough(new DecompressionStream("gzip")));
}

async function unpack(base64) {
  return unzip(Uint8Array.fromBase64?.(base64) ?? decode(base64)).arrayBuffer();
}

// For browsers from before 2025; the newer ones' own way takes a tenth off the start.
function decode(base64) {
  const packed = atob(base64), bytes = new Uint8Array(packed.length);
  for (let k = 0; k < packed.length; k++) bytes[k] = packed.charCodeAt(k);
  return bytes;
}

// Pyodide asks fetch for its files; fetch answers from memory. The compiled program is kept by the page,
// so that the worker after a stopped one need not compile it again.
function answerFromMemory(files, compiled) {
  self.fetch = async (address) => {
    const name = new URL(address, HOME).pathname.split("/").pop();
    if (!(name in files)) throw new TypeError("This page asks no network.");
    return new Response(name.endsWith(".wasm") ? null : await unpack(files[name]));
  };
  self.importScripts = () => { throw new Error("This page asks no network."); };
  self.XMLHttpRequest = self.WebSocket = self.EventSource = undefined;
  const program = compiled ?? unpack(files["pyodide.asm.wasm"]).then((bytes) => WebAssembly.compile(bytes));
  WebAssembly.instantiateStreaming = async (_, imports) => {
    const module = await program;
    if (!compiled) say({ compiled: module });
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
}

async function start({ files, compiled, plain }) {
  answerFromMemory(files, compiled);
  say({ state: "Starting Python" });
  const python = await begin(files, plain);
  say({ state: "Starting NumPy" });
  await install(python, "numpy");
  const site = `/lib/python${python.runPython("import sys; '%d.%d' % sys.version_info[:2]")}/site-packages`;
  for (const name of ["pybackprop.zip", "datasets.zip"]) python.unpackArchive(await unpack(files[name]), "zip", { extractDir: site });
  python.runPython("import os; os.environ.update(PYBACKPROP_STATIC='1', MPLBACKEND='svg')");
  // A browser tells no processor's time: that clock stands at 0, and whoever waits for it waits without an end.
  python.runPython("import time; time.process_time, time.process_time_ns = time.perf_counter, time.perf_counter_ns");
  return python;
}

// Python as it stood while building, after its start. WebKit cannot take that up: there it starts from its files.
async function begin(files, plain) {
  const options = { indexURL: HOME, stdin: () => null };
  try {
    if (!plain) return await loadPyodide({ ...options, _loadSnapshot: unpack(files.snapshot) });
  } catch {
    say({ plain: true });
  }
  return loadPyodide(options);
}

// The build has compared the checksums of packages with those of Pyodide's own list.
function install(python, name) {
  return python.loadPackage(name, { checkIntegrity: false, messageCallback() {}, errorCallback: fail });
}

function fail(error) {
  const deep = /call stack|recursion/i.test(error), full = /memory|allocat/i.test(error);
  say({ failed: deep ? "the calls were nested too deep" : full ? "its memory is full" : String(error) });
}

let python, session, files;
onmessage = async ({ data }) => {
  try {
    if (data.files) {
      files = data.files;
      python = await start(data);
      say({ state: "Starting pybackprop" });
      const { Session } = python.pyimport("pybackprop.course.page_python.session");
      session = Session((printed) => say({ printed }), (running) => say({ running }));
      say({ ready: true });
    } else if (data.more) {
      Object.assign(files, data.more);
      await install(python, data.name);
      python.runPython(`import logging; logging.getLogger("${data.name}").setLevel(logging.ERROR)`); // of its font cache
      say({ installed: true });
    } else {
      const report = session[data.job](...data.given);
      say({ report: report.toJs({ dict_converter: Object.fromEntries }) });
      report.destroy();
    }
  } catch (error) { // what Python does not survive: a stack or a memory that is full
    fail(error);
  }
};
