/** Owns what the commands of registries have in common: flags, and how their arguments are read. */
import { stat } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import type { RegistryAuthor } from '../../src/workflows/registry-keys.js';
import { keyChoice, signingFlags, type SigningFlags } from './passphrase.js';
import { keyDirectoryOf } from './person.js';
import { readInput } from './files.js';

const { key, 'passphrase-file': passphraseFile } = signingFlags;

/** The flags of those who sign in a registry. */
export const authorFlags = {
  key,
  'passphrase-file': passphraseFile,
  days: Flags.integer({
    min: 1,
    max: 3650,
    helpGroup: 'SIGNING',
    helpValue: 'N',
    summary: 'Days for which the new signatures are good. [default: 365; snapshot and timestamp 30]',
  }),
};

/** The directory of the registry to write to. */
export const directoryFlag = Flags.string({
  required: true,
  helpValue: 'DIR',
  summary: 'The directory of the registry.',
});

/** The registry to fetch from. */
export const registryFlag = Flags.string({
  helpValue: 'NAME',
  summary: 'The registry, where several are trusted: see "bankai registry list".',
});

/** Who signs from this terminal, now. */
export function registryAuthor(
  flags: Pick<SigningFlags, 'key' | 'passphrase-file'> & { readonly days?: number | undefined },
  path: (path: string) => string,
): RegistryAuthor {
  return {
    keyDirectory: keyDirectoryOf(process.env),
    key: keyChoice(flags, path, process.env),
    time: new Date(),
    ...(flags.days !== undefined && { days: flags.days }),
  };
}

/** Reads keys from the command line: names of one's own, lines of OpenSSH, or files that hold a public key. */
export function keyTexts(args: readonly string[], path: (path: string) => string): Promise<string[]> {
  return Promise.all(
    args.map(async (text) => {
      const isFile = (await stat(path(text)).catch(() => undefined))?.isFile() === true;
      return isFile
        ? Buffer.from(await readInput(path(text), 'Give the file of a public key.')).toString('utf8')
        : text;
    }),
  );
}
