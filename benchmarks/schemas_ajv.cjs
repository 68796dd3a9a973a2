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

// Patterns are read with the u flag, as ajv does by default; those that compile only without it, without.
function engine(text, flags) {
  try {
    return new RegExp(text, flags);
  } catch {
    return new RegExp(text, flags.replace("u", ""));
  }
}
engine.code = "engine";

function judge({ schema, answers }) {
  const named = String(schema.$schema ?? "2020-12");
  const [, Ajv] = kinds.find(([name]) => name.test(named)) ?? kinds[0];
  try {
    const ajv = new Ajv({ strict: false, logger: false, code: { regExp: engine } });
    formats(ajv);
    if (named.includes("draft-06")) ajv.addMetaSchema(six);
    // Published schemas name their draft with http or https, with # or without: ajv knows one spelling.
    const { $schema, ...rest } = schema;
    const validate = ajv.compile(rest);
    for (const answer of answers) {
      if (!validate(answer)) {
        const [error] = validate.errors;
        return `${error.instancePath} ${error.message} (${error.schemaPath})`.slice(0, 200);
      }
    }
    return "";
  } catch (error) {
    return `cannot read the schema: ${String(error.message).slice(0, 160)}`;
  }
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(judge))));
