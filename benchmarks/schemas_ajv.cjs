// Reads [{schema, answers}] from standard input; writes for each what ajv has against an answer, or "".
// The packages are found in the folder that is the first argument. Formats bind; unknown keywords do not.
const { createRequire } = require("node:module");
const path = require("node:path");

const load = createRequire(path.join(process.argv[2], "package.json"));
const formats = load("ajv-formats");
const kinds = [
  [/2020-12/, load("ajv/dist/2020").default],
  [/2019-09/, load("ajv/dist/2019").default],
  [/draft-04/, load("ajv-draft-04")],
  [/draft-0[67]/, load("ajv").default],
];
const six = load("ajv/dist/refs/json-schema-draft-06.json");

function judge({ schema, answers }) {
  const named = String(schema.$schema ?? "2020-12");
  const [pattern, Ajv] = kinds.find(([name]) => name.test(named)) ?? kinds[0];
  let reason = "";
  // The u flag is how ajv reads patterns by default; some published patterns compile only without it.
  for (const unicodeRegExp of [true, false]) {
    try {
      const ajv = new Ajv({ strict: false, logger: false, unicodeRegExp });
      formats(ajv);
      if (named.includes("draft-06")) ajv.addMetaSchema(six);
      const validate = ajv.compile(schema);
      for (const answer of answers) {
        if (!validate(answer)) {
          const [error] = validate.errors;
          return `${error.instancePath} ${error.message} (${error.schemaPath})`.slice(0, 200);
        }
      }
      return "";
    } catch (error) {
      reason ||= `cannot read the schema: ${String(error.message).slice(0, 160)}`;
    }
  }
  return reason;
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(judge))));
