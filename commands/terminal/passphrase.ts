/** Owns where passphrases come from: a file, the environment, or a person who types without being watched. */
import { readFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { UsageError } from '../../src/errors.js';
import type { KeyChoice } from '../../src/trust/keys.js';
import type { Environment } from './view.js';

/** As much of stdin as a prompt takes. */
export interface PromptInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface Prompt {
  readonly input: PromptInput;
  readonly output: { write(text: string): unknown };
}

/** The flags of every command that signs and commits. */
export const signingFlags = {
  key: Flags.string({
    helpGroup: 'SIGNING',
    helpValue: 'NAME',
    summary: 'The key that signs, instead of the default.',
  }),
  'passphrase-file': Flags.string({
    helpGroup: 'SIGNING',
    helpValue: 'FILE',
    summary: 'Read the passphrase of the key from the first line of FILE.',
  }),
  sign: Flags.boolean({
    helpGroup: 'SIGNING',
    allowNo: true,
    summary: 'Sign the commit too, as "git verify-commit" reads it. [default: git\'s bankai.signCommits]',
  }),
};

/** What a person chose by those flags. */
export interface SigningFlags {
  readonly sign?: boolean | undefined;
  readonly key?: string | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

/** Says which key signs and who is asked for its passphrase. `path` makes a path of the command line absolute. */
export function keyChoice(
  flags: Pick<SigningFlags, 'key' | 'passphrase-file'>,
  path: (path: string) => string,
  environment: Environment,
  prompt: Prompt = { input: process.stdin, output: process.stderr },
): KeyChoice {
  const file = flags['passphrase-file'];
  return {
    ...(flags.key !== undefined && { name: flags.key }),
    askPassphrase: async (name) => {
      if (file !== undefined) return firstLine(await readFile(path(file), 'utf8'));
      if (environment.BANKAI_PASSPHRASE !== undefined) return environment.BANKAI_PASSPHRASE;
      return prompt.input.isTTY === true ? askSecret(`Passphrase of key "${name}": `, prompt) : undefined;
    },
  };
}

/** Gets the passphrase of a new key: as above, but typed twice. Throws USAGE when it is empty, or typed differently. */
export async function newPassphrase(
  choice: KeyChoice,
  name: string,
  prompt: Prompt = { input: process.stdin, output: process.stderr },
): Promise<string> {
  const passphrase = await choice.askPassphrase?.(name);
  if (passphrase === undefined || passphrase === '') {
    throw new UsageError('USAGE', 'A passphrase was asked for, and none was given', {
      hint: 'Run the command in a terminal, or give --passphrase-file FILE.',
    });
  }
  if (prompt.input.isTTY === true && (await choice.askPassphrase?.(name)) !== passphrase) {
    throw new UsageError('USAGE', 'The two passphrases differ', { hint: 'Run the command again.' });
  }
  return passphrase;
}

/** Asks a question whose answer is not shown. Ctrl-C is Ctrl-C. */
export function askSecret(question: string, { input, output }: Prompt): Promise<string> {
  output.write(question);
  input.setRawMode?.(true);
  input.resume();
  return new Promise((resolve, reject) => {
    let bytes: number[] = [];
    const end = (finish: () => void): void => {
      input.off('data', listen);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      finish();
    };
    const listen = (chunk: Buffer): void => {
      for (const byte of chunk) {
        if (byte === ETX) {
          return end(() => reject(Object.assign(new Error('Interrupted'), { name: 'AbortError' })));
        }
        if (byte === LF || byte === CR || byte === EOT) return end(() => resolve(Buffer.from(bytes).toString('utf8')));
        if (byte === BACKSPACE || byte === DELETE) bytes = withoutLast(bytes);
        else if (byte === NAK) bytes = [];
        else bytes.push(byte);
      }
    };
    input.on('data', listen);
  });
}

/** What a terminal in raw mode sends for Ctrl-C, Ctrl-D, Ctrl-U, Enter and the two keys that take back. */
const [ETX, EOT, NAK, LF, CR, BACKSPACE, DELETE] = [3, 4, 21, 10, 13, 8, 127];

/** Takes back one character: in UTF-8, its last byte and all that only continue it. */
function withoutLast(bytes: readonly number[]): number[] {
  let end = bytes.length - 1;
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.slice(0, Math.max(0, end));
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0];
