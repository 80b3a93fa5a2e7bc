import { Args, Flags } from '@oclif/core';
import { renderPublish } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, directoryFlag, registryAuthor } from '../terminal/registry-flags.js';
import { stackFlags, stackText } from '../terminal/stack-flags.js';

export default class RegistryPublish extends BankaiCommand {
  static override summary = 'Publish a patch, with all that is known of it, as a version.';
  static override description =
    'Its statements, probe files and texts go with it. A version never changes afterwards. Where the keys of the registry ' +
    'are not here, it waits until the keeper runs "bankai registry refresh".';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc mathlab/calc@1.0.0 --registry site',
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7 mathlab/calc@1.0.1 --registry site',
  ];
  static override args = {
    patch: Args.string({ required: true, description: 'The first digits of a patch id, or a stack of one patch.' }),
    as: Args.string({ required: true, description: 'NAMESPACE/NAME@VERSION' }),
  };
  static override flags = {
    ...stackFlags,
    registry: directoryFlag,
    description: Flags.string({
      helpValue: 'TEXT',
      summary: 'What it is for. [default: the message of the commit that added it]',
    }),
    ...authorFlags,
  };

  async run() {
    const { args, flags } = await this.parse(RegistryPublish);
    const { publish } = await import('../../src/workflows/publish.js');
    const request = {
      ...args,
      patch: stackText(args.patch, flags),
      registry: this.path(flags.registry),
      ...(flags.description !== undefined && { description: flags.description }),
    };
    const author = registryAuthor(flags, (text) => this.path(text));
    return this.answer(await publish(this.directory, request, author), renderPublish);
  }
}
