import { Args, Flags } from '@oclif/core';
import { renderAudit } from '../../src/render/audit.js';
import { BankaiCommand } from '../base.js';
import { readProbeFile } from '../terminal/files.js';
import { defaultThreads } from '../terminal/person.js';

export default class ProbesAudit extends BankaiCommand {
  static override summary = 'Find what makes results with a probe set unsound, before you search.';
  static override description =
    'Looks for answers that tokenise alike, distractors that the model would never give, categories that repeat one ' +
    'contrast, duplicates, and held-out probes that the search has seen. Exits with 1 when there are errors.';
  static override examples = [
    '<%= config.bin %> probes audit calculus --heldout calculus-heldout',
    '<%= config.bin %> probes audit mine.json --model Bonsai-8B.gguf',
  ];
  static override args = {
    probes: Args.string({ required: true, description: 'A probe file, or the name of a shipped set.' }),
  };
  static override flags = {
    heldout: Flags.string({ helpValue: 'FILE|NAME', summary: 'Held-out probes, which must have nothing in common.' }),
    model: Flags.string({ helpValue: 'FILE', summary: 'The model to ask, instead of the working model.' }),
    'tokens-only': Flags.boolean({ summary: "Use the model's tokenizer but do not run the model." }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the findings do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(ProbesAudit);
    const resolvePath = (path: string): string => this.path(path);
    const probes = await readProbeFile(args.probes, resolvePath);
    const heldOut = flags.heldout === undefined ? undefined : await readProbeFile(flags.heldout, resolvePath);
    const { auditProbes } = await import('../../src/workflows/audit-probes.js');
    const report = await auditProbes(this.directory, {
      probes,
      ...(heldOut && { heldOut }),
      ...(flags.model !== undefined && { model: this.path(flags.model) }),
      askModel: !flags['tokens-only'],
      threads: flags.threads ?? defaultThreads(),
    });
    if (report.findings.some(({ severity }) => severity === 'error')) this.sayNo();
    return this.answer(report, renderAudit);
  }
}
