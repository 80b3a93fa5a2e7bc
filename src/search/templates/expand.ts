/** Owns the expansion of a probe template into probes (docs/FORMAT.md, "Templates"): a function of the template alone. */
import type { Probe } from '../probes.js';
import { seededRandom, shuffle } from '../random.js';
import { evaluateExpression, type Scope, STEP_LIMIT } from './evaluate-expression.js';
import { type Fault, parseExpression, type Value } from './expression.js';
import { functions } from './operations.js';
import { fillTemplateText, parseTemplateText, type TemplateText } from './text.js';

/** The values that a parameter runs through. */
type ParameterValues = readonly (number | string)[] | { from: number; to: number; step?: number };

/** A template as it is in a file, its schema checked. */
export interface Template extends Probe {
  /** The version of this algorithm: 1. */
  readonly template: 1;
  readonly parameters: Readonly<Record<string, ParameterValues>>;
  /** Only combinations of values for which this is true. */
  readonly where?: string;
  /** As many combinations, drawn at random; all, in order, when left out. */
  readonly samples?: number;
  /** Decides which samples are drawn; 1 when left out. */
  readonly seed?: number;
}

/** Combinations of values that are looked at for one template. */
export const COMBINATION_LIMIT = 100_000;

/** Combinations that a template may have: what one random number can choose from. */
const SPACE_LIMIT = 2 ** 32;

/** What the templates of one file may still use. */
export interface ExpansionBudget {
  steps: { left: number };
  probes: number;
  characters: number;
}

/** The budget of a file: steps of expressions, and as many probes and characters as a file could hold by itself. */
export const expansionBudget = (probes: number, characters: number): ExpansionBudget => ({
  steps: { left: STEP_LIMIT },
  probes,
  characters,
});

/** Says whether an entry of a probe file is a template. */
export function isTemplate(entry: Probe | Template): entry is Template {
  return typeof (entry as Partial<Template>).template === 'number';
}

/**
 * Expands a template. Prompts that it gives twice are taken once. `fail` makes the error out of what is wrong, said as a
 * place below the template and a fact: an expression that cannot be read or evaluated, too few combinations, a limit.
 */
export function expandTemplate(
  template: Template,
  budget: ExpansionBudget,
  fail: (place: string, fact: string) => Error,
): Probe[] {
  const ranges = Object.entries(template.parameters).map(([name, values]) => ({ name, values: listValues(values) }));
  const vocabulary = {
    names: new Set(ranges.map(({ name }) => name)),
    functions: new Map([...functions].map(([name, { operands }]) => [name, operands])),
  };
  const faultAt =
    (member: string, values?: ReadonlyMap<string, Value>): Fault =>
    (column, fact) =>
      fail(`/${member}, column ${column}:`, `${fact}${values ? withValues(values) : ''}`);
  const textOf = (member: string, text: string) => ({
    member,
    parts: parseTemplateText(text, vocabulary, faultAt(member)),
  });
  const optional = (member: 'wrong' | 'category') => {
    const text = template[member];
    return text === undefined ? undefined : textOf(member, text);
  };
  const texts = {
    prompt: textOf('prompt', template.prompt),
    correct: textOf('correct', template.correct),
    wrong: optional('wrong'),
    category: optional('category'),
    alternates: template.alternates?.map((text, index) => textOf(`alternates/${index}`, text)),
  };
  const where =
    template.where === undefined ? undefined : parseExpression(template.where, 1, vocabulary, faultAt('where'));

  const found = new Map<string, Probe>();
  const wanted = template.samples ?? Infinity;
  for (const values of combinations(ranges, template, fail)) {
    if (found.size >= wanted) break;
    const scope = (member: string): Scope => ({ values, budget: budget.steps, fault: faultAt(member, values) });
    if (where) {
      const holds = evaluateExpression(where, scope('where'));
      if (typeof holds !== 'boolean') throw fail('/where', `is neither true nor false${withValues(values)}`);
      if (!holds) continue;
    }
    const fill = ({ member, parts }: { member: string; parts: TemplateText }): string => {
      const text = fillTemplateText(parts, scope(member));
      budget.characters -= text.length;
      if (budget.characters < 0) throw fail('', 'the probes of all templates are too long together');
      return text;
    };
    const prompt = fill(texts.prompt);
    if (found.has(prompt)) continue;
    if (--budget.probes < 0) throw fail('', 'there are too many probes in all');
    found.set(prompt, {
      prompt,
      correct: fill(texts.correct),
      ...(texts.wrong && { wrong: fill(texts.wrong) }),
      ...(template.name !== undefined && { name: `${template.name} ${found.size + 1}` }),
      ...(texts.category && { category: fill(texts.category) }),
      ...(texts.alternates && { alternates: texts.alternates.map(fill) }),
    });
  }
  if (found.size === 0) throw fail('', 'gives no probe: no combination of values is allowed');
  if (template.samples !== undefined && found.size < template.samples) {
    throw fail('/samples', `is ${template.samples}, but there are only ${found.size} different prompts`);
  }
  return [...found.values()];
}

