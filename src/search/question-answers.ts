/** Owns the reading of question/answer sets of others (docs/FORMAT.md, "Imported questions"): one JSON object a line. */
import { FormatError } from '../errors.js';
import { PROBE_FILE_LIMIT, type Probe } from './probes.js';

/** Where the question and the answer are, and how the prompt is worded. */
export interface QuestionFields {
  readonly question?: string;
  readonly answer?: string;
  /** `{question}` stands for the question, `{context}` for the member of that name. */
  readonly wording: string;
  /** Given to every probe that has none of its own. */
  readonly category?: string;
}

/** The probes of a file, and how many of its lines are none. */
export interface ImportedQuestions {
  readonly probes: readonly Probe[];
  /** Lines left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

const questionFields = ['question', 'prompt', 'input', 'instruction', 'problem'];
const answerFields = ['answer', 'answers', 'completion', 'target', 'output', 'response', 'solution'];
const longestAnswer = 4000;
const longestPrompt = 65_536;

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads question/answer pairs: GSM8K's, SQuAD's, and pairs such as prompt/completion and input/target. `name` is the
 * file's. Throws PROBES_INVALID for a line that is no JSON object, a file without any usable line, or unknown fields.
 */
export function parseQuestions(bytes: Uint8Array, name: string, fields: QuestionFields): ImportedQuestions {
  const fail = (fact: string, hint: string, cause?: unknown) =>
    new FormatError('PROBES_INVALID', `Cannot import "${name}": ${fact}`, { hint, data: { name }, cause });
  const oneObject = 'Give a UTF-8 file with one JSON object a line.';
  if (bytes.length > PROBE_FILE_LIMIT) {
    throw fail(`it has ${bytes.length} bytes (limit ${PROBE_FILE_LIMIT})`, 'Give a part of the file.');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fail('it is not valid UTF-8', oneObject, cause);
  }
  const probes: Probe[] = [];
  const skipped: Record<string, number> = {};
  const skip = (reason: string): void => void (skipped[reason] = (skipped[reason] ?? 0) + 1);
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const row = parseRow(line, (cause) => fail(`line ${index + 1} is not a JSON object`, oneObject, cause));
    const question = fieldOf(row, fields.question ?? questionFields.find((field) => Object.hasOwn(row, field)));
    const answer = fieldOf(row, fields.answer ?? answerFields.find((field) => Object.hasOwn(row, field)));
    if (typeof question !== 'string' || question.trim() === '') return skip('no question');
    const answers = answerTexts(answer).flatMap((each) => extractAnswer(each) ?? []);
    if (answers.length === 0) return skip('no answer that can be told');
    const context = typeof row.context === 'string' ? row.context : '';
    // A function, so that `$&` in a question stays what it is.
    const filled: Readonly<Record<string, string>> = { question: question.trim(), context: context.trim() };
    const prompt = fields.wording.replace(/\{(question|context)\}/g, (_, member: string) => filled[member]).trimEnd();
    if (prompt === '' || prompt.length > longestPrompt) return skip('prompt empty or too long');
    const [correct, ...alternates] = [...new Set(answers.flatMap(spellings))].map((each) => ` ${each}`);
    const category = typeof row.category === 'string' ? row.category.slice(0, 200) : fields.category;
    probes.push({
      prompt,
      correct,
      ...(category !== undefined && { category }),
      ...(alternates.length > 0 && { alternates: alternates.slice(0, 100) }),
    });
  });
  if (probes.length > 0) return { probes, skipped };
  const known = `${questionFields.join(', ')} and ${answerFields.join(', ')}`;
  throw fail(
    'no line has a question and an answer',
    `Use "--question" and "--answer"; ${known} are found by themselves.`,
  );
}

/**
 * Extracts the final answer of a worked solution: what follows the last `####` (GSM8K), else what the last `\boxed{…}`
 * holds, else the text itself if it is one line. → undefined when there is none, or it is too long for a probe
 */
export function extractAnswer(solution: string): string | undefined {
  const marked = solution.lastIndexOf('####');
  const boxed = [...solution.matchAll(/\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g)].at(-1);
  const answer = (marked >= 0 ? solution.slice(marked + 4).split('\n')[0] : (boxed?.[1] ?? solution)).trim();
  return answer === '' || answer.length > longestAnswer || /[\r\n]/.test(answer) ? undefined : answer;
}

/** A number with thousands separators counts without them, too; the plain spelling comes first. */
function spellings(answer: string): string[] {
  return /^[-+$€£]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(answer) ? [answer.replaceAll(',', ''), answer] : [answer];
}

function fieldOf(row: Row, field: string | undefined): unknown {
  return field !== undefined && Object.hasOwn(row, field) ? row[field] : undefined;
}

/** One answer, a list of them, or SQuAD's `{"text": […]}`. */
function answerTexts(answer: unknown): string[] {
  if (typeof answer === 'string') return [answer];
  if (typeof answer === 'number') return [String(answer)];
  if (Array.isArray(answer)) return answer.flatMap(answerTexts);
  if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'text')) {
    return answerTexts((answer as { text: unknown }).text);
  }
  return [];
}

function parseRow(line: string, fail: (cause?: unknown) => Error): Row {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw fail(cause);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw fail();
  return row as Row;
}
