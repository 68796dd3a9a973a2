#!/usr/bin/env node
// npx dashscope-mock serve: the command itself, wherever it is.
import { spawn } from "node:child_process";
import { command } from "./index.mjs";

try {
  const [name, ...words] = command();
  const child = spawn(name, [...words, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (status, signal) => { process.exitCode = status ?? (signal ? 1 : 0); });
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
