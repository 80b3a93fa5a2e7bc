/** Owns the verbs that make probe files from probe files: `bankai probes init`, `expand`, `split` and `import`. */
import { lstat, open } from 'node:fs/promises';
import { writeFileDurably } from '../durable.js';
import { RepositoryError, SearchError, UsageError } from '../errors.js';
import { formatProbes, parseProbes, type Probe } from '../search/probes.js';
import { parseQuestions, type QuestionFields } from '../search/question-answers.js';
import { divideProbes } from '../search/split.js';
import type { Template } from '../search/templates/expand.js';
import type { ProbeFile } from './commit.js';

/** A file that was written. */
export interface WrittenProbes {
  readonly path: string;
  readonly count: number;
}

/** Sets that a new file may begin with: a template of each kind that people ask for first. */
const sample: readonly Template[] = [
  {
    template: 1,
    category: 'power rule',
    prompt: 'd/dx [{term(a, n)}] =',
    correct: ' {term(a * n, n - 1)}',
    wrong: ' {term(a, n - 1)}',
    parameters: { a: { from: 1, to: 6 }, n: { from: 2, to: 9 } },
    samples: 30,
    seed: 1,
  },
  {
    template: 1,
    category: 'primes',
    prompt: 'Is {n} prime? Answer:',
    correct: " {prime(n) ? 'Yes' : 'No'}",
    wrong: " {prime(n) ? 'No' : 'Yes'}",
    parameters: { n: { from: 2, to: 99 } },
    where: 'n == 2 || n % 2 == 1',
    samples: 30,
    seed: 1,
  },
];

/** Starts a probe file from examples `PROMPT => ANSWER [=> WRONG ANSWER]`, or from sample templates. Throws USAGE, FILE_EXISTS. */
export async function initProbes(path: string, examples: readonly string[]) {
  const entries = examples.length === 0 ? sample : examples.map(parseExample);
  const text = formatProbes(entries);
  const { probes } = parseProbes(Buffer.from(text), path);
  await writeProbeTexts([{ path, text }], false);
  return { path, count: probes.length, templates: examples.length === 0 ? sample.length : 0 };
}

/** Expands the templates of a probe file. Throws PROBES_INVALID. */
export function expandProbes({ bytes, name }: ProbeFile) {
  return parseProbes(bytes, name);
}

export interface SplitRequest {
  readonly probes: ProbeFile;
  /** The share of every category that is held out. */
  readonly share: number;
  readonly seed: number;
  readonly searchPath: string;
  readonly heldOutPath: string;
  readonly overwrite: boolean;
}

/** Writes the two parts of a probe set. Throws PROBES_INVALID, PROBES_UNUSABLE when a part would be empty, FILE_EXISTS. */
export async function splitProbeFile(request: SplitRequest) {
  const set = parseProbes(request.probes.bytes, request.probes.name);
  if (request.searchPath === request.heldOutPath) {
    throw new UsageError('USAGE', 'Both parts would be the same file', { hint: 'Give two different paths.' });
  }
  const { search, heldOut } = divideProbes(set.probes, request.share, request.seed);
  if (search.length === 0 || heldOut.length === 0) {
    throw new SearchError('PROBES_UNUSABLE', `All ${set.probes.length} probes would be on one side`, {
      hint: 'Give more probes that differ in more than their wording, or another share.',
    });
  }
  await writeProbeTexts(
    [
      { path: request.searchPath, text: formatProbes(search) },
      { path: request.heldOutPath, text: formatProbes(heldOut) },
    ],
    request.overwrite,
  );
  const categories = [...new Set(set.probes.map(({ category = '' }) => category))];
  const inCategory = (probes: readonly Probe[], name: string) =>
    probes.filter(({ category = '' }) => category === name).length;
  return {
    probes: { name: set.name, count: set.probes.length },
    search: { path: request.searchPath, count: search.length },
    heldOut: { path: request.heldOutPath, count: heldOut.length },
    categories: categories.map((category) => ({
      category,
      search: inCategory(search, category),
      heldOut: inCategory(heldOut, category),
    })),
  };
}

export interface ImportQuestionsRequest {
  readonly questions: ProbeFile;
  readonly fields: QuestionFields;
  readonly path: string;
  readonly overwrite: boolean;
  /** At most so many probes, the first ones. */
  readonly limit?: number;
}

/** Makes a probe file of a question/answer set. Throws PROBES_INVALID, FILE_EXISTS. */
export async function importQuestions({ questions, fields, path, overwrite, limit }: ImportQuestionsRequest) {
  const imported = parseQuestions(questions.bytes, questions.name, fields);
  const probes = imported.probes.slice(0, limit);
  await writeProbeTexts([{ path, text: formatProbes(probes) }], overwrite);
  return {
    questions: questions.name,
    path,
    count: probes.length,
    skipped: Object.entries(imported.skipped).map(([reason, count]) => ({ reason, count })),
    first: { prompt: probes[0].prompt, correct: probes[0].correct },
  };
}

/** Writes files whole; unless they may be replaced, all of them must be new. Throws FILE_EXISTS, changing nothing. */
export async function writeProbeTexts(
  files: readonly { readonly path: string; readonly text: string }[],
  overwrite: boolean,
): Promise<void> {
  if (!overwrite) {
    for (const { path } of files) if (await lstat(path).catch(() => undefined)) throw exists(path);
  }
  for (const { path, text } of files) {
    // Taking the name first decides between two processes that both found it free.
    if (!overwrite) await (await open(path, 'wx').catch(existing(path))).close();
    await writeFileDurably(path, text);
  }
}

const existing =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw error.code === 'EEXIST' ? exists(path) : error;
  };

function exists(path: string): RepositoryError {
  return new RepositoryError('FILE_EXISTS', `${path} exists already`, {
    hint: 'Choose another name, move the file away, or replace it with "--force" where there is that flag.',
    data: { path },
  });
}

function parseExample(example: string): Probe {
  const [prompt, correct, wrong, ...rest] = example.split(' => ').map((part) => part.trim());
  if (prompt && correct && wrong !== '' && rest.length === 0) {
    return { prompt, correct: ` ${correct}`, ...(wrong !== undefined && { wrong: ` ${wrong}` }) };
  }
  throw new UsageError('USAGE', `Cannot read the example "${example}"`, {
    hint: 'Write it as "PROMPT => ANSWER" or "PROMPT => ANSWER => WRONG ANSWER".',
  });
}
