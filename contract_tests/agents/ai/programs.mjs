// Vercel's ai: what its tutorials show.

import { createInterface } from 'node:readline';

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const BASE = process.env.BASE;
const qwen = createOpenAICompatible({
  name: 'qwen',
  baseURL: BASE,
  apiKey: 'sk-agents',
  supportsStructuredOutputs: true,
});
const model = qwen('qwen-plus');
const Person = z.object({ name: z.string(), age: z.number().int() });

const tools = {
  getWeather: tool({
    description: 'Get the weather of a city.',
    inputSchema: z.object({ city: z.string().describe('The name of the city.') }),
    execute: async ({ city }) => `It is sunny in ${city}, 24 degrees.`,
  }),
  bookHotel: tool({
    description: 'Book a hotel in a city.',
    inputSchema: z.object({ city: z.string().describe('The name of the city.') }),
    execute: async ({ city }) => `Booked the Grand Hotel in ${city}.`,
  }),
};

function has(text, ...words) {
  for (const word of words) {
    if (!text.includes(word)) throw new Error(`'${word}' is not in '${text.slice(0, 300)}'`);
  }
}

const programs = {
  async chat() {
    const messages = [
      { role: 'user', content: 'Hi, I am Bob' },
      { role: 'assistant', content: 'Hello Bob' },
      { role: 'user', content: 'What is my name?' },
    ];
    has((await generateText({ model, messages })).text, 'What is my name?');
  },

  async tool() {
    const { getWeather } = tools;
    const prompt = 'What is the weather in Paris?';
    const found = await generateText({ model, tools: { getWeather }, prompt, stopWhen: stepCountIs(5) });
    has(found.text, 'sunny in Paris');
  },

  async tools() {
    const prompt = 'Get the weather in Paris, then book a hotel in Paris';
    const found = await generateText({ model, tools, prompt, stopWhen: stepCountIs(8) });
    has(JSON.stringify(found.steps), 'sunny in Paris', 'Grand Hotel in Paris');
  },

  async required() {
    const done = tool({
      description: 'Give the final answer.',
      inputSchema: z.object({ answer: z.string() }),
    });
    const found = await generateText({
      model,
      tools: { ...tools, done },
      toolChoice: 'required',
      prompt: 'What is the weather in Paris?',
      stopWhen: stepCountIs(8),
    });
    if (found.steps.length >= 8) throw new Error('it did not end');
    has(JSON.stringify(found.staticToolCalls.at(-1)), 'done', 'sunny in Paris');
  },

  async structured() {
    const prompt = 'Jason is 25 years old';
    const found = await generateText({ model, output: Output.object({ schema: Person }), prompt });
    const { name, age } = found.output;
    if (name !== 'Jason' || age !== 25) throw new Error(JSON.stringify(found.output));
  },

  async stream() {
    const pieces = [];
    for await (const piece of streamText({ model, prompt: 'Tell me of tea' }).textStream) pieces.push(piece);
    if (pieces.length < 2) throw new Error('it is one piece');
    has(pieces.join(''), 'Tell me of tea');
  },
};

// An empty line asks for the names of the programs, another one for that program to be run.
for await (const line of createInterface({ input: process.stdin })) {
  let told = Object.keys(programs);
  if (line) {
    told = { program: line, error: '' };
    try {
      await programs[line]();
    } catch (raised) {
      told.error = `${raised.name}: ${raised.message}`.slice(0, 600);
    }
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
