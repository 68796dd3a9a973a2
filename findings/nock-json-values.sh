#!/usr/bin/env bash
# nock 15 records a JSON answer as values and not as bytes: of `1.0` it keeps `1`, of a doubled key the last, and a
# replay sends other bytes than the server did.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error nock@15.0.6 >/dev/null
cat >find.cjs <<'JS'
// What Node has since 22 and nock 15 stands on.
Promise.withResolvers ??= function withResolvers() {
  const held = {};
  held.promise = new this((resolve, reject) => Object.assign(held, { resolve, reject }));
  return held;
};
const http = require("node:http");
const loaded = require("nock");
const nock = loaded.default ?? loaded;
const sent = '{"price": 1.0, "leaf": "green", "leaf": "black"}';
const server = http.createServer((_, answer) => {
  answer.writeHead(200, { "content-type": "application/json" });
  answer.end(sent);
});
server.listen(0, "127.0.0.1", () => {
  nock.recorder.rec({ dont_print: true, output_objects: true });
  http.get(`http://127.0.0.1:${server.address().port}/tea`, (answer) => {
    answer.resume();
    answer.on("end", () => {
      const kept = JSON.stringify(nock.recorder.play()[0].response);
      console.log(`sent ${sent}`);
      console.log(`kept ${kept}`);
      process.exit(kept === '{"price":1,"leaf":"black"}' ? 0 : 1);
    });
  });
});
JS
node find.cjs
