import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { layersSvg, renderLayers } from '../src/render/layers.js';
import { BankaiCommand } from './base.js';
import { readProbeFile } from './terminal/files.js';
import { defaultThreads } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Layers extends BankaiCommand {
  static override summary = 'Show which layers carry a behaviour: the impact of inverting the MLP of each.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --probes calculus',
    '<%= config.bin %> <%= command.id %> calc --probes calculus --svg layers.svg',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'The stack to look at.' }) };
  static override flags = {
    ...stackFlags,
    probes: Flags.string({ required: true, helpValue: 'FILE|NAME', summary: 'Probes that show the behaviour.' }),
    svg: Flags.string({ helpValue: 'FILE', summary: 'Write the picture to this file too.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the numbers do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Layers);
    const probes = await readProbeFile(flags.probes, (path) => this.path(path));
    const { layers } = await import('../src/workflows/layers.js');
    const update = this.progress('Inverting layers');
    const report = await layers(this.directory, {
      stack: stackText(args.stack, flags),
      probes,
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done, total) => update({ done, total }),
    });
    if (flags.svg !== undefined) await writeFile(this.path(flags.svg), layersSvg(report));
    return this.answer(report, renderLayers);
  }
}
