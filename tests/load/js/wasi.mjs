// `node wasi.mjs WASM DIRECTORY ARGS…`: runs a WASI program that sees DIRECTORY and nothing else.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file, directory, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [file, ...args], preopens: { [directory]: directory } });
const { instance } = await WebAssembly.instantiate(await readFile(file), wasi.getImportObject());
process.exitCode = wasi.start(instance);
