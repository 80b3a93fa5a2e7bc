/**
 * Stands in for `ssh-keygen -Y`, for machines without it: the three questions that git asks about a signature (git's
 * gpg-interface.c), answered by our own verifier. That this agrees with the real one, `test/trust/ssh-signature.test.ts` shows.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseOpenSshKey } from '../../src/trust/openssh-key.js';
import { verifySsh } from '../../src/trust/ssh-signature.js';

const { values } = parseArgs({
  strict: false,
  options: {
    question: { type: 'string', short: 'Y' },
    namespace: { type: 'string', short: 'n' },
    allowed: { type: 'string', short: 'f' },
    principal: { type: 'string', short: 'I' },
    signature: { type: 'string', short: 's' },
    option: { type: 'string', short: 'O', multiple: true },
  },
});
const text = (name: 'allowed' | 'signature'): string => readFileSync(String(values[name]), 'utf8');

// The tests allow one signer.
const [principal, ...key] = values.allowed === undefined ? [] : text('allowed').trim().split(' ');
if (values.question === 'find-principals') {
  console.log(principal);
} else {
  const signer = verifySsh(text('signature'), readFileSync(0), String(values.namespace));
  if (values.question !== 'verify' || parseOpenSshKey(key.join(' ')).id !== signer.id) process.exit(255);
  const print = createHash('sha256').update(signer.bytes).digest('base64');
  console.log(`Good "${values.namespace}" signature for ${values.principal} with ED25519 key SHA256:${print}`);
}
