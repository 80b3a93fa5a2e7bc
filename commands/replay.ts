import { Args, Flags } from '@oclif/core';
import { renderReplay } from '../src/render/replay.js';
import { BankaiCommand } from './base.js';
import { filesOfName, readProbeFile, readTextFile } from './terminal/files.js';
import { defaultThreads, keyDirectoryOf } from './terminal/person.js';
import { searchUpdate } from './terminal/search-progress.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

const file = (summary: string) =>
  Flags.string({ multiple: true, helpGroup: 'FILES', helpValue: 'FILE|NAME', summary: `${summary} Repeatable.` });

export default class Replay extends BankaiCommand {
  static override summary = 'Make a patch again as its statements say, and compare with what was signed.';
  static override description =
    'Everything is taken from the signed statements: files by their digests, strategy, settings, seed and budget. A patch made by ' +
    'split, squash or minimize is made again out of the patches that it was made of. The files ' +
    'lie beside the patch as a rule; else they are looked for among those given, in the working directory by their ' +
    'name, and among the sets that ship with Bankai. Nothing is changed. Exits with 1 unless patch and figures are exactly the same; every ' +
    'field that differs is told.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7 --evaluation-only',
    '<%= config.bin %> <%= command.id %> calc --probes old/calculus.json --heldout exam.json',
  ];
  static override args = {
    patch: Args.string({ required: true, description: 'The first digits of its id, or a stack of one patch.' }),
  };
  static override flags = {
    ...stackFlags,
    'evaluation-only': Flags.boolean({ summary: 'Measure again, and do not search.' }),
    probes: file('Probes of the search.'),
    controls: file('Controls.'),
    heldout: file('Problems that it was measured on.'),
    text: file('Text that it was measured on.'),
    threads: Flags.integer({ min: 1, summary: 'Threads; the result does not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Replay);
    const resolvePath = (path: string): string => this.path(path);
    const probes = [...(flags.probes ?? []), ...(flags.controls ?? []), ...(flags.heldout ?? [])];
    const files = [
      ...(await Promise.all(probes.map((name) => readProbeFile(name, resolvePath)))),
      ...(await Promise.all((flags.text ?? []).map((name) => readTextFile(name, resolvePath)))),
    ];
    const { replay } = await import('../src/workflows/replay.js');
    const searching = this.progress('Searching');
    const measuring = this.progress('Measuring');
    const report = await replay(
      this.directory,
      {
        patch: stackText(args.patch, flags),
        files,
        find: (name) => filesOfName(name, resolvePath),
        evaluationOnly: flags['evaluation-only'],
        threads: flags.threads ?? defaultThreads(),
        signal: this.signal,
        onProgress: (progress, limit) => searching(searchUpdate(progress, limit)),
        onMeasure: (done, total) => measuring({ done, total }),
      },
      { version: this.config.version, time: new Date(), keyDirectory: keyDirectoryOf(process.env) },
    );
    if (!report.reproduced) this.sayNo();
    return this.answer(report, renderReplay);
  }
}
