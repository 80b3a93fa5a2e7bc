import { Args, Flags } from '@oclif/core';
import { renderInstall } from '../src/render/install.js';
import { BankaiCommand } from './base.js';
import { reachableRegistries } from './terminal/registry-places.js';
import { signingFlags } from './terminal/passphrase.js';
import { registryFlag } from './terminal/registry-flags.js';

export default class Add extends BankaiCommand {
  static override summary = 'Add a patch from a registry, with its evidence, to the state of HEAD.';
  static override description =
    'Takes the highest version in the range that is for your base model. It is verified before anything changes, kept for ' +
    'use without the network, and pinned by digest in bankai.lock.json. Without a range the newest version is taken, and "update" ' +
    'stays with what is compatible with it: ^1.4.0 after 1.4.0. Another version of the same patch gives way.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mathlab/calc',
    '<%= config.bin %> <%= command.id %> mathlab/calc@^1 -b calc',
  ];
  static override strict = false;
  static override args = {
    patch: Args.string({
      required: true,
      description: 'NAMESPACE/NAME or NAMESPACE/NAME@RANGE; several are one commit.',
    }),
  };
  static override flags = {
    branch: Flags.string({ char: 'b', helpValue: 'NAME', summary: 'Start this new branch at the base.' }),
    registry: registryFlag,
    ...signingFlags,
  };

  async run() {
    const { argv, flags } = await this.parse(Add);
    const { add } = await import('../src/workflows/install.js');
    const request = {
      wanted: argv as string[],
      ...(flags.branch !== undefined && { branch: flags.branch }),
      ...(flags.registry !== undefined && { registry: flags.registry }),
    };
    const places = await reachableRegistries(process.env, this.directory, this.signal);
    return this.answer(await add(this.directory, request, places, this.recorder(flags)), renderInstall);
  }
}
