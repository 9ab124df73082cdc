// What Python on a page would do at every start is done once, while building:
//   node prepare.mjs PYODIDE snapshot FILE   Python's memory after its start and some imports
//   node prepare.mjs PYODIDE compile FOLDER  beside each module of a folder its compiled form, .pyc
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// What NumPy and the package import of the standard library.
const IMPORTS = `
import argparse, ast, contextlib, copy, ctypes, dataclasses, datetime, difflib, hashlib, html
import importlib.resources, inspect, json, linecache, numbers, pickle, platform, random, secrets
import tempfile, textwrap, threading, traceback, unittest, urllib.parse, warnings, zipfile
import pyodide._package_loader, pyodide.code
`;
const COMPILED = `
import importlib.util
from importlib._bootstrap_external import _code_to_hash_pyc

def compiled(source, name):
    source = source.to_bytes()
    code = compile(source, name, "exec", dont_inherit=True)
    return _code_to_hash_pyc(code, importlib.util.source_hash(source), checked=False)

compiled
`;

const [, , pyodide, task, place] = process.argv;
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
if (task === "snapshot") {
  const python = await loadPyodide({ _makeSnapshot: true, env: { PYTHONHASHSEED: "0" } });
  python.runPython(IMPORTS);
  writeFileSync(place, python.makeMemorySnapshot());
} else {
  const compiled = (await loadPyodide()).runPython(COMPILED);
  for (const name of readdirSync(place, { recursive: true }).filter((name) => name.endsWith(".py"))) {
    const code = compiled(Uint8Array.from(readFileSync(join(place, name))), name.replaceAll("\\", "/"));
    writeFileSync(join(place, `${name}c`), code.toJs());
  }
}
