// Python for a page, in a worker of its own. It never asks a network: all its files came with its first message.
// The build puts Pyodide's two scripts before this one.

const HOME = "memory:/"; // where Pyodide believes its files are
const say = (message) => postMessage(message);

async function unpack(base64) {
  const packed = atob(base64), bytes = new Uint8Array(packed.length);
  for (let k = 0; k < packed.length; k++) bytes[k] = packed.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
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

async function start({ files, compiled }) {
  answerFromMemory(files, compiled);
  say({ state: "Starting Python" });
  // Python as it stood while building, after its start.
  const python = await loadPyodide({ indexURL: HOME, stdin: () => null, _loadSnapshot: unpack(files.snapshot) });
  say({ state: "Starting NumPy" });
  const { packages } = await (await fetch("pyodide-lock.json")).json();
  // The build has compared their checksums with those of Pyodide's own list.
  await python.loadPackage(Object.keys(packages), { checkIntegrity: false, messageCallback() {}, errorCallback: fail });
  const site = `/lib/python${python.runPython("import sys; '%d.%d' % sys.version_info[:2]")}/site-packages`;
  python.unpackArchive(await unpack(files["pybackprop.zip"]), "zip", { extractDir: site });
  return python;
}

function fail(error) {
  const deep = /call stack|recursion/i.test(error), full = /memory|allocat/i.test(error);
  say({ failed: deep ? "the calls were nested too deep" : full ? "its memory is full" : String(error) });
}

let session;
onmessage = async ({ data }) => {
  try {
    if (data.files) {
      const python = await start(data);
      say({ state: "Starting pybackprop" });
      const { Session } = python.pyimport("pybackprop.course.page_python.session");
      session = Session((printed) => say({ printed }));
      say({ ready: true });
    } else {
      const report = session[data.job](...data.given);
      say({ report: report.toJs({ dict_converter: Object.fromEntries }) });
      report.destroy();
    }
  } catch (error) { // what Python does not survive: a stack or a memory that is full
    fail(error);
  }
};
