/** The help of every command: kept as it is by snapshots, fitting a terminal, and true. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Config, Flags, Parser } from '@oclif/core';
import { failureOf } from '../../commands/terminal/failure.js';
import { root } from '../paths.js';
import { createCli } from './cli.js';
import { outputOf } from './repository.js';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly examples?: readonly string[] }>>;
}

const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;
const ids = Object.keys(commands).sort();
const verbOf = (id: string): string => id.replaceAll(':', ' ');

describe('help', () => {
  const cli = createCli();
  const helps = new Map<string, string>();

  beforeAll(async () => {
    await Promise.all(
      ['', ...ids].map(async (id) => {
        const verb = id === '' ? [] : id.split(':');
        helps.set(id, outputOf(await cli.run([...verb, '--help'])));
      }),
    );
  });

  test('of the program', () => {
    const help = helps.get('') ?? '';
    expect(help.replace(/bankai\/\S+ \S+ node-\S+/, 'bankai/VERSION')).toMatchSnapshot();
    for (const id of ids) expect(help).toContain(`  ${id.split(':')[0]} `);
  });

  test.each(ids)('of %s', (id) => {
    const help = helps.get(id) ?? '';
    expect(help).toMatchSnapshot();
    expect(help).toContain(`$ bankai ${verbOf(id)}`);
    expect(help.split('\n').filter((line) => line.length > 80 || line.endsWith(' '))).toEqual([]);
  });
});

describe('a flag that is not there is refused with exit code 129, and the way to the help, by', () => {
  const config = Config.load(root);

  test.each(ids)('%s', async (id) => {
    const { default: command } = (await import(`../../commands/${id.replaceAll(':', '/')}.js`)) as {
      default: Command.Class;
    };
    command.id = id;
    const error: unknown = await command.run(['--nosuch'], await config).catch((thrown: unknown) => thrown);
    expect(failureOf(error, false)).toMatchObject({
      exitCode: 129,
      report: { error: { code: 'USAGE', hint: `Use "bankai ${verbOf(id)} --help" to see its flags and arguments.` } },
    });
  });
});

/** Splits an example as a shell would, as far as examples go: words, double quotes, and what goes to a file. */
function words(line: string): string[] {
  return [...line.replace(/ >>? \S+$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
}

describe('examples', () => {
  const examples = ids.flatMap((id) =>
    (commands[id].examples ?? []).map((template): [string, string] => [
      template.replaceAll('<%= config.bin %>', 'bankai').replaceAll('<%= command.id %>', verbOf(id)),
      id,
    ]),
  );

  test('every command has some', () => {
    expect(ids.filter((id) => (commands[id].examples ?? []).length === 0)).toEqual([]);
  });

  test.each(examples)('%s', async (example, id) => {
    const [program, ...args] = words(example);
    expect([program, ...args.slice(0, id.split(':').length)].join(' ')).toBe(`bankai ${verbOf(id)}`);
    const path = `../../commands/${id.replaceAll(':', '/')}.js`;
    const { default: command } = (await import(path)) as { default: typeof Command };
    const flags = { ...command.baseFlags, ...command.flags, ...(command.enableJsonFlag && { json: Flags.boolean() }) };
    const input = { args: command.args, flags, strict: command.strict };
    await expect(Parser.parse(args.slice(id.split(':').length), input)).resolves.toBeDefined();
  });
});
