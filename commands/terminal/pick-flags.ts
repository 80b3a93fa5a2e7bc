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

/** Flags of `git revert` and `git cherry-pick` that are not here, and what to do instead. */
export const pickNotOffered = (verb: string): Record<string, string> => {
  const editor = 'Use --message "TEXT": no editor is opened.';
  const commit = 'Leave it out, and take the commit back with "bankai undo" if you do not like it.';
  return {
    '--abort': `It is done or not done at all: "bankai undo" takes it back. Of one that git began, use "git ${verb} --abort".`,
    '--continue': `It is done or not done at all. Finish one that git began with "git ${verb} --continue", then "bankai checkout HEAD".`,
    '--no-edit': 'Leave it out: no editor is opened.',
    '--edit': editor,
    '-e': editor,
    '--no-commit': commit,
    '-n': commit,
  };
};
