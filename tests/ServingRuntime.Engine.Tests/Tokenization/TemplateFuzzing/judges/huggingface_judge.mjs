// Renders templates with @huggingface/jinja. A JSON object a line in ({"t": template, "v": variables}) and out ({"ok": text} or {"no": why}).
import { createInterface } from "node:readline";
import { Template } from "@huggingface/jinja";

const RealDate = Date;
const fixed = new RealDate(2025, 0, 15, 10, 30, 0);
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [fixed]));
  }
};
console.log(JSON.stringify({ ok: "huggingface" }));
for await (const line of createInterface({ input: process.stdin })) {
  const { t, v } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: new Template(t).render(v) };
  } catch (e) {
    answer = { no: String(e).slice(0, 300) };
  }
  console.log(JSON.stringify(answer));
}
