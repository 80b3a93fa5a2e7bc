/** Owns the flags of commands that undo a commit or do it again. */
import { Flags } from '@oclif/core';
import type { PickRequest } from '../../src/workflows/pick.js';
import { signingFlags } from './passphrase.js';

/** `-m PARENT`, `--message`, and who signs. */
export const pickFlags = {
  mainline: Flags.integer({
    char: 'm',
    min: 1,
    helpValue: 'PARENT',
    summary: 'Of a merge: take its change against this parent, counted from 1.',
  }),
  message: Flags.string({ helpValue: 'MSG', summary: "Message of the new commit; by default git's." }),
  ...signingFlags,
};

/** What the flags and the argument ask for. */
export function pickRequest(commit: string, flags: { mainline?: number; message?: string }): PickRequest {
  return {
    commit,
    ...(flags.mainline !== undefined && { mainline: flags.mainline }),
    ...(flags.message !== undefined && { message: flags.message }),
  };
}
