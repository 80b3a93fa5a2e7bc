/** Owns the flags by which a command is asked about probes: a file of them, or one typed on the command line. */
import { Flags } from '@oclif/core';
import { UsageError } from '../../src/errors.js';
import type { ProbeFile } from '../../src/workflows/commit.js';
import { readProbeFile } from './files.js';

/** `--probes FILE`, or `--prompt TEXT --correct TEXT`. */
export const probeFlags = {
  probes: Flags.string({ helpValue: 'FILE|NAME', exclusive: ['prompt'], summary: 'The probes.' }),
  prompt: Flags.string({ helpValue: 'TEXT', dependsOn: ['correct'], summary: 'One probe: what is asked.' }),
  correct: Flags.string({
    helpValue: 'TEXT',
    dependsOn: ['prompt'],
    summary: 'One probe: the right answer, with the space before it.',
  }),
};

/** The probes that the flags name. Throws USAGE when they name none, FILE_NOT_FOUND, IO. */
export async function readAskedProbes(
  { probes, prompt, correct }: { probes?: string; prompt?: string; correct?: string },
  resolvePath: (path: string) => string,
): Promise<ProbeFile> {
  if (probes !== undefined) return readProbeFile(probes, resolvePath);
  if (prompt === undefined || correct === undefined) {
    throw new UsageError('USAGE', 'Cannot tell which probes are meant', {
      hint: 'Give --probes FILE, or --prompt and --correct.',
    });
  }
  return { name: 'the command line', bytes: Buffer.from(JSON.stringify([{ prompt, correct }])) };
}
