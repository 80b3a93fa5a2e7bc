/** Owns `bankai probes audit`: what is wrong with a probe set, before it makes results wrong. */
import { openEngine } from '../engine/open.js';
import { createTokenizer } from '../engine/tokenizer.js';
import { auditProbes as audit, type AuditFinding } from '../search/audit.js';
import { parseProbes } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { openWorkspace, withModel } from './workspace.js';

export interface AuditRequest {
  readonly probes: ProbeFile;
  readonly heldOut?: ProbeFile;
  /** Path of a model to ask; the working model of the repository around `directory` when left out. */
  readonly model?: string;
  /** Ask the model too, not its tokenizer alone. */
  readonly askModel: boolean;
  readonly threads: number;
}

/** Lists what is wrong with a probe set. Throws PROBES_INVALID, NOT_A_REPOSITORY without a model, and the codes of `openEngine`. */
export async function auditProbes(directory: string, request: AuditRequest) {
  const { probes, name } = parseProbes(request.probes.bytes, request.probes.name);
  const heldOut = request.heldOut && parseProbes(request.heldOut.bytes, request.heldOut.name).probes;
  const report = (findings: readonly AuditFinding[]) => ({ probes: { name, count: probes.length }, findings });
  const subject = { probes, ...(heldOut && { heldOut }) };
  const path = request.model ?? (await openWorkspace(directory)).model;
  return withModel(path, async ({ source, gguf }) => {
    if (!request.askModel) return report(audit({ ...subject, tokenizer: createTokenizer(gguf.metadata) }));
    const engine = await openEngine(source, { threads: request.threads });
    try {
      return report(audit({ ...subject, engine }));
    } finally {
      await engine.dispose();
    }
  });
}
