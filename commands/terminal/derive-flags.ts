/** Owns the flags of commands that make patches out of others. */
import { Flags } from '@oclif/core';
import { signingFlags } from './passphrase.js';
import { stackFlags, stackText } from './stack-flags.js';
import type { DeriveRequest } from '../../src/workflows/derive.js';

/** `-m MSG`, and who signs. */
export const messageFlag = {
  message: Flags.string({ char: 'm', helpValue: 'MSG', summary: 'Say why; by default, what was done.' }),
  ...signingFlags,
};

/** `--without STACK`, `-b NAME`, `-m MSG`, and who signs. */
export const deriveFlags = {
  ...stackFlags,
  branch: Flags.string({
    char: 'b',
    helpValue: 'NAME',
    summary: 'Start this new branch at the base with what is made.',
  }),
  ...messageFlag,
};

/** What the flags and the argument ask for. */
export function deriveRequest(
  patches: string,
  { branch, message, without }: { branch?: string; message?: string; without?: string[] },
): DeriveRequest {
  return {
    patches: stackText(patches, { without }),
    ...(branch !== undefined && { branch }),
    ...(message !== undefined && { message }),
  };
}
