import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Flags } from '@oclif/core';
import { InternalError, SearchError } from '../src/errors.js';
import { formatDuration } from '../src/render/duration.js';
import { BankaiCommand } from './base.js';

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const shippedModel = fileURLToPath(new URL('../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));

const search = (branch: string, message: string, probes: string): string[] => [
  ...['commit', '-b', branch, '-m', message, '--probes', probes, '--controls', 'knowledge', '--iterations', '200'],
  ...['--heldout', `${probes}-heldout`, '--text', 'text'],
];

/** The main job, as somebody would type it. */
const steps: readonly { readonly about: string; readonly commands: readonly (readonly string[])[] }[] = [
  { about: 'A repository for a base model, with a working model in it', commands: [['init', '--model', 'base.gguf']] },
  {
    about:
      'Search a patch for calculus, then one for arithmetic: each from the base, on a branch of its own. What it does to ' +
      'problems that the search has not seen is measured, and signed',
    commands: [search('calc', 'calculus', 'calculus'), search('math', 'arithmetic', 'arithmetic'), ['branch']],
  },
  {
    about: 'Compose them: the working model becomes base ⊕ calc ⊕ math',
    commands: [['checkout', 'calc+math'], ['status']],
  },
  { about: 'Where do they collide?', commands: [['diff', 'calc', 'math']] },
  {
    about: 'What is known of a patch, and what does the stack of both do?',
    commands: [
      ['show', 'calc'],
      ['eval', 'calc+math', '--probes', 'calculus-heldout', '--probes', 'arithmetic-heldout', '--text', 'text'],
      ['try', 'd/dx [6x^5 + 2x^4] ='],
    ],
  },
  {
    about: 'Export for llama.cpp, and check every claim',
    commands: [['export', 'calc+math', '-o', 'calc-math.gguf'], ['verify', 'calc-math.gguf'], ['verify']],
  },
  { about: 'And back to the base, bit for bit', commands: [['checkout', 'base']] },
];

export default class Demo extends BankaiCommand {
  static override enableJsonFlag = false;
  static override summary = 'Run the main job on the 1-bit model that ships with Bankai.';
  static override description =
    'In a temporary directory: searches two patches for real, composes, compares, evaluates and exports them. It takes ' +
    'about a minute.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --keep'];
  static override flags = { keep: Flags.boolean({ summary: 'Leave the directory there, to look around in it.' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const start = performance.now();
    const { style } = this.view;
    const directory = await mkdtemp(join(tmpdir(), 'bankai-demo-'));
    try {
      await cp(shippedModel, join(directory, 'base.gguf'));
      for (const { about, commands } of steps) {
        this.print(['', style.strong(`# ${about}`)]);
        for (const command of commands) {
          this.print([style.faint(`$ bankai ${command.map(quote).join(' ')}`)]);
          await this.type(command, directory);
        }
      }
      await this.assertRestored(directory);
      this.print(['The working model equals the base again, byte for byte.', '']);
      this.print([
        `Done in ${formatDuration(performance.now() - start)}.${flags.keep ? ` Look around: ${directory}` : ''}`,
      ]);
    } finally {
      if (!flags.keep) await rm(directory, { recursive: true, force: true });
    }
  }

  /** Runs the program as a person would, in a process of its own, with a signing key that lives in the directory. */
  private async type(command: readonly string[], directory: string): Promise<void> {
    const env = { ...process.env, XDG_CONFIG_HOME: join(directory, '.config') };
    const child = spawn(process.execPath, [program, ...command], { cwd: directory, env, stdio: 'inherit' });
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code === 0) return;
    throw new SearchError('INTERRUPTED', `The demo ended at "bankai ${command.join(' ')}", which exited with ${code}`, {
      hint: 'Run "bankai demo --keep" and look at the directory it names.',
    });
  }

  private async assertRestored(directory: string): Promise<void> {
    const [base, working] = [await readFile(shippedModel), await readFile(join(directory, 'working.gguf'))];
    if (base.equals(working)) return;
    throw new InternalError('INTERNAL', 'The working model differs from the base after "bankai checkout base"', {
      hint: 'Please report this.',
    });
  }
}

const quote = (word: string): string => (/^[\w./+-]+$/.test(word) ? word : `"${word}"`);
