// SPDX-License-Identifier: GPL-2.0-only
//
// asm-wasm - an agent's program as a WebAssembly module, run by Node.js with WASI preview 1.
//
//	node asm-wasm.mjs [--mount SOURCE:TARGET]... -- MODULE [ARGUMENT]...
//
// Its exit status is the module's; 134 after a trap, 127 if there is no module, 126 if that
// cannot be run.

import { readFile } from "node:fs/promises";
import { argv, env, exit } from "node:process";
import { WASI } from "node:wasi";

const TRAPPED = 134;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

function giveUp(status, text) {
	console.error(`asm-wasm: ${text}`);
	exit(status);
}

function readArguments(words) {
	const preopens = {};

	while (words.length && words[0] !== "--") {
		const [option, mount] = words.splice(0, 2);
		const [source, target, mode] = (mount ?? "").split(":");

		if (option !== "--mount" || !target)
			giveUp(CANNOT_RUN, `'${option}' is not understood`);
		if (mode === "ro")
			giveUp(CANNOT_RUN, `${mount}: what a module sees cannot be made read-only`);
		preopens[target] = source;
	}
	return { preopens, args: words.slice(1) };
}

async function load(path) {
	let bytes;

	try {
		bytes = await readFile(path);
	} catch (error) {
		giveUp(error.code === "ENOENT" ? NOT_FOUND : CANNOT_RUN, `cannot read ${path}: ${error.code}`);
	}
	try {
		return await WebAssembly.compile(bytes);
	} catch (error) {
		giveUp(CANNOT_RUN, `${path} is no WebAssembly module: ${error.message}`);
	}
}

async function instantiate(path, module, wasi) {
	try {
		return await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
	} catch (error) {
		giveUp(CANNOT_RUN, `cannot run ${path}: ${error.message}`);
	}
}

function makeWasi(args, preopens) {
	try {
		return new WASI({ version: "preview1", args, env, preopens, returnOnExit: true });
	} catch (error) {
		giveUp(CANNOT_RUN, error.message);
	}
}

function start(path, wasi, instance) {
	try {
		return wasi.start(instance);
	} catch (error) {
		if (error instanceof WebAssembly.RuntimeError)
			giveUp(TRAPPED, `${path} trapped: ${error.message}`);
		giveUp(CANNOT_RUN, `cannot run ${path}: ${error.message}`);
	}
}

const { preopens, args } = readArguments(argv.slice(2));
if (!args.length)
	giveUp(CANNOT_RUN, "a module is wanted");
const wasi = makeWasi(args, preopens);
const instance = await instantiate(args[0], await load(args[0]), wasi);
exit(start(args[0], wasi, instance));
