// Reads {"openapi": {name: document}, "asyncapi": {name: document}} from stdin and prints what the official
// validators find: {"<kind> <name>": ["severity code place: message", ...]}. An empty list is a clean document.
import { readFileSync } from "node:fs";
import spectralCore from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import asyncapi from "@asyncapi/parser";

const SEVERITIES = ["error", "warning", "information", "hint"];
const given = JSON.parse(readFileSync(0, "utf8"));
const spectral = new spectralCore.Spectral();
spectral.setRuleset({ extends: [[rulesets.oas, "recommended"]] });

const told = (finding) =>
  `${SEVERITIES[finding.severity]} ${finding.code} ${finding.path.join(".")}: ${finding.message}`;

const found = {};
for (const [name, document] of Object.entries(given.openapi ?? {})) {
  found[`openapi ${name}`] = (await spectral.run(JSON.stringify(document))).map(told);
}
for (const [name, document] of Object.entries(given.asyncapi ?? {})) {
  const { document: parsed, diagnostics } = await new asyncapi.Parser().parse(JSON.stringify(document));
  found[`asyncapi ${name}`] = diagnostics.map(told);
  if (parsed === undefined) found[`asyncapi ${name}`].push("error unparsed: the parser gives no document");
}
process.stdout.write(JSON.stringify(found));
