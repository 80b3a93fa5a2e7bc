import { Args, Flags } from '@oclif/core';
import { renderDerive } from '../src/render/derive.js';
import { BankaiCommand } from './base.js';
import { deriveFlags, deriveRequest } from './terminal/derive-flags.js';
import { readProbeFile } from './terminal/files.js';
import { defaultThreads } from './terminal/person.js';

export default class Split extends BankaiCommand {
  static override summary = 'Make several patches of one: by layer, or by what its flips do.';
  static override description =
    'With probes, every flip is taken back, alone, and goes to the category of probes whose right answers it makes likelier ' +
    'by most; flips that help none go to a part of their own. The parts take the place of the patch at HEAD, or start a ' +
    'branch with -b; together they are the same mask. Exits with 1 where there is only one part.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7',
    '<%= config.bin %> <%= command.id %> calc --probes calculus -b parts',
  ];
  static override args = {
    patch: Args.string({ required: true, description: 'The first digits of a patch id, or a stack of one patch.' }),
  };
  static override flags = {
    ...deriveFlags,
    probes: Flags.string({ helpValue: 'FILE|NAME', summary: 'Split by the categories of these probes.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the result does not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Split);
    const probes =
      flags.probes === undefined ? undefined : await readProbeFile(flags.probes, (path) => this.path(path));
    const { split } = await import('../src/workflows/split.js');
    const update = this.progress('Taking flips back');
    const report = await split(
      this.directory,
      {
        ...deriveRequest(args.patch, flags),
        ...(probes && { probes }),
        threads: flags.threads ?? defaultThreads(),
        signal: this.signal,
        onProgress: (done, total) => update({ done, total }),
      },
      this.recorder(flags),
    );
    return this.answer(report, renderDerive);
  }
}