interface Range {
  readonly name: string;
  readonly values: readonly (number | string)[];
}

function listValues(values: ParameterValues): readonly (number | string)[] {
  if (!('from' in values)) return values;
  const { from, to, step = 1 } = values;
  const count = Math.min(SPACE_LIMIT, Math.max(0, Math.floor((to - from) / step) + 1));
  // A long range is listed only as far as the limit that `combinations` reports.
  return Array.from({ length: Math.min(count, COMBINATION_LIMIT + 1) }, (_, index) => from + index * step);
}

/** Goes through combinations of values: in order, the last parameter fastest, or as the seed shuffles or draws them. */
function* combinations(
  ranges: readonly Range[],
  { samples, seed = 1 }: Template,
  fail: (place: string, fact: string) => Error,
): Generator<ReadonlyMap<string, Value>> {
  for (const { name, values } of ranges) {
    if (values.length === 0) throw fail(`/parameters/${name}`, 'has no value: "from" is greater than "to"');
    if (values.length > COMBINATION_LIMIT) {
      throw fail(`/parameters/${name}`, `has more than ${COMBINATION_LIMIT} values`);
    }
  }
  const size = ranges.reduce((product, { values }) => product * values.length, 1);
  if (size > SPACE_LIMIT) throw fail('/parameters', `have ${size} combinations (limit ${SPACE_LIMIT})`);
  if (samples === undefined) {
    if (size > COMBINATION_LIMIT) {
      throw fail('/parameters', `have ${size} combinations (limit ${COMBINATION_LIMIT} without "samples")`);
    }
    for (let index = 0; index < size; index++) yield combinationAt(ranges, index);
    return;
  }
  const random = seededRandom(seed);
  if (size <= COMBINATION_LIMIT) {
    const order = shuffle(
      Array.from({ length: size }, (_, index) => index),
      random,
    );
    for (const index of order) yield combinationAt(ranges, index);
    return;
  }
  const seen = new Set<number>();
  for (let draw = 0; draw < COMBINATION_LIMIT; draw++) {
    const index = random.nextInt(size);
    if (seen.has(index)) continue;
    seen.add(index);
    yield combinationAt(ranges, index);
  }
}

function combinationAt(ranges: readonly Range[], index: number): ReadonlyMap<string, Value> {
  let rest = index;
  const entries = [...ranges].reverse().map(({ name, values }): [string, Value] => {
    const value = values[rest % values.length];
    rest = Math.floor(rest / values.length);
    return [name, value];
  });
  return new Map(entries.reverse());
}

function withValues(values: ReadonlyMap<string, Value>): string {
  return ` (with ${[...values].map(([name, value]) => `${name} = ${value}`).join(', ')})`;
}
