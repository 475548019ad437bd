// Hugging Face's tokenizers behind a line protocol: a JSON request a line on stdin, a JSON answer a line on stdout.
// "rust" is npm's `tokenizers`, the Rust library as a native module; "js" is npm's `@huggingface/tokenizers`, written in JavaScript. Argument: the folder with node_modules.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const require = createRequire(pathToFileURL(join(process.argv[2], 'x.js')));
const { Tokenizer: Rust } = require('tokenizers');
const { Tokenizer: Script } = require('@huggingface/tokenizers');
const version = name => JSON.parse(readFileSync(join(process.argv[2], 'node_modules', name, 'package.json'))).version;

const read = file => (file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file)).toString('utf8');
let rust = null, script = null;

const rustSide = {
  load: json => { rust = Rust.fromString(json); },
  encode: async (text, special) => (await rust.encode(text, null, { addSpecialTokens: special })).getIds(),
  count: async text => (await rust.encode(text, null, { addSpecialTokens: false })).getLength(),
  decode: (ids, skip) => rust.decode(ids, skip),
};
const scriptSide = {
  load: json => { script = new Script(JSON.parse(json), {}); },
  encode: async (text, special) => Array.from(script.encode(text, { add_special_tokens: special }).ids),
  count: async text => script.encode(text, { add_special_tokens: false }).ids.length,
  decode: async (ids, skip) => script.decode(ids, { skip_special_tokens: skip, clean_up_tokenization_spaces: false }),
};
const attempt = async work => { try { return { value: await work() }; } catch (error) { return { error: String(error?.message ?? error).slice(0, 300) }; } };

async function answer(request) {
  const side = request.side === 'js' ? scriptSide : rustSide;
  switch (request.op) {
    case 'versions':
      return { rust: version('tokenizers'), js: version('@huggingface/tokenizers'), node: process.version };
    case 'load':
      return attempt(async () => { side.load(request.json ?? read(request.file)); return true; });
    case 'run': {
      const texts = [];
      for (const text of request.texts) {
        const plain = await attempt(() => side.encode(text, false));
        texts.push({
          plain,
          special: await attempt(() => side.encode(text, true)),
          decoded: plain.value ? await attempt(() => side.decode(plain.value, false)) : null,
          skipping: plain.value ? await attempt(() => side.decode(plain.value, true)) : null,
        });
      }
      const ids = [];
      for (const list of request.ids) ids.push(await attempt(() => side.decode(list, false)));
      return { texts, ids };
    }
    case 'measure': {
      // Milliseconds for all texts of a file (one a line of JSON) once, as often as asked for; what is returned is only counted.
      const texts = readFileSync(request.file, 'utf8').split('\n').filter(line => line).map(line => JSON.parse(line));
      const encoding = [], decoding = [];
      let tokens = 0, all = [];
      for (let round = 0; round < request.rounds; round++) {
        tokens = 0;
        const begin = process.hrtime.bigint();
        for (const text of texts) tokens += await side.count(text);
        encoding.push(Number(process.hrtime.bigint() - begin) / 1e6);
      }
      if (request.decode) {
        for (const text of texts) all.push(await side.encode(text, false));
        for (let round = 0; round < request.rounds; round++) {
          const begin = process.hrtime.bigint();
          for (const ids of all) await side.decode(ids, false);
          decoding.push(Number(process.hrtime.bigint() - begin) / 1e6);
        }
      }
      return { encoding, decoding, tokens };
    }
  }
  return { error: 'unknown op' };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
}
