#!/usr/bin/env node
// Writes docs/CLI.md from the manifest; with --check it only says, by its exit code, whether the file (or another) is current.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const [flag, path] = process.argv.slice(2);
const document = path === undefined ? new URL('../docs/CLI.md', import.meta.url) : pathToFileURL(path);
const { commands } = JSON.parse(await readFile(new URL('../oclif.manifest.json', import.meta.url), 'utf8'));

const schemas = (await readdir(new URL('../schema/', import.meta.url))).map((file) => file.replace('.schema.json', ''));

const text = [
  '# Commands\n',
  '<!-- Written by bin/cli-document.js from the code of the commands: change them, then run "npm run document". -->\n',
  'Every command says the same with `--help`. A _stack_ is a branch, tag or commit, several of them joined by `+`, or `base`.\n',
  'A patch is called by the first digits of its id. It has no name of its own, because the same change is the same patch whoever',
  'made it: what people call it is the subject of the commit that added it, and the branches and tags that lead there. To rename',
  'it, rename the branch (`bankai branch -m OLD NEW`); to give it another name beside that one, tag the commit (`bankai tag NAME COMMIT`).\n',
  'There is no stash, and none is missed: whatever the working model holds is committed, so going elsewhere loses nothing, and',
  '`bankai checkout -` comes back.\n',
  'Exit codes are those of git:\n',
  '| exit code | meaning |',
  '| --- | --- |',
  '| 0 | It is done. |',
  '| 1 | The answer is no: see the table below. |',
  '| 128 | It cannot be done, and nothing was changed: any error that is not one of the others. |',
  '| 129 | It cannot be understood: a flag, an argument, a name or a stack. |',
  '| 130 | It was interrupted (Ctrl-C). |\n',
  '| command | exits with 1 |',
  '| --- | --- |',
  ...Object.keys(commands).sort().flatMap(negative),
  '',
  ...Object.keys(commands).sort().map(section),
].join('\n');

if (flag !== '--check') await writeFile(document, text);
else if ((await readFile(document, 'utf8')) !== text) {
  console.error('docs/CLI.md is not what the commands say: run "npm run document" and commit it.');
  process.exitCode = 1;
}

/** When a command says no, in its own words. */
function negative(id) {
  const [, when] = /Exits with 1 ([^.]*)\./.exec(commands[id].description ?? '') ?? [];
  const verb = id.replaceAll(':', ' ');
  return when === undefined ? [] : [`| [${verb}](#${verb.replaceAll(' ', '-')}) | ${when} |`];
}

/** One command. */
function section(id) {
  const { summary, description, args, flags, examples, enableJsonFlag } = commands[id];
  const verb = id.replaceAll(':', ' ');
  const schema = schemas.find((name) => name === id.replaceAll(':', '-')) ?? id.split(':').at(-1);
  const own = Object.values(flags).filter(({ helpGroup, hidden }) => helpGroup !== 'GLOBAL' && !hidden);
  const usage = Object.values(args).map(({ name, required }) =>
    required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  );
  const rows = [
    ...Object.values(args).map((arg) => [`\`${arg.name.toUpperCase()}\``, arg.description, arg]),
    ...own.map((flag) => [`\`${flagText(flag)}\``, flag.summary ?? flag.description, flag]),
  ];
  return [
    `## ${verb}\n`,
    `${summary}\n`,
    '```',
    ['bankai', verb, ...usage, ...(own.length > 0 ? ['[FLAGS]'] : [])].join(' '),
    '```\n',
    ...(description ? [`${description}\n`] : []),
    ...(rows.length > 0 ? ['| argument or flag | meaning |', '| --- | --- |', ...rows.map(row), ''] : []),
    ...(enableJsonFlag ? [`\`--json\`: [${schema}.schema.json](../schema/${schema}.schema.json)\n`] : []),
    '```',
    ...(examples ?? []).map((example) =>
      example.replaceAll('<%= config.bin %>', 'bankai').replaceAll('<%= command.id %>', verb),
    ),
    '```\n',
  ].join('\n');
}

function row([name, about, { required, default: preset, options }]) {
  const notes = [
    ...(required ? ['required'] : []),
    ...(preset === undefined || typeof preset === 'boolean' ? [] : [`default: ${preset}`]),
    ...(options ? [`one of ${options.join(', ')}`] : []),
  ];
  const note = notes.length > 0 ? ` (${notes.join('; ')})` : '';
  return `| ${[name, `${about ?? ''}${note}`].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function flagText({ char, name, type, helpValue }) {
  const value = type === 'boolean' ? '' : ` ${helpValue ?? 'N'}`;
  return `${char ? `-${char}, ` : ''}--${name}${value}`;
}
