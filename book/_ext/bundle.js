// node bundle.js IN OUT: one classic script from a module and what it imports.
const [, , from, to] = process.argv;
require("esbuild").buildSync({
  entryPoints: [from], outfile: to, bundle: true, minify: true, format: "iife", target: "es2022",
  nodePaths: [require("path").join(__dirname, "..", "..", "node_modules")], logLevel: "warning", charset: "utf8",
});
