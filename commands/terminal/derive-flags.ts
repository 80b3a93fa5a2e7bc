/** Owns the flags of commands that make patches out of others. */
import { Flags } from '@oclif/core';
import { signingFlags } from './passphrase.js';
import type { DeriveRequest } from '../../src/workflows/derive.js';

/** `-m MSG`, and who signs. */
export const messageFlag = {
  message: Flags.string({ char: 'm', helpValue: 'MSG', summary: 'Say why; by default, what was done.' }),
  ...signingFlags,
};

/** `-b NAME`, `-m MSG`, and who signs. */
export const deriveFlags = {
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
  { branch, message }: { branch?: string; message?: string },
): DeriveRequest {
  return { patches, ...(branch !== undefined && { branch }), ...(message !== undefined && { message }) };
}
