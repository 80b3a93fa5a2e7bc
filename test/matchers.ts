/** Matchers of our own, installed before every test file. */
import { expect } from '@jest/globals';
import { BankaiError, type ErrorCode } from '../src/errors.js';

/** Asserts that a value is a BankaiError with the given code and, as every error must have, a message. */
function toBeErrorWithCode(received: unknown, code: ErrorCode) {
  const pass = received instanceof BankaiError && received.code === code && received.message.length > 0;
  const seen = received instanceof BankaiError ? `${received.code}: ${received.message}` : String(received);
  return { pass, message: () => `expected a BankaiError with code ${code}, got ${seen}` };
}

/** Asserts that a function throws, or a promise rejects with, a BankaiError with the given code. */
async function toFailWithCode(received: (() => unknown) | Promise<unknown>, code: ErrorCode) {
  try {
    await (typeof received === 'function' ? received() : received);
  } catch (error) {
    return toBeErrorWithCode(error, code);
  }
  return { pass: false, message: () => `expected a BankaiError with code ${code}, but nothing was thrown` };
}

expect.extend({ toBeErrorWithCode, toFailWithCode });

declare module 'expect' {
  interface Matchers<R> {
    toBeErrorWithCode(code: ErrorCode): R;
    /** Always await this one. */
    toFailWithCode(code: ErrorCode): Promise<R>;
  }
}
