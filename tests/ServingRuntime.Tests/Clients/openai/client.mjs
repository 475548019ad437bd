// Every case is a function of this file's name space; `node client.mjs CASE BASE_URL` prints what it saw as one line of JSON.
import OpenAI from 'openai';

const [, , name, baseURL] = process.argv;
const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? 'key', baseURL, maxRetries: 0, timeout: 60_000 });
const model = 'octavo-tiny';
const question = [{ role: 'user', content: 'What is the capital of France?' }];
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string', maxLength: 12 } }, required: ['city'], additionalProperties: false },
  },
};
const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 6 }, age: { type: 'integer', minimum: 0, maximum: 99 } },
  required: ['name', 'age'],
  additionalProperties: false,
};

async function failure(action) {
  try {
    await action();
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status ?? null, code: e.code ?? null, param: e.param ?? null, type: e.type ?? null };
  }
}

const cases = {
  async models() {
    const ids = [];
    for await (const card of client.models.list()) ids.push(card.id);
    return { ids, one: (await client.models.retrieve(model)).id };
  },
  async chat() {
    const answer = await client.chat.completions.create({ model, messages: question, max_tokens: 40 });
    return { content: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, usage: answer.usage };
  },
  async stream() {
    const seen = [];
    let usage = null;
    let last = null;
    const stream = await client.chat.completions.create({ model, messages: question, max_tokens: 40, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
      if (chunk.choices.length === 0) usage = chunk.usage;
      else {
        seen.push(chunk.choices[0].delta.content ?? '');
        last = chunk.choices[0].finish_reason ?? last;
      }
    }
    return { content: seen.join(''), finish: last, usage };
  },
  async streamHelper() {
    const runner = client.chat.completions.stream({ model, messages: question, max_tokens: 40 });
    const completion = await runner.finalChatCompletion();
    return { content: completion.choices[0].message.content, finish: completion.choices[0].finish_reason };
  },
  async logprobs() {
    const answer = await client.chat.completions.create({ model, messages: question, max_tokens: 5, logprobs: true, top_logprobs: 2 });
    const content = answer.choices[0].logprobs.content;
    return { count: content.length, text: Buffer.from(content.flatMap((t) => t.bytes)).toString('utf8'), top: content.every((t) => t.top_logprobs.length === 2) };
  },
  async completions() {
    const answer = await client.completions.create({ model, prompt: 'The capital of France', max_tokens: 8, echo: true, logprobs: 1 });
    return { text: answer.choices[0].text, first: answer.choices[0].logprobs.token_logprobs[0], tokens: answer.choices[0].logprobs.tokens.length };
  },
  async schema() {
    const answer = await client.chat.completions.parse({
      model, messages: question, max_tokens: 200, temperature: 1, seed: 4,
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: person } },
    });
    return { parsed: JSON.parse(answer.choices[0].message.content), finish: answer.choices[0].finish_reason };
  },
  async forcedTool() {
    const answer = await client.chat.completions.create({ model, messages: question, max_tokens: 200, temperature: 1, seed: 4, tools: [weather], tool_choice: 'required', parallel_tool_calls: false });
    const call = answer.choices[0].message.tool_calls[0];
    return { name: call.function.name, arguments: JSON.parse(call.function.arguments), finish: answer.choices[0].finish_reason, content: answer.choices[0].message.content };
  },
  async forcedToolStream() {
    const runner = client.chat.completions.stream({ model, messages: question, max_tokens: 200, temperature: 1, seed: 4, tools: [weather], tool_choice: 'required', parallel_tool_calls: false });
    const pieces = [];
    runner.on('tool_calls.function.arguments.delta', (e) => pieces.push(e.arguments_delta));
    const completion = await runner.finalChatCompletion();
    const call = completion.choices[0].message.tool_calls[0];
    return { name: call.function.name, arguments: JSON.parse(call.function.arguments), joined: pieces.join('') === call.function.arguments, finish: completion.choices[0].finish_reason };
  },
  async tool() {
    const answer = await client.chat.completions.create({ model, messages: question, tools: [weather] });
    const message = answer.choices[0].message;
    return { content: message.content, calls: message.tool_calls.map((c) => c.function), finish: answer.choices[0].finish_reason };
  },
  async toolStream() {
    const completion = await client.chat.completions.stream({ model, messages: question, tools: [weather] }).finalChatCompletion();
    const message = completion.choices[0].message;
    return { content: message.content, calls: message.tool_calls.map((c) => ({ name: c.function.name, arguments: c.function.arguments })), finish: completion.choices[0].finish_reason };
  },
  async runTools() {
    const asked = [];
    const runner = client.chat.completions.runTools({
      model, messages: question,
      tools: [{ type: 'function', function: { ...weather.function, parse: JSON.parse, function: (args) => { asked.push(args); return `cold in ${args.city}`; } } }],
    });
    return { asked, content: await runner.finalContent() };
  },
  async abort() {
    const stream = await client.chat.completions.create({ model, messages: question, stream: true });
    let pieces = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content && ++pieces === 2) break;
    }
    return { pieces };
  },
  async embeddings() {
    const answer = await client.embeddings.create({ model, input: ['one', 'two'] });
    return { count: answer.data.length, width: answer.data[0].embedding.length, length: Math.hypot(...answer.data[0].embedding) };
  },
  async response() {
    const response = await client.responses.create({ model, input: 'What is the capital of France?', max_output_tokens: 40 });
    return { text: response.output_text, status: response.status, usage: response.usage, store: response.store };
  },
  async responseStream() {
    const stream = client.responses.stream({ model, input: question, instructions: 'Be brief.', max_output_tokens: 40 });
    const types = [];
    const numbers = [];
    for await (const event of stream) {
      types.push(event.type);
      numbers.push(event.sequence_number);
    }
    const final = await stream.finalResponse();
    return { types: types.filter((t, i) => t !== types[i - 1]), ordered: numbers.every((n, i) => n === i), text: final.output_text, status: final.status };
  },
  async responseSchema() {
    const response = await client.responses.parse({
      model, input: question, max_output_tokens: 200, temperature: 1, seed: 4, text: { format: { type: 'json_schema', name: 'person', strict: true, schema: person } },
    });
    return { parsed: JSON.parse(response.output_text), status: response.status };
  },
  async responseTool() {
    const tool = { type: 'function', name: weather.function.name, parameters: weather.function.parameters, strict: true };
    const settings = { model, tools: [tool], tool_choice: 'required', parallel_tool_calls: false, temperature: 1, seed: 4, max_output_tokens: 200 };
    const first = await client.responses.create({ ...settings, input: question });
    const call = first.output.find((item) => item.type === 'function_call');
    const streamed = await client.responses.stream({ ...settings, input: question }).finalResponse();
    const second = await client.responses.create({
      model, max_output_tokens: 40, tools: [tool], tool_choice: 'none',
      input: [...question, ...first.output, { type: 'function_call_output', call_id: call.call_id, output: 'cold' }],
    });
    return { name: call.name, arguments: JSON.parse(call.arguments), same: streamed.output[0].arguments === call.arguments, second: second.status };
  },
  async errors() {
    return {
      key: await failure(() => new OpenAI({ apiKey: 'wrong', baseURL, maxRetries: 0 }).models.list()),
      model: await failure(() => client.chat.completions.create({ model: 'gpt-9', messages: question })),
      field: await failure(() => client.chat.completions.create({ model, messages: question, temperature: -1 })),
      response: await failure(() => client.responses.create({ model, input: 'x', previous_response_id: 'resp_1' })),
    };
  },
};

console.log(JSON.stringify(await cases[name]()));
